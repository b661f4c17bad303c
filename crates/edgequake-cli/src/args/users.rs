//! The arguments of `users`.

use clap::{Args, Subcommand};
use edgequake_types::UserId;
use edgequake_types::session::Role;

use super::{Paging, text};

/// What can be done with user accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an account and print its ID
    Create(Create),
    /// List the accounts; for administrators
    List(Paging),
    /// Delete an account; for administrators
    Delete(Delete),
}

/// Create an account and print its ID.
///
/// Its password comes from --password-stdin or a prompt, never from EDGEQUAKE_PASSWORD, which is
/// your own.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Create {
    /// The login name
    #[arg(value_parser = text)]
    pub(crate) username: String,
    /// The e-mail address
    #[arg(value_parser = text)]
    pub(crate) email: String,
    /// The role: user, readonly or admin; default: the server's choice
    #[arg(long, value_parser = role)]
    pub(crate) role: Option<Role>,
    /// Read the password from stdin
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Delete an account; for administrators.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// ID of the account: a UUID
    #[arg(value_name = "ID", value_parser = user_id)]
    pub(crate) user_id: UserId,
}

/// Some servers silently use another role for a word that they do not know.
fn role(word: &str) -> Result<Role, String> {
    match Role::from(word.trim().to_ascii_lowercase()) {
        Role::Other(_) => Err("it must be user, readonly or admin".to_owned()),
        role => Ok(role),
    }
}

fn user_id(text: &str) -> Result<UserId, String> {
    UserId::new(text).map_err(|_| "it must be a hyphenated UUID".to_owned())
}
