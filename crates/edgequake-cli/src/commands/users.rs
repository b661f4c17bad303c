//! `users`: accounts.

use clap::Subcommand;
use edgequake_types::UserId;
use edgequake_types::session::{Role, User};
use edgequake_types::users::{CreateUser, ListUsers};

use super::{Listing, Paging, list, time};
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;

/// What is done to accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an account and print its id
    Create(Create),
    /// List the accounts; for administrators
    List(Paging),
    /// Delete an account; for administrators
    Delete(Delete),
}

/// Make an account and print its id.
///
/// Its password comes from --password-stdin or a prompt, never from EDGEQUAKE_PASSWORD, which is
/// your own.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Create {
    /// The login name
    username: String,
    /// The e-mail address
    email: String,
    /// The role: user, readonly or admin; by default the server's choice
    #[arg(long, value_parser = role)]
    role: Option<Role>,
    /// Read the password from stdin
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Delete an account; for administrators.
#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    /// The account: a UUID
    #[arg(value_name = "ID", value_parser = user_id)]
    user_id: UserId,
}

/// Some servers silently take another role for a word that they do not know.
fn role(word: &str) -> Result<Role, String> {
    match Role::from(word) {
        Role::Other(_) => Err("it must be user, readonly or admin".to_owned()),
        role => Ok(role),
    }
}

fn user_id(text: &str) -> Result<UserId, String> {
    UserId::new(text).map_err(|_| "it must be a hyphenated UUID".to_owned())
}

impl Command {
    pub(crate) async fn run(self, cx: &mut Context, input: Input) -> Result<(), Failure> {
        match self {
            Self::Create(create) => {
                let mut user = CreateUser::new(create.username, create.email, input.password);
                user.role = create.role.clone();
                let made = cx.client.users().create(user).await?.user;
                if let Some(role) = create.role.filter(|role| *role != made.role) {
                    cx.notes.warn(format!("the server gave the role {} instead of {role}", made.role));
                }
                if cx.out.is_json() { cx.out.json(&made) } else { cx.out.line(made.user_id.as_str()) }
            }
            Self::List(paging) => {
                let head = &["ID", "ROLE", "ACTIVE", "LAST LOGIN", "USERNAME", "E-MAIL"];
                let listing = Listing { head, row: &|it| Some(row(it)), all: paging.all };
                list(cx, ListUsers::new(), listing).await.map(drop)
            }
            Self::Delete(delete) => {
                cx.client.users().delete(&delete.user_id).await?;
                cx.notes.say(format!("account {} is deleted", delete.user_id));
                Ok(())
            }
        }
    }
}

fn row(user: &User) -> Vec<String> {
    vec![
        user.user_id.to_string(),
        user.role.to_string(),
        if user.is_active == Some(false) { "no" } else { "yes" }.to_owned(),
        user.last_login_at.as_ref().map_or("never".to_owned(), |_| time(user.last_login_at.as_ref())),
        user.username.clone(),
        user.email.clone(),
    ]
}
