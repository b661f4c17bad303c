//! `documents reprocess`, `documents recover-stuck` and `documents cancel`.

use edgequake_client::Client;
use edgequake_types::DocumentId;
use edgequake_types::documents::{
    Document, RecoverStuckDocuments, RecoveredDocuments, ReprocessDocuments, ReprocessedDocuments,
};
use serde_json::Value;

use crate::args::documents::{Cancel, RecoverStuck, Reprocess};
use crate::commands::each::{each, once};
use crate::commands::{counted, or_empty};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Table;

const HEADER: &[&str] = &["ID", "TASK"];

pub(super) async fn reprocess(cx: &mut Context, options: Reprocess) -> Result<(), Failure> {
    let mode = options.mode.map(Into::into);
    if options.failed {
        let mut request = ReprocessDocuments::new();
        (request.max_documents, request.mode) = (options.limit, mode);
        return reprocess_failed(cx, request).await;
    }
    let mut request = ReprocessDocuments::new();
    (request.force, request.mode) = (options.force.then_some(true), mode);
    let force = options.force;
    let call = |client: Client, id: DocumentId| {
        let request = request.clone().document_id(id.clone());
        async move {
            let answer = client.documents().reprocess(request).await?;
            if answer.requeued == 0 { Err(refusal(&client, &id, &answer, force).await) } else { Ok(answer) }
        }
    };
    let mut table = Table::new(HEADER);
    let show = |cx: &mut Context, id: &DocumentId, answer: ReprocessedDocuments| {
        if cx.out.is_json() {
            return cx.out.json_line(&answer);
        }
        rows(&answer, Some(id)).into_iter().for_each(|row| table.row(row));
        table.write(&mut cx.out)
    };
    each(cx, "document_id", options.document_ids, call, show).await
}

/// Why a document is not processed again. Servers answer in the same way where there is none, so it is asked for.
async fn refusal(client: &Client, id: &DocumentId, answer: &ReprocessedDocuments, force: bool) -> Failure {
    let status = match client.documents().get(id).await {
        Ok(document) => document.status.map(|status| status.to_string()),
        Err(error) if error.is_not_found() => return error.into(),
        Err(_) => None,
    };
    let reasons = answer.skip_reasons.iter().flatten().map(|(reason, _)| reason.clone());
    let mut why: Vec<String> = status.into_iter().chain(reasons).collect();
    // Many servers give the status as the reason.
    why.dedup();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
    let advice = if force { "" } else { "; --force takes documents that have not failed" };
    Failure::other(format!("document {id} is not processed again{why}{advice}"))
}

async fn reprocess_failed(cx: &mut Context, request: ReprocessDocuments) -> Result<(), Failure> {
    let answer = cx.client.documents().reprocess(request).await?;
    if cx.out.is_json() {
        return cx.out.json(&answer);
    }
    let mut table = Table::new(HEADER);
    rows(&answer, None).into_iter().for_each(|row| table.row(row));
    table.write(&mut cx.out)?;
    cx.out.flush()?;
    let found = answer.failed_found.max(answer.requeued);
    cx.notes.say(match found {
        0 => "no document has failed".to_owned(),
        _ => format!("processing {} of {} again that failed", answer.requeued, counted(found, "document")),
    });
    if answer.requeued < found {
        cx.notes.hint("--limit takes more, or run this again later");
    }
    Ok(())
}

/// A row for each document that is processed again, with its task where the server names it.
fn rows(answer: &ReprocessedDocuments, asked: Option<&DocumentId>) -> Vec<Vec<String>> {
    let ids = if answer.document_ids.is_empty() {
        asked.into_iter().collect()
    } else {
        answer.document_ids.iter().collect::<Vec<_>>()
    };
    let row = |id: &DocumentId| {
        let task = answer.document_task_ids.iter().find(|task| task.document_id == *id);
        let task = task.map(|task| &task.task_id).or(answer.task_id.as_ref());
        vec![id.to_string(), or_empty(task)]
    };
    ids.into_iter().map(row).collect()
}

pub(super) async fn recover_stuck(cx: &mut Context, options: RecoverStuck) -> Result<(), Failure> {
    let mut request = RecoverStuckDocuments::new();
    request.stuck_threshold_minutes = options.minutes;
    request.max_documents = options.limit;
    let ids = once(options.document_ids);
    request.document_ids = (!ids.is_empty()).then(|| ids.clone());
    let answer = cx.client.documents().recover_stuck(request).await?;
    if cx.out.is_json() {
        cx.out.json(&answer)?;
    } else {
        show_recovered(cx, &answer, ids.is_empty())?;
    }
    cx.out.flush()?;
    // Some servers may not name what they take.
    let unnamed = answer.requeued > 0 && answer.document_ids.is_empty();
    let left = ids.into_iter().filter(|id| !unnamed && !answer.document_ids.contains(id)).collect();
    left_as_they_are(cx, left).await
}

/// Tells of those that were named and not taken what they are, or that there are none.
async fn left_as_they_are(cx: &mut Context, ids: Vec<DocumentId>) -> Result<(), Failure> {
    let call = |client: Client, id: DocumentId| async move {
        client.documents().get(id).await.map_err(Failure::from)
    };
    let show = |cx: &mut Context, id: &DocumentId, document: Document| {
        cx.notes.say(format!("document {id} is left as it is ({})", or_empty(document.status.as_ref())));
        Ok(())
    };
    each(cx, "document_id", ids, call, show).await
}

fn show_recovered(cx: &mut Context, answer: &RecoveredDocuments, all: bool) -> Result<(), Failure> {
    let mut table = Table::new(&["ID", "TITLE"]);
    for (at, id) in answer.document_ids.iter().enumerate() {
        table.row(vec![id.to_string(), or_empty(answer.document_titles.get(at))]);
    }
    table.write(&mut cx.out)?;
    cx.out.flush()?;
    let found = answer.stuck_found.max(answer.requeued);
    match found {
        0 if all => cx.notes.say("no document is stuck"),
        0 => {}
        _ => cx.notes.say(format!(
            "processing {} of {} again that were stuck",
            answer.requeued,
            counted(found, "document")
        )),
    }
    Ok(())
}

pub(super) async fn cancel(cx: &mut Context, options: Cancel) -> Result<(), Failure> {
    let call = |client: Client, id: DocumentId| async move {
        client.documents().cancel(id).await.map_err(Failure::from)
    };
    let show = |cx: &mut Context, id: &DocumentId, answer: Value| {
        if cx.out.is_json() {
            return cx.out.json_line(&answer);
        }
        cx.notes.say(format!("document {id} is cancelled"));
        Ok(())
    };
    each(cx, "document_id", options.document_ids, call, show).await
}
