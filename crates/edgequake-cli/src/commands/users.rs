//! `users`: user accounts.

use edgequake_types::session::User;
use edgequake_types::users::{CreateUser, ListUsers};
use serde_json::json;

use super::each::about;
use super::{Listing, list};
use crate::args::users::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;

pub(super) async fn run(cx: &mut Context, command: Command, input: Input) -> Result<(), Failure> {
    match command {
        Command::Create(create) => {
            let mut user = CreateUser::new(create.username, create.email, input.new_password);
            user.role = create.role.clone();
            let created = cx.client.users().create(user).await?.user;
            if let Some(role) = create.role.filter(|role| *role != created.role) {
                cx.notes.warn(format!("the server gave the role {} instead of {role}", created.role));
            }
            if cx.out.is_json() { cx.out.json(&created) } else { cx.out.line(created.user_id.as_str()) }
        }
        Command::List(paging) => {
            let header = &["ID", "ROLE", "ACTIVE", "LAST LOGIN", "USERNAME", "E-MAIL"];
            let listing = Listing { header, optional: &[], row: &|it| Some(row(it)), all: paging.all };
            list(cx, ListUsers::new(), listing).await.map(drop)
        }
        Command::Delete(delete) => {
            cx.client.users().delete(&delete.user_id).await.map_err(about(&delete.user_id))?;
            if cx.out.is_json() {
                return cx.out.json(&json!({ "user_id": delete.user_id, "deleted": true }));
            }
            cx.notes.say(format!("account {} is deleted", delete.user_id));
            Ok(())
        }
    }
}

fn row(user: &User) -> Vec<String> {
    vec![
        user.user_id.to_string(),
        user.role.to_string(),
        if user.is_active == Some(false) { "no" } else { "yes" }.to_owned(),
        user.last_login_at.as_ref().map_or("never".to_owned(), ToString::to_string),
        user.username.clone(),
        user.email.clone(),
    ]
}
