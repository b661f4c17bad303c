//! The arguments of `pipeline`.

use clap::{Args, Subcommand};

use super::text;

/// What can be asked of the pipeline that processes documents.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what the server is processing
    Status,
    /// Show which documents are being processed and which wait; newer servers only
    Activity,
    /// Show how long the queue is, and how fast it moves
    Queue,
    /// Ask the server to stop what it is processing
    Cancel,
    /// Show what models cost, or estimate what a text would
    Costs(Costs),
}

/// Show what each model costs, or what so many tokens of one would.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  edgequake-cli pipeline costs
  edgequake-cli pipeline costs gpt-5-mini --input 100000 --output 20000")]
pub(crate) struct Costs {
    /// The model to estimate for
    #[arg(value_name = "MODEL", requires = "input", value_parser = text)]
    pub(crate) model: Option<String>,
    /// How many tokens are sent to the model
    #[arg(long, value_name = "TOKENS", requires = "model")]
    pub(crate) input: Option<u64>,
    /// How many tokens the model writes; default: none
    #[arg(long, value_name = "TOKENS", requires = "model")]
    pub(crate) output: Option<u64>,
}
