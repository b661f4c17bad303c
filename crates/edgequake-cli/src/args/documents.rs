//! The arguments of `documents`.

mod ids;
mod list;
mod recovery;
mod upload;

use clap::Subcommand;

pub(crate) use self::ids::{Cancel, Delete, DeleteAll, Get, Impact, Wait};
pub(crate) use self::list::{List, Search};
pub(crate) use self::recovery::{RecoverStuck, Reprocess};
pub(crate) use self::upload::Upload;

/// What can be done with documents.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Upload files, folders, or standard input
    Upload(Box<Upload>),
    /// List the documents of the workspace, newest first
    List(Box<List>),
    /// Find documents by a part of their title
    Search(Search),
    /// Show a document
    Get(Get),
    /// Wait until documents have been processed
    Wait(Wait),
    /// Process documents again that failed
    Reprocess(Reprocess),
    /// Queue documents again whose processing is stuck
    RecoverStuck(RecoverStuck),
    /// Cancel the processing of documents
    Cancel(Cancel),
    /// Show what deleting a document would take away
    Impact(Impact),
    /// Delete documents
    Delete(Delete),
    /// Delete all documents of the workspace
    DeleteAll(DeleteAll),
}
