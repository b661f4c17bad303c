//! `documents`: the documents of the workspace.

use edgequake_types::documents::{Document, DocumentStatus, DocumentSummary, ListDocuments};

use super::{Listing, list, or_empty, upload};
use crate::args::documents::{Command, List};
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Upload(options) => upload::run(cx, options).await,
        Command::List(options) => list_documents(cx, options).await,
        Command::Get(get) => {
            let document = cx.client.documents().get(get.document_id).await?;
            if get.content && !cx.out.is_json() {
                return cx.out.text(document.content.as_deref().unwrap_or_default());
            }
            show(cx, &document)
        }
        Command::Delete(delete) => {
            let deleted = cx.client.documents().delete(delete.document_id.clone()).await?;
            if cx.out.is_json() {
                return cx.out.json(&deleted);
            }
            let what = if deleted.deleted { "is deleted" } else { "will be deleted" };
            cx.notes.say(format!("document {} {what}", delete.document_id));
            Ok(())
        }
        Command::Wait(wait) => {
            let document =
                upload::wait_until_processed(cx, cx.client.documents().wait_for(wait.document_id)).await?;
            show(cx, &document)?;
            upload::check_processed(&document)
        }
    }
}

async fn list_documents(cx: &mut Context, options: List) -> Result<(), Failure> {
    let mut request = ListDocuments::new();
    if options.paging.all {
        request.page_size = Some(100);
    }
    request.status = options.status.map(|word| DocumentStatus::from(word.as_str()));
    let wanted = request.status.clone();
    // Older servers ignore the filter.
    let shown = |document: &DocumentSummary| {
        let shown = wanted.as_ref().is_none_or(|wanted| document.status.as_ref() == Some(wanted));
        shown.then(|| row(document))
    };
    let header = &["ID", "STATUS", "CHUNKS", "CREATED", "TITLE"];
    let shown = list(cx, request, Listing { header, row: &shown, all: options.paging.all }).await?;
    if shown == 0 && (cx.tenant().is_none() || cx.workspace().is_none()) {
        cx.notes.hint(
            "some servers list nothing unless a tenant and a workspace are named: \
             --tenant default --workspace default",
        );
    }
    Ok(())
}

fn row(document: &DocumentSummary) -> Vec<String> {
    vec![
        document.id.to_string(),
        or_empty(document.status.as_ref()),
        document.chunk_count.to_string(),
        or_empty(document.created_at.as_ref()),
        document.title.clone().or_else(|| document.file_name.clone()).unwrap_or_default(),
    ]
}

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
