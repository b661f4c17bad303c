//! Login, refresh, logout, and the user of a credential.

use std::time::Duration;

use bytes::Bytes;
use edgequake_types::Secret;
use edgequake_types::session::{
    Login, LoginResponse, Logout, Me, MeResponse, OidcLogin, Refresh, RefreshResponse, Role,
};
use http::request::Parts;
use serde_json::Value;

use crate::auth::caller::{Caller, Identity};
use crate::auth::credential::{Credential, CredentialHeader};
use crate::auth::token::Claims;
use crate::config::Era;
use crate::error::Refusal;
use crate::ledger::{SessionEvent, TokenOf};
use crate::reply::Reply;
use crate::route::{Call, decode};
use crate::state::sessions::{Redeemed, RefreshError, Rejected};

/// No identity provider can be configured here.
pub(super) async fn oidc_login(_: Call, _: OidcLogin) -> Result<Reply<()>, Refusal> {
    Err(Refusal::oidc_disabled())
}

pub(super) async fn login(call: Call, request: Login) -> Result<Reply<LoginResponse>, Refusal> {
    let result = log_in(&call, &request);
    let counters = &call.app.counters;
    match &result {
        Ok(_) => counters.logins.increment(),
        Err(refusal) => {
            counters.refused_logins.increment();
            call.record(SessionEvent::LoginRefused { reason: refusal.reason().to_owned() }, None);
        }
    }
    result.map(Reply::new)
}

fn log_in(call: &Call, request: &Login) -> Result<LoginResponse, Refusal> {
    let refused = |reason: &str| Refusal::unauthorized(reason, "login", &request.username);
    let config = &call.app.config;
    let mut directory = call.app.directory();
    let mut names = [Some(&request.username), request.email.as_ref()].into_iter().flatten();
    let found = names.find(|name| directory.accounts.id(name).is_some());
    let account =
        found.and_then(|name| directory.accounts.find_mut(name)).ok_or_else(|| refused("user_not_found"))?;
    if account.is_locked(call.now) {
        return Err(Refusal::account_locked());
    }
    if !account.has_password(&request.password) {
        let locks = account.record_failure(config.max_login_attempts, config.lockout, call.now);
        return Err(if locks { Refusal::account_locked() } else { refused("invalid_password") });
    }
    if !account.is_active() {
        return Err(Refusal::forbidden("account_inactive"));
    }
    let user = account.user.clone();
    let user_id = user.user_id.clone();
    account.record_login(call.now);
    let (token, refresh_token) = directory.sessions.open(user_id, config.refresh_lifetime, call.now);
    let serial = directory.sessions.next_serial();
    call.record(SessionEvent::LoggedIn, Some(&token));
    drop(directory);

    let mut response = LoginResponse::new(access_token(call, user.role.clone(), &token, serial)?);
    response.expires_in = Some(whole_seconds(config.token_lifetime));
    response.refresh_token = Some(refresh_token);
    response.user = Some(user);
    Ok(response)
}

fn access_token(call: &Call, role: Role, token: &TokenOf, serial: u64) -> Result<Secret, Refusal> {
    let config = &call.app.config;
    let (user, session) = ((token.user.clone(), role), (token.session, serial));
    let claims = Claims::new(user, config.session_scope.clone(), session, call.now, config.token_lifetime);
    let claims = if config.era == Era::C { claims.with_scope() } else { claims };
    call.app.signer.sign(&claims).ok_or_else(Refusal::internal)
}

/// Rounded up, so that half a second does not become 0, which means expired.
fn whole_seconds(lifetime: Duration) -> i64 {
    let rounded = lifetime.as_secs().saturating_add(u64::from(lifetime.subsec_nanos() > 0));
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// Era C servers, which also read the token from a cookie, answer a request without one with 401; others demand the field.
pub(super) fn decode_refresh(call: &Call, parts: &Parts, body: &Bytes) -> Result<Refresh, Refusal> {
    let object: Option<serde_json::Map<_, _>> = serde_json::from_slice(body).ok();
    let token = object.as_ref().map(|fields| fields.get("refresh_token").unwrap_or(&Value::Null));
    let is_missing = matches!(token, Some(Value::Null)) || token.is_some_and(|token| token == "");
    if call.app.config.era == Era::C && is_missing {
        return Err(Refusal::unauthorized("token_missing", "refresh", "refresh_token"));
    }
    decode(call, parts, body)
}

pub(super) async fn refresh(call: Call, request: Refresh) -> Result<Reply<RefreshResponse>, Refusal> {
    let result = exchange(&call, &request.refresh_token);
    let counters = &call.app.counters;
    if result.is_ok() {
        counters.refreshes.increment();
    } else {
        counters.refused_refreshes.increment();
    }
    call.app.clock.pause(call.app.config.refresh_delay).await;
    result.map(Reply::new)
}

fn exchange(call: &Call, secret: &Secret) -> Result<RefreshResponse, Refusal> {
    let refused = |reason: &str, token: Option<&TokenOf>| {
        call.record(SessionEvent::RefreshRefused { reason: reason.to_owned() }, token);
        Refusal::unauthorized(reason, "refresh", "refresh_token")
    };
    let config = &call.app.config;
    let mut directory = call.app.directory();
    let rejected = |Rejected { error, token }| {
        let reason = match (error, config.era) {
            (RefreshError::Unknown, Era::B) => "token_not_found",
            (RefreshError::Expired, Era::B) => "token_expired",
            (RefreshError::Revoked, Era::B) => "token_revoked",
            (RefreshError::Unknown | RefreshError::Expired, Era::C) => "token_invalid",
            (RefreshError::Revoked, Era::C) => "session_revoked",
            (RefreshError::Reused, _) => {
                call.app.counters.token_reuses.increment();
                call.record(SessionEvent::Reused, token.as_ref());
                return Refusal::unauthorized("token_reuse", "refresh", "refresh_token");
            }
        };
        refused(reason, token.as_ref())
    };
    let token = directory.sessions.check(secret, call.now).map_err(rejected)?;
    // A token that is refused because of the account is not spent: it works once the account does.
    let account = directory
        .accounts
        .get(&token.user)
        .filter(|account| account.is_active() && !account.is_locked(call.now));
    let role = account.map(|account| account.user.role.clone());
    let role = role.ok_or_else(|| refused("user_not_found", Some(&token)))?;
    let (rotates, lifetime) = (config.rotates_refresh_tokens(), config.refresh_lifetime);
    let Redeemed { token, successor } =
        directory.sessions.redeem(secret, rotates, lifetime, call.now).map_err(rejected)?;
    let serial = directory.sessions.next_serial();
    call.record(SessionEvent::Refreshed, Some(&token));
    drop(directory);
    let mut response = RefreshResponse::new(access_token(call, role, &token, serial)?);
    response.expires_in = Some(whole_seconds(config.token_lifetime));
    response.refresh_token = successor;
    Ok(response)
}

pub(super) async fn logout(call: Call, request: Logout) -> Result<Reply<()>, Refusal> {
    let config = &call.app.config;
    if config.era == Era::B && request.refresh_token.is_none() {
        return Err(Refusal::text(
            http::StatusCode::UNPROCESSABLE_ENTITY,
            "Failed to deserialize the JSON body into the target type: missing field `refresh_token`",
        ));
    }
    let mut directory = call.app.directory();
    let closed = request.refresh_token.as_ref().and_then(|token| directory.sessions.close(token));
    if let Some(token) = &closed {
        call.record(SessionEvent::LoggedOut, Some(token));
    }
    // Only a token in `Authorization` is revoked, not one in `X-API-Key`.
    let bearer = Credential::from_headers(&call.headers, call.app.config.era)
        .filter(|credential| credential.header == CredentialHeader::Authorization);
    if let (Era::C, Identity::Session { jti, id, user, .. }, Some(_)) =
        (config.era, &call.caller.identity, bearer)
    {
        directory.sessions.deny_access_token(*jti, call.now.saturating_add(config.token_lifetime), call.now);
        if closed.is_none_or(|closed| closed.session != *id) {
            call.record_session(SessionEvent::AccessTokenDenied, *id, user);
        }
    }
    Ok(Reply::new(()))
}

pub(super) async fn me(call: Call, _: Me) -> Result<Reply<MeResponse>, Refusal> {
    let config = &call.app.config;
    let mut directory = call.app.directory();
    // Era C servers require a credential here even when authentication is off.
    let caller = if !config.auth && config.era == Era::C {
        let credential = Credential::from_headers(&call.headers, call.app.config.era)
            .ok_or_else(Refusal::not_authenticated)?;
        Caller::identify(&credential, config, &call.app.signer, &mut directory, call.now)
            .ok_or_else(Refusal::not_authenticated)?
    } else {
        call.caller.clone()
    };
    let user = caller.user_id().ok_or_else(|| Refusal::not_found("user of this credential"))?;
    let account = directory.accounts.get(user).ok_or_else(|| Refusal::not_found(format!("user {user}")))?;
    if !account.is_active() {
        return Err(Refusal::forbidden("account_inactive"));
    }
    Ok(Reply::new(MeResponse::new(account.user.clone())))
}
