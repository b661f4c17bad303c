//! `query`: a question to the documents of the workspace.

use edgequake_types::query::{Query as Question, QueryEvent, Source, StreamQuery};

use super::or_empty;
use crate::args::Query;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Table;

pub(super) async fn run(cx: &mut Context, query: Query, input: Input) -> Result<(), Failure> {
    let text = input.question.unwrap_or(query.text);
    let mut question = Question::new(text).include_subgraph(false);
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
    let mut table = Table::new(&["SOURCE", "SCORE", "DOCUMENT", "PLACE", "TEXT"]).optional(&["DOCUMENT"]);
    for source in sources {
        table.row(vec![
            source.source_type.to_string(),
            source.score.map(|score| format!("{score:.3}")).unwrap_or_default(),
            or_empty(source.document_id.as_ref()),
            place(source),
            source.snippet.clone().unwrap_or_else(|| source.id.clone()),
        ]);
    }
    cx.out.text("\n")?;
    table.write(&mut cx.out)
}

/// The file and what of it, as compilers write it; as much as the server says.
fn place(source: &Source) -> String {
    let range = |first: Option<u64>, last: Option<u64>| match (first, last) {
        (Some(first), Some(last)) if last > first => format!("{first}-{last}"),
        (Some(first), _) => first.to_string(),
        (None, _) => String::new(),
    };
    let lines = range(source.start_line, source.end_line);
    let pages = range(source.page_start, source.page_end);
    let file = source.file_path.clone().unwrap_or_default();
    match (lines.as_str(), pages.as_str()) {
        ("", "") => file,
        ("", pages) => format!("{file}, page {pages}").trim_start_matches(", ").to_owned(),
        (lines, _) => format!("{file}:{lines}"),
    }
}

#[cfg(test)]
mod tests {
    use edgequake_types::query::SourceType;

    use super::*;

    #[test]
    fn a_place_is_as_much_as_is_known() {
        let of =
            |file: Option<&str>, lines: (Option<u64>, Option<u64>), pages: (Option<u64>, Option<u64>)| {
                let mut source = Source::new(SourceType::Chunk, "c-1", 1.0);
                source.file_path = file.map(str::to_owned);
                (source.start_line, source.end_line) = lines;
                (source.page_start, source.page_end) = pages;
                place(&source)
            };
        let none = (None, None);
        let places = [
            of(Some("a.md"), (Some(3), Some(7)), none),
            of(Some("a.md"), (Some(3), Some(3)), none),
            of(Some("a.pdf"), none, (Some(2), Some(4))),
            of(None, none, (Some(2), None)),
            of(Some("a.md"), none, none),
            of(None, none, none),
        ];
        assert_eq!(places, ["a.md:3-7", "a.md:3", "a.pdf, page 2-4", "page 2", "a.md", ""]);
    }
}
