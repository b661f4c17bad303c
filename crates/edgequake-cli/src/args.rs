//! [`Cli`]: the command line as clap reads it, and nothing else.

mod dates;
pub(crate) mod words;
pub(crate) mod api_keys;
pub(crate) mod documents;
mod global;
pub(crate) mod pipeline;
mod query;
mod raw;
mod session;
pub(crate) mod tasks;
pub(crate) mod tenants;
pub(crate) mod users;
pub(crate) mod workspaces;

use clap::{Args, Parser, Subcommand};
use edgequake_types::is_segment;

pub(crate) use self::global::{Global, invalid_id};
pub(crate) use self::query::Query;
pub(crate) use self::raw::Raw;
pub(crate) use self::session::{Login, StoreKind};

/// Talk to an EdgeQuake server: logins, API keys, documents, questions.
///
/// Data goes to stdout, everything else to stderr.
/// One credential is used, the first of:
///   --api-key-file or --credential-program,
///   EDGEQUAKE_API_KEY,
///   EDGEQUAKE_USERNAME with EDGEQUAKE_PASSWORD,
///   the same variables in --env-file,
///   the session stored by `login`.
///
/// No secret is ever taken as an argument: every user of the machine can read
/// those.
#[derive(Debug, Parser)]
#[command(name = "edgequake-cli", version, after_help = AFTER_HELP, verbatim_doc_comment, max_term_width = 80)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Environment (an empty variable counts as unset):
  EDGEQUAKE_BASE_URL      URL of the server; default: http://localhost:8080
  EDGEQUAKE_API_KEY       API key, or EDGEQUAKE_API_KEY_FILE: the file with it
  EDGEQUAKE_USERNAME      name to log in with, or EDGEQUAKE_EMAIL; without a
                          password it selects a stored session
  EDGEQUAKE_PASSWORD      password to log in with, or EDGEQUAKE_PASSWORD_FILE:
                          the file with it
  EDGEQUAKE_TENANT_ID     tenant
  EDGEQUAKE_WORKSPACE_ID  workspace
  EDGEQUAKE_ALLOW_HTTP    true allows plain http to other machines
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE

Exit codes:
  0  success; also when the reader of a pipe has closed it
  1  failure
  2  invalid arguments or settings
  3  not logged in, or the credential was refused (401)
  4  forbidden (403)
  5  not found (404)
  6  account locked (423) or too many requests (429)
  7  no connection, no answer in time, or server unavailable (503): try again
     later
  129, 130, 143  ended by SIGHUP, Ctrl-C or SIGTERM; a renewal under way is
     kept, unless one comes twice
";

/// The commands, by resource.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Log in and keep the session for later commands
    Login(Login),
    /// End the stored session, here and on the server
    Logout,
    /// Show the user that the credential belongs to
    Whoami,
    /// Show the server's health and which credential is in use
    Status,
    /// Create, list, rotate and revoke API keys
    #[command(subcommand)]
    ApiKeys(api_keys::Command),
    /// Upload, list, read, process again and delete documents
    #[command(subcommand)]
    Documents(documents::Command),
    /// Ask a question
    Query(Query),
    /// List, follow, cancel and retry the server's background tasks
    #[command(subcommand)]
    Tasks(tasks::Command),
    /// Show and stop what the server is processing, and what it costs
    #[command(subcommand)]
    Pipeline(pipeline::Command),
    /// List, create and delete workspaces
    #[command(subcommand)]
    Workspaces(workspaces::Command),
    /// List and create tenants
    #[command(subcommand)]
    Tenants(tenants::Command),
    /// List, create and delete user accounts
    #[command(subcommand)]
    Users(users::Command),
    /// Send any request and print the answer unchanged
    Raw(Raw),
    /// Print the completions of a shell
    Completions(Completions),
}

/// Print the completions of a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  edgequake-cli completions bash > \\
    ~/.local/share/bash-completion/completions/edgequake-cli
  edgequake-cli completions fish > ~/.config/fish/completions/edgequake-cli.fish")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// How much of a list is shown.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Show all pages, not only the first one
    #[arg(long)]
    pub(crate) all: bool,
}

/// An id, as lists show them. Blanks around it are none of it.
fn id<T: for<'a> From<&'a str>>(text: &str) -> Result<T, &'static str> {
    let text = text.trim();
    if is_segment(text) { Ok(T::from(text)) } else { Err("it must be an ID: not empty, `.` or `..`") }
}

/// A text that says something.
fn text(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("it must not be empty") } else { Ok(text.to_owned()) }
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
                    !secret || matches!(name, "api-key-file" | "client-key-file" | "key_id"),
                    "{name} of {}",
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn the_help_of_every_command_fits_a_terminal() {
        fn check(command: &mut clap::Command) {
            for help in [command.render_help(), command.render_long_help()] {
                let help = help.to_string();
                let wide = help.lines().find(|line| line.chars().count() > 80);
                assert_eq!(wide, None, "{}", command.get_name());
            }
            command.get_subcommands_mut().for_each(check);
        }
        let mut command = Cli::command();
        command.build();
        check(&mut command);
    }
}
