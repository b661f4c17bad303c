//! `documents wait`: several documents at once, each shown as it ends.

use edgequake_client::resources::{Progress, Uploaded};
use edgequake_types::DocumentId;
use edgequake_types::documents::{Document, DocumentStatus};

use super::show;
use super::together::Together;
use crate::args::documents::Wait;
use crate::commands::each::{about, failed, once};
use crate::commands::or_empty;
use crate::context::Context;
use crate::failure::{Exits, Failure};
use crate::output::Table;

pub(super) async fn run(cx: &mut Context, options: Wait) -> Result<(), Failure> {
    let ids = once(options.document_ids);
    match ids.as_slice() {
        [id] if !cx.out.is_json() => one(cx, id.clone()).await,
        _ => several(cx, ids).await,
    }
}

/// One document, of which the progress and the end are shown in detail.
async fn one(cx: &mut Context, id: DocumentId) -> Result<(), Failure> {
    let notes = cx.notes;
    let wait = cx.client.documents().wait_for(id.clone());
    let mut wait = wait.on_progress(move |progress| notes.progress(describe(progress)));
    if let Some(limit) = cx.timeout {
        wait = wait.timeout(limit);
    }
    let document = wait.outcome().await;
    notes.clear_progress();
    let document = document.map_err(about(id))?;
    show(cx, &document)?;
    check(&document)
}

async fn several(cx: &mut Context, ids: Vec<DocumentId>) -> Result<(), Failure> {
    let count = ids.len();
    let mut together = Together::new(cx, ids.into_iter().map(|id| (id.to_string(), Uploaded::from(id))));
    let mut exits = Exits::default();
    let mut table = Table::new(&["ID", "STATUS", "CHUNKS", "TITLE"]);
    loop {
        cx.notes.progress(format!("{} of {count} documents have ended", count - together.left()));
        let Some(ended) = together.next().await else { break };
        cx.notes.clear_progress();
        match ended.result {
            Ok(document) if cx.out.is_json() => cx.out.json_line(&document)?,
            Ok(document) => {
                table.row(vec![
                    document.id.to_string(),
                    or_empty(document.status.as_ref()),
                    document.chunk_count.to_string(),
                    document.title.or(document.file_name).unwrap_or_default(),
                ]);
                table.write(&mut cx.out)?;
                cx.out.flush()?;
            }
            Err(failure) => exits.add(failed(cx, "document_id", &ended.name, failure)?),
        }
    }
    cx.notes.clear_progress();
    exits.result()
}

/// Fails if processing has failed, in part or as a whole.
fn check(document: &Document) -> Result<(), Failure> {
    if document.status.as_ref().is_some_and(DocumentStatus::is_success) {
        return Ok(());
    }
    let status = or_empty(document.status.as_ref());
    let why = document.error_message.as_ref().or(document.warning_message.as_ref());
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    Err(Failure::other(format!("document {} was not fully processed ({status}){why}", document.id)))
}

fn describe(progress: &Progress) -> String {
    let mut words = or_empty(progress.status.as_ref());
    if let Some(stage) = &progress.stage {
        words = format!("{words}: {stage}");
    }
    if let Some(counts) = progress.counts.as_ref().filter(|counts| counts.total > 0) {
        let unit = counts.unit.as_deref().unwrap_or_default();
        words = format!("{words} {} of {} {unit}", counts.current, counts.total).trim_end().to_owned();
    }
    if let Some(done) = progress.fraction {
        words = format!("{words}, {:.0} %", done * 100.0);
    }
    words
}
