//! Uploading files, and waiting until the server has processed them.

use std::path::Path;

use edgequake_client::resources::{Progress, Wait};
use edgequake_types::documents::{Document, DocumentStatus, UploadedFile};

use super::or_empty;
use crate::args::documents::Upload;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Table;

/// Uploads one file after the other. A failure does not stop the others; the exit code is that of the first failure.
pub(super) async fn run(cx: &mut Context, options: Upload) -> Result<(), Failure> {
    if options.title.is_some() && options.paths.len() > 1 {
        return Err(Failure::usage("--title is for a single file: upload the others separately"));
    }
    let mut table = Table::new(&["ID", "STATUS", "TASK", "FILE"]);
    let mut first_failure = None;
    if cx.out.is_json() {
        cx.out.open_list()?;
    }
    for path in &options.paths {
        if let Err(failure) = upload_one(cx, path, &options, &mut table).await {
            if matches!(failure, Failure::PipeClosed) {
                return Err(failure);
            }
            cx.notes.clear_progress();
            cx.notes.failure(&failure, &cx.credential.to_string());
            first_failure.get_or_insert(failure.exit());
        }
    }
    if cx.out.is_json() {
        cx.out.close_list()?;
    }
    first_failure.map_or(Ok(()), |exit| Err(Failure::Reported(exit)))
}

async fn upload_one(
    cx: &mut Context,
    path: &Path,
    options: &Upload,
    table: &mut Table,
) -> Result<(), Failure> {
    let name = path.display().to_string();
    cx.notes.progress(format!("uploading {name}"));
    let documents = cx.client.documents();
    let upload = documents.upload_file(path);
    let upload = match &options.title {
        Some(title) => upload.title(title),
        None => upload,
    };
    let uploaded: UploadedFile = upload.await?;
    let mut status = uploaded.status.clone();
    let mut processed = None;
    // A duplicate is not processed again.
    if options.wait && uploaded.duplicate_of.is_none() {
        let document = wait_until_processed(cx, documents.wait_for(&uploaded)).await?;
        status = document.status.clone();
        processed = Some(document);
    }
    cx.notes.clear_progress();
    if cx.out.is_json() {
        match &processed {
            Some(document) => cx.out.element(document)?,
            None => cx.out.element(&uploaded)?,
        }
    } else {
        let id = uploaded.document_id.as_ref().or(uploaded.duplicate_of.as_ref());
        let id = id.or(processed.as_ref().map(|document| &document.id));
        table.row(vec![or_empty(id), or_empty(status.as_ref()), or_empty(uploaded.task_id.as_ref()), name]);
        table.write(&mut cx.out)?;
    }
    // The next upload may take its time.
    cx.out.flush()?;
    processed.map_or(Ok(()), |document| check_processed(&document))
}

/// Waits until the document has been processed, successfully or not.
pub(super) async fn wait_until_processed(cx: &Context, wait: Wait) -> Result<Document, Failure> {
    let notes = cx.notes;
    let mut wait = wait.on_progress(move |progress| notes.progress(describe(progress)));
    if let Some(limit) = cx.timeout {
        wait = wait.timeout(limit);
    }
    let document = wait.outcome().await;
    notes.clear_progress();
    Ok(document?)
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

/// Fails if processing has failed, in part or as a whole.
pub(super) fn check_processed(document: &Document) -> Result<(), Failure> {
    if document.status.as_ref().is_some_and(DocumentStatus::is_success) {
        return Ok(());
    }
    let status = or_empty(document.status.as_ref());
    let why = document.error_message.as_ref().or(document.warning_message.as_ref());
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let text = format!("document {} was not fully processed ({status}){why}", document.id);
    Err(Failure::Other { text, source: None, exit: Exit::Failed })
}
