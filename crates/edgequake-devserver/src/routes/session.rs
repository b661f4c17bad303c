//! Login, refresh, logout, and the user behind a credential.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use edgequake_types::Secret;
use edgequake_types::UserId;
use edgequake_types::session::{
    Login, LoginResponse, Logout, Me, MeResponse, Refresh, RefreshResponse, Role,
};

use crate::auth::caller::{Caller, Identity};
use crate::auth::credential::{Carrier, Credential};
use crate::auth::password;
use crate::auth::token::Claims;
use crate::backend::Shared;
use crate::clock::later;
use crate::error::Refusal;
use crate::options::Era;
use crate::processing::rest;
use crate::reply::Reply;
use crate::route::{Call, route};
use crate::state::sessions::RefreshRefusal;

pub(crate) fn routes(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    let router = route(router, login);
    let router = route(router, refresh);
    let router = route(router, logout);
    route(router, me)
}

async fn login(call: Call, request: Login) -> Result<Reply<LoginResponse>, Refusal> {
    let result = log_in(&call, request).await;
    let counters = &call.shared.counters;
    if result.is_ok() {
        counters.logins.count()
    } else {
        counters.refused_logins.count()
    }
    result.map(Reply::of)
}

async fn log_in(call: &Call, request: Login) -> Result<LoginResponse, Refusal> {
    let refused = |reason: &str| Refusal::unauthorized(reason, "login", &request.username);
    let (user_id, hash) = {
        let mut store = call.shared.store();
        let mut names = [Some(&request.username), request.email.as_ref()].into_iter().flatten();
        let found = names.find(|name| store.accounts.find_mut(name).is_some());
        let account =
            found.and_then(|name| store.accounts.find_mut(name)).ok_or_else(|| refused("user_not_found"))?;
        if account.is_locked(call.now) {
            return Err(Refusal::account_locked());
        }
        (account.user.user_id.clone(), account.password_hash.clone())
    };
    // Hashing takes milliseconds of pure computation.
    let password = request.password.clone();
    let fits =
        tokio::task::spawn_blocking(move || hash.is_some_and(|hash| password::verify(&password, &hash)));
    let fits = fits.await.map_err(|_| Refusal::internal())?;

    let options = &call.shared.options;
    let mut store = call.shared.store();
    let account = store.accounts.get_mut(&user_id).ok_or_else(|| refused("user_not_found"))?;
    // Another attempt may have locked the account while this one was hashing.
    if account.is_locked(call.now) {
        return Err(Refusal::account_locked());
    }
    if !fits {
        let locks = account.fail(options.max_login_attempts, options.lockout, call.now);
        return Err(if locks { Refusal::account_locked() } else { refused("invalid_password") });
    }
    if !account.is_active() {
        return Err(Refusal::forbidden("account_inactive"));
    }
    let before = account.user.clone();
    account.succeed(call.now);
    let refresh_token = store.sessions.open(user_id, options.refresh_lifetime, call.now);
    let serial = store.sessions.serial();
    drop(store);

    let mut response =
        LoginResponse::new(access_token(call, before.user_id.clone(), before.role.clone(), serial)?);
    response.expires_in = Some(whole_seconds(options.token_lifetime));
    response.refresh_token = Some(refresh_token);
    response.user = Some(before);
    Ok(response)
}

fn access_token(call: &Call, user: UserId, role: Role, serial: u64) -> Result<Secret, Refusal> {
    let options = &call.shared.options;
    let claims =
        Claims::new((user, role), options.session_scope.clone(), serial, call.now, options.token_lifetime);
    call.shared.signer.sign(&claims).ok_or_else(Refusal::internal)
}

/// Rounded up, so that a token of half a second is not taken for a dead one.
fn whole_seconds(lifetime: Duration) -> i64 {
    let rounded = lifetime.as_secs().saturating_add(u64::from(lifetime.subsec_nanos() > 0));
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

async fn refresh(call: Call, request: Refresh) -> Result<Reply<RefreshResponse>, Refusal> {
    let result = exchange(&call, &request.refresh_token);
    let counters = &call.shared.counters;
    match &result {
        Ok(_) => counters.refreshes.count(),
        Err((_, refusal)) => {
            counters.refused_refreshes.count();
            if *refusal == Some(RefreshRefusal::Reused) {
                counters.token_reuses.count();
            }
        }
    }
    rest(call.shared.options.refresh_delay).await;
    result.map(Reply::of).map_err(|(refusal, _)| refusal)
}

fn exchange(call: &Call, token: &Secret) -> Result<RefreshResponse, (Refusal, Option<RefreshRefusal>)> {
    let refused = |reason: &str| Refusal::unauthorized(reason, "refresh", "refresh_token");
    let options = &call.shared.options;
    let mut store = call.shared.store();
    let redeemed = store.sessions.redeem(token, options.rotates(), options.refresh_lifetime, call.now);
    let (user, successor) = redeemed.map_err(|refusal| {
        let reason = match (refusal, options.era) {
            (RefreshRefusal::Unknown, Era::B) => "token_not_found",
            (RefreshRefusal::Expired, Era::B) => "token_expired",
            (RefreshRefusal::Revoked, Era::B) => "token_revoked",
            (RefreshRefusal::Unknown | RefreshRefusal::Expired, Era::C) => "token_invalid",
            (RefreshRefusal::Revoked, Era::C) => "session_revoked",
            (RefreshRefusal::Reused, _) => "token_reuse",
        };
        (refused(reason), Some(refusal))
    })?;
    let account =
        store.accounts.get(&user).filter(|account| account.is_active() && !account.is_locked(call.now));
    let role = account.map(|account| account.user.role.clone()).ok_or((refused("user_not_found"), None))?;
    let serial = store.sessions.serial();
    drop(store);
    let access_token = access_token(call, user, role, serial).map_err(|refusal| (refusal, None))?;
    let mut response = RefreshResponse::new(access_token);
    response.expires_in = Some(whole_seconds(options.token_lifetime));
    response.refresh_token = successor;
    Ok(response)
}

async fn logout(call: Call, request: Logout) -> Result<Reply<()>, Refusal> {
    let options = &call.shared.options;
    if options.era == Era::B && request.refresh_token.is_none() {
        return Err(Refusal::text(
            http::StatusCode::UNPROCESSABLE_ENTITY,
            "Failed to deserialize the JSON body into the target type: missing field `refresh_token`",
        ));
    }
    let mut store = call.shared.store();
    if let Some(token) = &request.refresh_token {
        store.sessions.close(token);
    }
    // Only the token of `Authorization` is denied, not one that came as `X-API-Key`.
    let bearer = Credential::of(&call.headers).filter(|credential| credential.carrier == Carrier::Bearer);
    if let (Era::C, Identity::Session { jti, .. }, Some(_)) = (options.era, &call.caller.identity, bearer) {
        store.sessions.deny(*jti, later(call.now, options.token_lifetime));
    }
    Ok(Reply::of(()))
}

async fn me(call: Call, _: Me) -> Result<Reply<MeResponse>, Refusal> {
    let options = &call.shared.options;
    let mut store = call.shared.store();
    // The latest servers want to see a real user here even when authentication is off.
    let caller = if !options.auth && options.era == Era::C {
        let credential = Credential::of(&call.headers).ok_or_else(Refusal::not_authenticated)?;
        Caller::identify(&credential, options, &call.shared.signer, &mut store, call.now)
            .ok_or_else(Refusal::not_authenticated)?
    } else {
        call.caller.clone()
    };
    let user = caller.user_id().ok_or_else(|| Refusal::not_found("user of this credential"))?;
    let account = store.accounts.get(user).ok_or_else(|| Refusal::not_found(format!("user {user}")))?;
    if !account.is_active() {
        return Err(Refusal::forbidden("account_inactive"));
    }
    Ok(Reply::of(MeResponse::new(account.user.clone())))
}
