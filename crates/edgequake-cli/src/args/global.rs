//! [`Global`]: the options of every command.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use edgequake_types::{TenantId, WorkspaceId};

/// The options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// URL of the server
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The tenant: a UUID, or `default`
    #[arg(long, global = true, value_name = "ID", value_parser = tenant)]
    pub(crate) tenant: Option<TenantId>,
    /// The workspace: a UUID, or `default`
    #[arg(long, global = true, value_name = "ID", value_parser = workspace)]
    pub(crate) workspace: Option<WorkspaceId>,
    /// File with an API key
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Program that gives the credential
    ///
    /// It speaks the protocol of cargo's credential providers.
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "api_key_file")]
    pub(crate) credential_program: Option<PathBuf>,
    /// Certificate to show to a server that demands one
    ///
    /// A PEM file, with the private key as well unless --client-key-file names its file.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// Private key of --client-certificate
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) client_key_file: Option<PathBuf>,
    /// .env file, for what is not in the environment
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) env_file: Option<PathBuf>,
    /// Allow plain http to other machines
    ///
    /// Whoever is on the way can read the credentials then.
    #[arg(long, global = true)]
    pub(crate) allow_http: bool,
    /// Time limit of a call
    ///
    /// Streamed answers have none.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print the causes of failures
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::new(text).map_err(|_| invalid_id("tenant"))
}

fn workspace(text: &str) -> Result<WorkspaceId, String> {
    WorkspaceId::new(text).map_err(|_| invalid_id("workspace"))
}

/// What is said of a tenant or a workspace that is none.
pub(crate) fn invalid_id(what: &str) -> String {
    format!(
        "it must be a hyphenated UUID or the word `default`: the server reads anything else as its default {what}"
    )
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "it must be more than zero seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_a_time() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1_500)));
        for wrong in ["", "x", "0", "-1", "inf", "NaN"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
