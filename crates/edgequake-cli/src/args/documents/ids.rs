//! The arguments of the commands that take documents by their ids.

use clap::Args;
use edgequake_types::DocumentId;

use super::super::id;

/// Show a document.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  edgequake-cli documents get ID
  edgequake-cli documents get ID --content > notes.md")]
pub(crate) struct Get {
    /// ID of the document
    #[arg(value_name = "ID", value_parser = id::<DocumentId>)]
    pub(crate) document_id: DocumentId,
    /// Print only its text
    #[arg(long)]
    pub(crate) content: bool,
}

/// Wait until documents have been processed, and show how each ended.
///
/// All of them are waited for at once, for at most --timeout together; default: 10 minutes. With --json
/// each is printed as it ends, as one line.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 if all were processed, 5 if one is unknown, 7 if the time was over,
1 if one has failed, in part or as a whole, was cancelled, or for several
reasons.

Examples:
  edgequake-cli documents wait ID
  edgequake-cli documents wait ID1 ID2 --timeout 60")]
pub(crate) struct Wait {
    /// IDs of the documents
    #[arg(value_name = "ID", required = true, value_parser = id::<DocumentId>)]
    pub(crate) document_ids: Vec<DocumentId>,
}

/// Cancel the processing of documents; newer servers only.
///
/// What was indexed of them is taken out again.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  edgequake-cli documents cancel ID1 ID2")]
pub(crate) struct Cancel {
    /// IDs of the documents
    #[arg(value_name = "ID", required = true, value_parser = id::<DocumentId>)]
    pub(crate) document_ids: Vec<DocumentId>,
}

/// Show what deleting a document would take away. Nothing is deleted.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  edgequake-cli documents impact ID")]
pub(crate) struct Impact {
    /// ID of the document
    #[arg(value_name = "ID", value_parser = id::<DocumentId>)]
    pub(crate) document_id: DocumentId,
}

/// Delete documents.
///
/// Newer servers accept the order and delete later: what is said of each document tells which it is. That
/// one cannot be deleted does not stop the others.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 if all were or will be deleted; else the code of the failure, such
as 5 for an unknown ID, and 1 where they differ.

Examples:
  edgequake-cli documents delete ID1 ID2
  edgequake-cli documents list --status failed --all --json |
    jq -r '.[].id' | xargs edgequake-cli documents delete")]
pub(crate) struct Delete {
    /// IDs of the documents
    #[arg(value_name = "ID", required = true, value_parser = id::<DocumentId>)]
    pub(crate) document_ids: Vec<DocumentId>,
}

/// Delete all documents of the workspace.
///
/// Older servers skip those that are being processed. They are named, and the exit code is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  edgequake-cli --workspace ID documents delete-all --yes")]
pub(crate) struct DeleteAll {
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}
