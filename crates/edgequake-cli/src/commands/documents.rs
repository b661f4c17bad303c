//! `documents`: what the workspace knows.

use std::path::PathBuf;

use clap::Subcommand;
use edgequake_types::DocumentId;
use edgequake_types::documents::{Document, DocumentStatus, DocumentSummary, ListDocuments};

use super::{Listing, Paging, list, text, time, upload};
use crate::context::Context;
use crate::failure::Failure;

/// What is done to documents.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Upload files
    Upload(Upload),
    /// List the documents of the workspace, the newest first
    List(List),
    /// Show a document
    Get(Get),
    /// Delete a document
    Delete(One),
    /// Wait until a document has been processed
    Wait(One),
}

/// Upload files, one after the other, and print what became of each.
#[derive(Debug, clap::Args)]
pub(crate) struct Upload {
    /// The files
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// A title, for a single file; by default the server makes one of its name
    #[arg(long)]
    pub(super) title: Option<String>,
    /// Wait until they have been processed, each at most as long as --timeout, or 10 minutes
    #[arg(long)]
    pub(super) wait: bool,
}

/// List the documents of the workspace, the newest first.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those in this state: pending, processing, completed, partial_failure, failed, cancelled, ...
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

/// Show a document.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// The document
    #[arg(value_name = "ID")]
    document_id: DocumentId,
    /// Print its text and nothing else
    #[arg(long)]
    content: bool,
}

/// A document.
#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The document
    #[arg(value_name = "ID")]
    document_id: DocumentId,
}

impl Command {
    pub(crate) async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        match self {
            Self::Upload(options) => upload::run(cx, options).await,
            Self::List(options) => options.run(cx).await,
            Self::Get(get) => {
                let document = cx.client.documents().get(get.document_id).await?;
                if get.content && !cx.out.is_json() {
                    return cx.out.text(document.content.as_deref().unwrap_or_default());
                }
                show(cx, &document)
            }
            Self::Delete(one) => {
                let deleted = cx.client.documents().delete(one.document_id.clone()).await?;
                if cx.out.is_json() {
                    return cx.out.json(&deleted);
                }
                let what = if deleted.deleted { "is deleted" } else { "will be deleted" };
                cx.notes.say(format!("document {} {what}", one.document_id));
                Ok(())
            }
            Self::Wait(one) => {
                let document = upload::processed(cx, cx.client.documents().wait_for(one.document_id)).await?;
                show(cx, &document)?;
                upload::succeeded(&document)
            }
        }
    }
}

impl List {
    async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let mut request = ListDocuments::new();
        if self.paging.all {
            request.page_size = Some(100);
        }
        request.status = self.status.map(|word| DocumentStatus::from(word.as_str()));
        let wanted = request.status.clone();
        // Older servers ignore the filter.
        let shown = |document: &DocumentSummary| {
            let shown = wanted.as_ref().is_none_or(|wanted| document.status.as_ref() == Some(wanted));
            shown.then(|| row(document))
        };
        let head = &["ID", "STATUS", "CHUNKS", "CREATED", "TITLE"];
        let shown = list(cx, request, Listing { head, row: &shown, all: self.paging.all }).await?;
        if shown == 0 && (cx.tenant().is_none() || cx.workspace().is_none()) {
            cx.notes.hint(
                "some servers list nothing unless a tenant and a workspace are named: \
                 --tenant default --workspace default",
            );
        }
        Ok(())
    }
}

fn row(document: &DocumentSummary) -> Vec<String> {
    vec![
        document.id.to_string(),
        text(document.status.as_ref()),
        document.chunk_count.to_string(),
        time(document.created_at.as_ref()),
        document.title.clone().or_else(|| document.file_name.clone()).unwrap_or_default(),
    ]
}

fn show(cx: &mut Context, document: &Document) -> Result<(), Failure> {
    if cx.out.is_json() {
        return cx.out.json(document);
    }
    cx.out.fields(&[
        ("document", document.id.to_string()),
        ("title", text(document.title.as_ref())),
        ("file", text(document.file_name.as_ref())),
        ("status", text(document.status.as_ref())),
        ("failure", text(document.error_message.as_ref())),
        ("warning", text(document.warning_message.as_ref())),
        ("chunks", document.chunk_count.to_string()),
        ("entities", text(document.entity_count.as_ref())),
        ("relationships", text(document.relationship_count.as_ref())),
        ("bytes", text(document.content_length.or(document.file_size).as_ref())),
        ("created", time(document.created_at.as_ref())),
    ])
}
