//! The arguments of `documents`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use edgequake_types::DocumentId;

use super::Paging;

/// What can be done with documents.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Upload files
    Upload(Upload),
    /// List the documents of the workspace, newest first
    List(List),
    /// Show a document
    Get(Get),
    /// Delete a document
    Delete(ById),
    /// Wait until a document has been processed
    Wait(ById),
}

/// Upload files, one after the other, and print the outcome of each.
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The files
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Title, for a single file; default: the server's choice, from the file name
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Wait until they have been processed, for at most --timeout each; default: 10 minutes
    #[arg(long)]
    pub(crate) wait: bool,
}

/// List the documents of the workspace, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only documents with this status: pending, processing, completed, partial_failure, failed, cancelled, ...
    #[arg(long)]
    pub(crate) status: Option<String>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Show a document.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// ID of the document
    #[arg(value_name = "ID")]
    pub(crate) document_id: DocumentId,
    /// Print only its text
    #[arg(long)]
    pub(crate) content: bool,
}

/// A document, named by its ID.
#[derive(Debug, Args)]
pub(crate) struct ById {
    /// ID of the document
    #[arg(value_name = "ID")]
    pub(crate) document_id: DocumentId,
}
