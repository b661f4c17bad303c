//! The arguments of `documents list` and `documents search`.

use clap::Args;
use edgequake_types::Timestamp;
use edgequake_types::documents::DocumentStatus;

use super::super::{Paging, dates, words};

/// List the documents of the workspace, newest first.
///
/// On a terminal every document is one line: columns that do not fit are left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  edgequake-cli documents list --status failed
  edgequake-cli documents list --pattern bridge --from 2031-02-01 --all
  edgequake-cli documents list --all --json | jq -r '.[].id'")]
pub(crate) struct List {
    /// Only documents with this status
    #[arg(long, ignore_case = true, value_parser = words::document_status())]
    pub(crate) status: Option<DocumentStatus>,
    /// Only documents with this in their title, whatever its case; one of them if repeated
    #[arg(long = "pattern", value_name = "TEXT", value_delimiter = ',')]
    pub(crate) patterns: Vec<String>,
    /// Only documents of this day or time, or later; a day is one of UTC
    #[arg(long, value_name = "DATE", value_parser = dates::from)]
    pub(crate) from: Option<Timestamp>,
    /// Only documents of this day or time, or earlier
    #[arg(long, value_name = "DATE", value_parser = dates::to)]
    pub(crate) to: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) paging: Paging,
    #[command(flatten)]
    pub(crate) page: Page,
}

/// Which page of a list is shown.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Show this page, counted from 1; default: the first
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "all")]
    pub(crate) page: Option<u64>,
    /// How many a page holds; default: 20, and the server may cut it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) page_size: Option<u64>,
}

/// Find documents by a part of their title, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  edgequake-cli documents search bridge --any-status")]
pub(crate) struct Search {
    /// A part of the title; default: all documents
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// How many to find at most, up to 50; default: 20
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=50))]
    pub(crate) limit: Option<u64>,
    /// Also those that are not processed yet, or have failed
    #[arg(long)]
    pub(crate) any_status: bool,
}
