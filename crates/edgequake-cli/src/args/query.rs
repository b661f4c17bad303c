//! The arguments of `query`.

use edgequake_types::query::QueryMode;

use super::text;

/// Ask a question.
///
/// On a terminal the answer is shown as it is written, elsewhere when it is complete.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  edgequake-cli query 'When did the bridge open?' --sources
  edgequake-cli query - < question.txt")]
pub(crate) struct Query {
    /// The question, or - to read it from stdin
    #[arg(value_name = "TEXT", value_parser = text)]
    pub(crate) text: String,
    /// How to search: naive, local, global, hybrid, mix or bypass; default: the server's choice
    #[arg(long, value_parser = mode)]
    pub(crate) mode: Option<QueryMode>,
    /// Show the answer as it is written; with --json, the events as they arrive
    #[arg(long, overrides_with = "no_stream")]
    pub(crate) stream: bool,
    /// Show the answer when it is complete
    #[arg(long)]
    pub(crate) no_stream: bool,
    /// Show what the answer is based on
    #[arg(long)]
    pub(crate) sources: bool,
}

/// Servers silently use their default for a word that they do not know.
fn mode(word: &str) -> Result<QueryMode, String> {
    match QueryMode::from(word.trim().to_ascii_lowercase()) {
        QueryMode::Other(_) => Err("it must be naive, local, global, hybrid, mix or bypass".to_owned()),
        mode => Ok(mode),
    }
}
