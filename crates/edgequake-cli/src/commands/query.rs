//! `query`: a question to the documents of the workspace.

use edgequake_types::query::{Query as Question, QueryEvent, QueryMode, Source, StreamQuery};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Table;

/// Ask a question.
///
/// On a terminal the answer is shown as it is written, elsewhere when it is complete.
#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// The question
    #[arg(value_name = "TEXT")]
    text: String,
    /// How the graph is searched: naive, local, global, hybrid, mix or bypass; by default the server's choice
    #[arg(long, value_parser = mode)]
    mode: Option<QueryMode>,
    /// Show the answer as it is written; with --json, the events as they come
    #[arg(long, overrides_with = "no_stream")]
    stream: bool,
    /// Show the answer when it is complete
    #[arg(long)]
    no_stream: bool,
    /// Show what the answer is based on
    #[arg(long)]
    sources: bool,
}

/// Servers silently take their default for a word that they do not know.
fn mode(word: &str) -> Result<QueryMode, String> {
    match QueryMode::from(word) {
        QueryMode::Other(_) => Err("it must be naive, local, global, hybrid, mix or bypass".to_owned()),
        mode => Ok(mode),
    }
}

impl Query {
    pub(crate) async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let mut question = Question::new(self.text).include_subgraph(false);
        question.mode = self.mode;
        let looked_at = cx.out.is_terminal() && !cx.out.is_json();
        if self.stream || (looked_at && !self.no_stream) {
            return stream(cx, question, self.sources).await;
        }
        let answer = cx.client.query().execute(question).await?;
        if cx.out.is_json() {
            return cx.out.json(&answer);
        }
        cx.out.text(&answer.answer)?;
        cx.out.text("\n")?;
        if self.sources { show_sources(cx, &answer.sources) } else { Ok(()) }
    }
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
    let mut based_on = Vec::new();
    let mut written = String::new();
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                // What goes wrong is told on a line of its own, below the part of the answer that came.
                if !written.is_empty() {
                    cx.out.text("\n")?;
                    cx.out.flush()?;
                }
                return Err(error.into());
            }
        };
        match event {
            QueryEvent::Context { sources, .. } => based_on = sources,
            QueryEvent::Token { content } => {
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
    if with_sources { show_sources(cx, &based_on) } else { Ok(()) }
}

fn show_sources(cx: &mut Context, sources: &[Source]) -> Result<(), Failure> {
    let mut table = Table::new(&["SOURCE", "SCORE", "DOCUMENT", "TEXT"]);
    for source in sources {
        table.row(vec![
            source.source_type.to_string(),
            source.score.map(|score| format!("{score:.3}")).unwrap_or_default(),
            super::text(source.document_id.as_ref()),
            source.snippet.clone().unwrap_or_else(|| source.id.clone()),
        ]);
    }
    cx.out.text("\n")?;
    table.write(&mut cx.out)
}
