//! The arguments of the commands that process documents again.

use clap::{Args, ValueEnum};
use edgequake_types::DocumentId;
use edgequake_types::documents::ReprocessMode;

use super::super::id;

/// Process documents again that failed.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 if all that were named are processed again, also if --failed finds
none; 5 if one is unknown; 1 if one is not, such as one that has not failed, or
for several reasons.

Examples:
  edgequake-cli documents reprocess ID1 ID2
  edgequake-cli documents reprocess --failed --limit 500
  edgequake-cli documents reprocess ID --force && edgequake-cli documents wait ID")]
pub(crate) struct Reprocess {
    /// IDs of the documents
    #[arg(value_name = "ID", value_parser = id::<DocumentId>)]
    #[arg(required_unless_present = "failed", conflicts_with = "failed")]
    pub(crate) document_ids: Vec<DocumentId>,
    /// All documents of the workspace that failed or were cancelled
    #[arg(long)]
    pub(crate) failed: bool,
    /// How many documents to take at most; default: 100
    #[arg(long, value_name = "NUMBER", conflicts_with = "document_ids", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Also documents that did not fail
    #[arg(long, conflicts_with = "failed")]
    pub(crate) force: bool,
    /// How much of a PDF is done again; newer servers only
    #[arg(long)]
    pub(crate) mode: Option<Mode>,
}

/// How much of a PDF is done again.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Mode {
    /// The extraction of entities
    Entities,
    /// Everything
    Full,
}

impl From<Mode> for ReprocessMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Entities => Self::Entities,
            Mode::Full => Self::Full,
        }
    }
}

/// Queue documents again whose processing has been silent for long.
///
/// Such are left behind where a server has crashed.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 also where none is stuck; 5 if one that was named is unknown.

Example:
  edgequake-cli documents recover-stuck --minutes 30")]
pub(crate) struct RecoverStuck {
    /// Only these documents; default: all that are stuck
    #[arg(value_name = "ID", value_parser = id::<DocumentId>)]
    pub(crate) document_ids: Vec<DocumentId>,
    /// How long they must have been silent; default: the server's choice, 10 or 15
    #[arg(long, value_name = "MINUTES")]
    pub(crate) minutes: Option<u64>,
    /// How many documents to take at most; default: 100
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}
