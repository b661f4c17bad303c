//! `login`, `logout`, `whoami`.

use edgequake_auth::{Removal, Revocation, TokenStore as _};
use edgequake_types::session::User;

use crate::args::Login;
use crate::context::Context;
use crate::credential::CredentialSource;
use crate::failure::Failure;
use crate::input::Input;
use crate::state::{LoginStore, StateFolder};

/// Makes sure that the session can be kept before the password is sent.
pub(super) async fn login(cx: &mut Context, login: Login, input: Input) -> Result<(), Failure> {
    let origin = cx.client.base_url().origin().clone();
    let state = cx.state.as_ref().ok_or_else(|| {
        let why = StateFolder::why_none();
        Failure::other(format!("there is no place to keep the session, since {why}: use an API key instead"))
    })?;
    let (store, server) = (state.store_of_kind(login.store)?, cx.server());
    let others = state.others(&server, login.store);
    store.latest(&server).await?;
    let password = input.password.ok_or_else(|| Failure::usage("there is no password to log in with"))?;
    let session = cx
        .session_builder()
        .login(&input.identifier, password)
        .retain_password(false)
        .store(store.clone())
        .build()?;
    // Whoever interrupts the command waits until the session is kept.
    cx.use_session(Some(session.clone()));
    let user = session.login().await?;
    if let Some(error) = session.last_store_error() {
        // A session that no later command can use should not stay open.
        cx.use_session(None);
        let _ = session.logout().await;
        return Err(Failure::caused_by(format!("logged in, but the session cannot be kept: {error}"), error));
    }
    if let Some(state) = &cx.state {
        state.remember(&server, login.store)?;
    }
    for other in others {
        empty(cx, &other).await;
    }
    if cx.out.is_json() {
        cx.out.json(&user)?;
    }
    let name = user.map_or(input.identifier.clone(), |user| user.username);
    cx.notes.say(format!("logged in to {origin} as {name}; the session is kept in {store}"));
    let unused = match &cx.credential {
        CredentialSource::StoredLogin(_) | CredentialSource::Unreadable(_) | CredentialSource::None => false,
        // A password of the same user is only used once this session has expired.
        source => source.user() != Some(&input.identifier),
    };
    if unused {
        cx.notes
            .warn(format!("this session is not used as long as the credential comes from {}", cx.credential));
    }
    Ok(())
}

/// Ends what earlier logins at this server have left in another place, whoever they were: no later command looks there.
async fn empty(cx: &Context, other: &LoginStore) {
    let place = other.to_string();
    let ended = async {
        let mut last = None;
        // What has ended comes after what has not.
        while let Some(login) = other.find(&cx.server(), None).await? {
            if last.replace(login.user.clone()).as_ref() == Some(&login.user) {
                return Err(Failure::other(format!(
                    "the login of {} is back after it was ended",
                    login.user
                )));
            }
            let session = cx.session_builder().account(&login.user).store(other.clone()).build()?;
            if let Removal::Failed(error) = session.logout().await.store {
                return Err(Failure::from(error));
            }
        }
        Ok(())
    };
    if let Err(failure) = ended.await {
        cx.notes.warn(format!("an earlier login is still kept in {place}: {}", failure.line()));
    }
}

/// Ends the stored session, whatever else is configured.
pub(super) async fn logout(cx: &mut Context) -> Result<(), Failure> {
    let origin = cx.client.base_url().origin().clone();
    let store = cx.state.as_ref().map(|state| state.store(&cx.server()));
    let user = match &cx.credential {
        CredentialSource::StoredLogin(login) => Some(login.user.clone()),
        _ => None,
    };
    let stored = match &store {
        Some(store) => store.find(&cx.server(), user.as_deref()).await?,
        None => None,
    };
    let Some((login, store)) = stored.zip(store) else {
        cx.notes.say(format!("not logged in to {origin}"));
        return Ok(());
    };
    let session = cx.session_builder().account(&login.user).store(store).build()?;
    let outcome = session.logout().await;
    match (outcome.server, outcome.store) {
        (Revocation::NotRevoked(error), Removal::Failed(stored)) => {
            let text = format!(
                "still logged in to {origin} as {}: {stored}; and the server did not end the session: {error}",
                login.user
            );
            return Err(Failure::caused_by(text, stored));
        }
        (_, Removal::Failed(error)) => {
            let text =
                format!("the server ended the session of {}, but it is still stored: {error}", login.user);
            return Err(Failure::caused_by(text, error));
        }
        (Revocation::NotRevoked(error), _) => {
            cx.notes.say(format!("logged out of {origin} on this machine"));
            let exit = Failure::from(error.clone()).exit();
            let text = format!("the server did not end the session of {}: {error}", login.user);
            return Err(Failure::Other { text, source: Some(error.into()), exit });
        }
        _ => {}
    }
    cx.notes.say(format!("logged out of {origin}"));
    Ok(())
}

/// Shows the user behind the credential.
pub(super) async fn whoami(cx: &mut Context) -> Result<(), Failure> {
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
