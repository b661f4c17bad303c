//! The arguments of `tenants`.

use clap::{Args, Subcommand};
use edgequake_types::tenants::Plan;

use super::{Paging, text, words};

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tenants
    List(Paging),
    /// Create a tenant and print its ID; for platform administrators
    Create(Create),
}

/// Create a tenant and print its ID; for platform administrators.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its name
    #[arg(value_parser = text)]
    pub(crate) name: String,
    /// Its name in URLs; default: made from the name
    #[arg(long, value_parser = text)]
    pub(crate) slug: Option<String>,
    /// Its plan; default: the server's choice
    #[arg(long, ignore_case = true, value_parser = words::plan())]
    pub(crate) plan: Option<Plan>,
}
