//! `documents delete` and `documents delete-all`.

use edgequake_types::DocumentId;
use edgequake_types::documents::DeletedDocument;
use serde_json::Value;

use crate::args::documents::Delete;
use crate::commands::each::each;
use crate::commands::{counted, or_empty};
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Deletes one after the other, so that each failure names its document.
pub(super) async fn some(cx: &mut Context, options: Delete) -> Result<(), Failure> {
    let call = async |client: edgequake_client::Client, id: DocumentId| {
        client.documents().delete(id).await.map_err(Failure::from)
    };
    each(cx, "document_id", options.document_ids, call, told).await
}

fn told(cx: &mut Context, id: &DocumentId, deleted: DeletedDocument) -> Result<(), Failure> {
    if cx.out.is_json() {
        cx.out.json_line(&deleted)?;
    } else {
        cx.notes.say(match (deleted.deleted, &deleted.track_id) {
            (true, _) => format!("document {id} is deleted"),
            (false, Some(task)) => format!("document {id} will be deleted, by task {task}"),
            (false, None) => format!("document {id} will be deleted"),
        });
    }
    if deleted.partial_failure {
        let why = deleted.partial_failure_reason.map(|why| format!(": {why}")).unwrap_or_default();
        return Err(Failure::other(format!("something of document {id} was left behind{why}")));
    }
    Ok(())
}

/// Deletes all documents of the workspace, which was confirmed before.
pub(super) async fn all(cx: &mut Context) -> Result<(), Failure> {
    let deleted = cx.client.documents().delete_all().await?;
    if cx.out.is_json() {
        cx.out.json(&deleted)?;
        cx.out.flush()?;
    } else if deleted.accepted {
        let planned = deleted.planned_delete_count.unwrap_or(deleted.deleted_count);
        let task = or_empty(deleted.wipe_track_id.as_ref());
        match planned {
            // Another order is being carried out.
            0 => cx.notes.say("there is nothing to delete, or all documents are being deleted already"),
            _ => cx.notes.say(format!("{} will be deleted", counted(planned, "document"))),
        }
        if !task.is_empty() {
            cx.notes.hint(format!("`edgequake-cli tasks wait {task}` waits until that is done"));
        }
    } else {
        cx.notes.say(format!(
            "deleted {}, with {}, {} entities and {}",
            counted(deleted.deleted_count, "document"),
            counted(deleted.total_chunks_deleted, "chunk"),
            deleted.total_entities_removed,
            counted(deleted.total_relationships_removed, "relationship"),
        ));
    }
    if deleted.skipped_count == 0 && deleted.skipped_documents.is_empty() {
        return Ok(());
    }
    for skipped in &deleted.skipped_documents {
        cx.notes.warn(format!("document {} was skipped", name_of(skipped)));
    }
    let skipped = deleted.skipped_count.max(deleted.skipped_documents.len() as u64);
    let text =
        format!("skipped {}, being processed: delete later what is left", counted(skipped, "document"));
    Err(Failure::Other { text, source: None, exit: Exit::Failed })
}

/// The id of a document that was skipped, in whatever form the server tells it.
fn name_of(skipped: &Value) -> String {
    let id = ["document_id", "id"].iter().find_map(|name| skipped.get(name)?.as_str());
    id.or(skipped.as_str()).map_or_else(|| skipped.to_string(), str::to_owned)
}
