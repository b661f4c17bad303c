//! `login`, `logout`, `whoami`.

use std::time::SystemTime;

use edgequake_auth::{AuthContext, Credentials as _, TokenStore as _};
use edgequake_types::session::User;

use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::source::Source;
use crate::state::StoreKind;

/// Log in and keep the session for later commands.
///
/// The password comes from --password-stdin, EDGEQUAKE_PASSWORD or a prompt. It is not kept:
/// later commands go on with the session, which they renew when its token expires.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Login {
    /// User name or e-mail address; by default EDGEQUAKE_USERNAME, or asked for
    #[arg(value_name = "IDENTIFIER")]
    pub(crate) identifier: Option<String>,
    /// Read the password from stdin
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Where the session is kept
    #[arg(long, value_name = "PLACE", default_value = "file")]
    store: StoreKind,
}

impl Login {
    /// Makes sure that the session can be kept before the password is sent.
    pub(crate) async fn run(self, cx: &mut Context, input: Input) -> Result<(), Failure> {
        let origin = cx.client.base_url().origin().clone();
        let state = cx.state.as_ref().ok_or_else(|| {
            Failure::other("there is no place to keep the session: HOME is not set; a key needs no place")
        })?;
        let store = state.store_of_kind(self.store)?;
        store.load(&origin, None).await?;
        let session = cx
            .session_builder()
            .login(&input.identifier, input.password)
            .retain_password(false)
            .store(store.clone())
            .build()?;
        let user = session.login().await?;
        if let Some(error) = session.last_store_error() {
            // A session that nobody can go on with should not stay open.
            let _ = session.logout().await;
            return Err(Failure::failed(
                format!("logged in, but the session cannot be kept: {error}"),
                error,
            ));
        }
        state.choose(&origin, self.store)?;
        if cx.out.is_json() {
            cx.out.json(&user)?;
        }
        let name = user.map_or(input.identifier.clone(), |user| user.username);
        cx.notes.say(format!("logged in to {origin} as {name}; the session is kept in {store}"));
        let unused = match &cx.source {
            Source::Stored(_) | Source::Unreadable | Source::None => false,
            // A password of the same user is only for the time when this session is over.
            source => source.user() != Some(&input.identifier),
        };
        if unused {
            cx.notes.warn(format!("this session is not used as long as there is {}", cx.source));
        }
        Ok(())
    }
}

/// Ends the stored session, whatever else is configured.
pub(crate) async fn logout(cx: &mut Context) -> Result<(), Failure> {
    let origin = cx.client.base_url().origin().clone();
    let store = cx.state.as_ref().map(|state| state.store(&origin));
    let user = match &cx.source {
        Source::Stored(login) => Some(login.user.clone()),
        _ => None,
    };
    let stored = match &store {
        Some(store) => store.load(&origin, user.as_deref()).await?,
        None => None,
    };
    let Some((login, store)) = stored.zip(store) else {
        cx.notes.say(format!("not logged in to {origin}"));
        return Ok(());
    };
    let session = cx.session_builder().account(&login.user).store(store).build()?;
    if login.expires_at.is_some_and(|at| at <= SystemTime::now()) {
        // The server takes the order from a valid token only. If none can be had, it says so itself below.
        let _ = session.authorize(&AuthContext::new(origin.clone())).await;
    }
    let outcome = session.logout().await;
    outcome.store?;
    if let Err(error) = outcome.server {
        cx.notes.say(format!("logged out of {origin} on this machine"));
        let exit = Failure::from(error.clone()).exit();
        let text = format!("the server has not ended the session of {}: {error}", login.user);
        return Err(Failure::Other { text, source: Some(error.into()), exit });
    }
    cx.notes.say(format!("logged out of {origin}"));
    Ok(())
}

/// Shows the user behind the credential.
pub(crate) async fn whoami(cx: &mut Context) -> Result<(), Failure> {
    let me = cx.client.auth().me().await?;
    show(cx, &me.user)
}

fn show(cx: &mut Context, user: &User) -> Result<(), Failure> {
    if cx.out.is_json() {
        return cx.out.json(user);
    }
    let active = match user.is_active {
        Some(false) => "no".to_owned(),
        _ => String::new(),
    };
    cx.out.fields(&[
        ("user", user.username.clone()),
        ("e-mail", user.email.clone()),
        ("role", user.role.to_string()),
        ("active", active),
        ("id", user.user_id.to_string()),
    ])
}
