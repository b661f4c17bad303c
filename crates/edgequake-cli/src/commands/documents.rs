//! `documents`: the documents of the workspace.

mod together;
mod delete;
mod list;
mod recovery;
mod upload;
mod wait;

use edgequake_types::documents::Document;

use super::each::about;
use super::or_empty;
use crate::args::documents::{Command, Get, Impact};
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Upload(options) => upload::run(cx, *options).await,
        Command::List(options) => list::list(cx, *options).await,
        Command::Search(options) => list::search(cx, options).await,
        Command::Get(get) => show_one(cx, get).await,
        Command::Wait(options) => wait::run(cx, options).await,
        Command::Reprocess(options) => recovery::reprocess(cx, options).await,
        Command::RecoverStuck(options) => recovery::recover_stuck(cx, options).await,
        Command::Cancel(options) => recovery::cancel(cx, options).await,
        Command::Impact(options) => impact(cx, options).await,
        Command::Delete(options) => delete::some(cx, options).await,
        Command::DeleteAll(_) => delete::all(cx).await,
    }
}

async fn show_one(cx: &mut Context, get: Get) -> Result<(), Failure> {
    let document = cx.client.documents().get(&get.document_id).await.map_err(about(get.document_id))?;
    if get.content && !cx.out.is_json() {
        return cx.out.text(document.content.as_deref().unwrap_or_default());
    }
    show(cx, &document)
}

async fn impact(cx: &mut Context, options: Impact) -> Result<(), Failure> {
    let impact = cx.client.documents().deletion_impact(&options.document_id).await;
    let impact = impact.map_err(about(options.document_id))?;
    if cx.out.is_json() {
        return cx.out.json(&impact);
    }
    cx.out.fields(&[
        ("document", impact.document_id.to_string()),
        ("chunks to delete", impact.chunks_to_delete.to_string()),
        ("entities to remove", impact.entities_to_remove.to_string()),
        ("entities to update", impact.entities_to_update.to_string()),
        ("relationships to remove", impact.relationships_to_remove.to_string()),
        ("relationships to update", impact.relationships_to_update.to_string()),
    ])
}

/// All that is known of a document but its text.
fn show(cx: &mut Context, document: &Document) -> Result<(), Failure> {
    if cx.out.is_json() {
        return cx.out.json(document);
    }
    cx.out.fields(&[
        ("document", document.id.to_string()),
        ("title", or_empty(document.title.as_ref())),
        ("file", or_empty(document.file_name.as_ref())),
        ("status", or_empty(document.status.as_ref())),
        ("failure", or_empty(document.error_message.as_ref())),
        ("warning", or_empty(document.warning_message.as_ref())),
        ("chunks", document.chunk_count.to_string()),
        ("entities", or_empty(document.entity_count.as_ref())),
        ("relationships", or_empty(document.relationship_count.as_ref())),
        ("bytes", or_empty(document.content_length.or(document.file_size).as_ref())),
        ("created", or_empty(document.created_at.as_ref())),
    ])
}
