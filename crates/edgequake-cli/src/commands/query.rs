//! `query`: a question to the documents of the workspace.

use edgequake_types::query::{Query as Question, QueryEvent, Source, StreamQuery};

use super::or_empty;
use crate::args::Query;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Table;

pub(super) async fn run(cx: &mut Context, query: Query) -> Result<(), Failure> {
    let mut question = Question::new(query.text).include_subgraph(false);
    question.mode = query.mode;
    let interactive = cx.out.is_terminal() && !cx.out.is_json();
    if query.stream || (interactive && !query.no_stream) {
        return stream(cx, question, query.sources).await;
    }
    let answer = cx.client.query().execute(question).await?;
    if cx.out.is_json() {
        return cx.out.json(&answer);
    }
    cx.out.text(&answer.answer)?;
    cx.out.text("\n")?;
    if query.sources { show_sources(cx, &answer.sources) } else { Ok(()) }
}

async fn stream(cx: &mut Context, question: Question, with_sources: bool) -> Result<(), Failure> {
    let mut events = cx.client.query().stream(StreamQuery::from(question)).await?;
    if cx.out.is_json() {
        cx.out.open_list()?;
        while let Some(event) = events.next().await {
            cx.out.element(&event?)?;
            cx.out.flush()?;
        }
        return cx.out.close_list();
    }
    let mut sources = Vec::new();
    let mut written = String::new();
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                // The error begins on a line of its own, below the part of the answer that arrived.
                if !written.is_empty() {
                    cx.out.text("\n")?;
                    cx.out.flush()?;
                }
                return Err(error.into());
            }
        };
        match event {
            QueryEvent::Context { sources: found, .. } => sources = found,
            QueryEvent::Token { content, .. } => {
                cx.out.text(&content)?;
                cx.out.flush()?;
                written.push_str(&content);
            }
            QueryEvent::Done { answer: Some(checked), .. } if checked.trim() != written.trim() => {
                cx.out.text("\n")?;
                cx.out.flush()?;
                cx.notes.say("the server has corrected the answer above:");
                cx.out.text(&checked)?;
            }
            _ => {}
        }
    }
    cx.out.text("\n")?;
    if with_sources { show_sources(cx, &sources) } else { Ok(()) }
}

fn show_sources(cx: &mut Context, sources: &[Source]) -> Result<(), Failure> {
    let mut table = Table::new(&["SOURCE", "SCORE", "DOCUMENT", "TEXT"]);
    for source in sources {
        table.row(vec![
            source.source_type.to_string(),
            source.score.map(|score| format!("{score:.3}")).unwrap_or_default(),
            or_empty(source.document_id.as_ref()),
            source.snippet.clone().unwrap_or_else(|| source.id.clone()),
        ]);
    }
    cx.out.text("\n")?;
    table.write(&mut cx.out)
}
