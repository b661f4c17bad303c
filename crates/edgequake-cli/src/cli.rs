//! [`Cli`]: what can be asked for on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use edgequake_types::{TenantId, WorkspaceId};

use crate::commands::{api_keys, documents, query, raw, session, tasks, tenants, users, workspaces};

/// Talk to an EdgeQuake server: logins, API keys, documents, questions.
///
/// Data goes to stdout, everything else to stderr. One credential is used, the first of:
///   --api-key-file,
///   EDGEQUAKE_API_KEY,
///   EDGEQUAKE_USERNAME with EDGEQUAKE_PASSWORD,
///   the same in --env-file,
///   the session that `login` has stored.
///
/// No secret is ever taken as an argument, because everybody on the machine can read those.
#[derive(Debug, Parser)]
#[command(name = "edgequake-cli", version, after_help = AFTER_HELP, verbatim_doc_comment)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Environment (empty is unset):
  EDGEQUAKE_BASE_URL      where the server is; default http://localhost:8080
  EDGEQUAKE_API_KEY       an API key
  EDGEQUAKE_USERNAME      the name to log in with, or EDGEQUAKE_EMAIL; alone, which stored session is meant
  EDGEQUAKE_PASSWORD      the password to log in with
  EDGEQUAKE_TENANT_ID     the tenant
  EDGEQUAKE_WORKSPACE_ID  the workspace
  EDGEQUAKE_ALLOW_HTTP    true allows plain http to other machines
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE

Exit codes:
  0  done; also when the reader of a pipe has had enough
  1  failed
  2  wrong arguments or settings
  3  not logged in, or the credential was refused (401)
  4  forbidden (403)
  5  not found (404)
  6  account locked (423) or too many requests (429)
  7  no connection, no answer in time, or server not available (503): try again later
  130  interrupted by Ctrl-C
";

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Where the server is
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The tenant: a UUID, or `default`
    #[arg(long, global = true, value_name = "ID", value_parser = tenant)]
    pub(crate) tenant: Option<TenantId>,
    /// The workspace: a UUID, or `default`
    #[arg(long, global = true, value_name = "ID", value_parser = workspace)]
    pub(crate) workspace: Option<WorkspaceId>,
    /// A file with an API key
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// A .env file with what the environment does not say
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) env_file: Option<PathBuf>,
    /// Let credentials go over plain http to another machine
    #[arg(long, global = true)]
    pub(crate) allow_http: bool,
    /// How long each call may take; streamed answers may take any time
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Print JSON for machines
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print the causes of failures
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Log in and keep the session for later commands
    Login(session::Login),
    /// End the stored session, here and at the server
    Logout,
    /// Show who the credential belongs to
    Whoami,
    /// Show the server's health and which credential is in use
    Status,
    /// Make, list, rotate and revoke API keys
    #[command(subcommand)]
    ApiKeys(api_keys::Command),
    /// Upload, list, read and delete documents
    #[command(subcommand)]
    Documents(documents::Command),
    /// Ask a question
    Query(query::Query),
    /// Follow the server's work in the background
    #[command(subcommand)]
    Tasks(tasks::Command),
    /// List, make and delete workspaces
    #[command(subcommand)]
    Workspaces(workspaces::Command),
    /// List and make tenants
    #[command(subcommand)]
    Tenants(tenants::Command),
    /// List, make and delete user accounts
    #[command(subcommand)]
    Users(users::Command),
    /// Send any request, and print the answer as it comes
    Raw(raw::Raw),
}

pub(crate) fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::new(text).map_err(|_| not_a_scope("tenant"))
}

pub(crate) fn workspace(text: &str) -> Result<WorkspaceId, String> {
    WorkspaceId::new(text).map_err(|_| not_a_scope("workspace"))
}

fn not_a_scope(what: &str) -> String {
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
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_secret() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
                let name = argument.get_long().unwrap_or(argument.get_id().as_str());
                let secret = ["password", "token", "secret", "key"].iter().any(|word| name.contains(word));
                assert!(
                    !secret || matches!(name, "api-key-file" | "key_id"),
                    "{name} of {}",
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn a_time_limit_is_a_time() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1_500)));
        for wrong in ["", "x", "0", "-1", "inf", "NaN"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
