//! Sessions: login, refresh, logout and the user behind a credential (`/api/v1/auth/...`).
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::session::{Login, LoginResponse, Refresh};
//!
//! let login = Login::new("mona@corp.test", "correct horse").to_request()?;
//! assert_eq!(login.uri(), "/api/v1/auth/login");
//!
//! let answer = r#"{"access_token":"aaa.bbb.ccc","expires_in":3600,"refresh_token":"0d6c"}"#;
//! let session = LoginResponse::from_body(answer)?;
//! assert!(!format!("{session:?}").contains("aaa.bbb.ccc"));
//!
//! // Newer servers take each refresh token once, and answer with its successor.
//! let refresh = Refresh::new(session.refresh_token.expect("this server gave one")).to_request()?;
//! assert_eq!(refresh.uri(), "/api/v1/auth/refresh");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![doc(alias = "auth")]

use crate::prelude::*;

open_enum! {
    /// What a user may do.
    pub enum Role {
        /// Everything.
        Admin = "admin",
        /// Reading and writing.
        User = "user",
        /// Reading only.
        Readonly = "readonly",
    }
}

/// A user account.
#[model(answer(or_wrapped = "user"), eq, new(user_id, username, email, role, is_active = Some(true)))]
#[derive(Hash)]
pub struct User {
    /// The account's id. Also read from `id`.
    #[field(alias = "id")]
    pub user_id: UserId,
    /// The login name.
    pub username: String,
    /// The e-mail address; empty where the server has none.
    #[field(default)]
    pub email: String,
    /// The role.
    pub role: Role,
    /// Whether the account may log in; absent from the first servers.
    pub is_active: Option<bool>,
    /// When the account was created.
    pub created_at: Option<Timestamp>,
    /// When the account was last changed.
    pub updated_at: Option<Timestamp>,
    /// When the user last logged in; `None` for never.
    #[field(always)]
    pub last_login_at: Option<Timestamp>,
    /// Whether the server created the account for a visitor without a login.
    #[field(omit_default)]
    pub is_anonymous: bool,
}

/// Exchanges a password for tokens.
///
/// Errors: 401 for a wrong name or password, 403 for an inactive account, 423 for a locked one (the fifth failure in a
/// row locks it; while it is locked even the right password gets 423).
#[doc(alias("auth", "authenticate", "sign_in", "identifier"))]
#[operation(POST "/api/v1/auth/login" -> LoginResponse, Public, Never, Json)]
pub struct Login {
    /// User name or e-mail address.
    #[field(alias = "identifier")]
    pub username: String,
    /// The same text again if it contains `@`: servers that follow the published guide read this field.
    pub email: Option<String>,
    /// The password.
    #[field(expose)]
    pub password: Secret,
}

impl Login {
    /// A login by user name or e-mail address.
    pub fn new(identifier: impl Into<String>, password: impl Into<Secret>) -> Self {
        let username = identifier.into();
        Self { email: username.contains('@').then(|| username.clone()), username, password: password.into() }
    }
}

/// The answer to [`Login`].
#[model(answer, new(access_token))]
pub struct LoginResponse {
    /// The token for requests; opaque to clients.
    #[field(expose)]
    pub access_token: Secret,
    /// How to present it. Default `Bearer`.
    #[field(default = bearer)]
    pub token_type: String,
    /// Lifetime of the access token in seconds; `None` if the server did not say. May be zero or negative.
    #[field(read = tolerant::optional_seconds)]
    pub expires_in: Option<i64>,
    /// The token for [`Refresh`]; withheld from browsers.
    #[field(expose)]
    pub refresh_token: Option<Secret>,
    /// The user who logged in; `None` also where a server describes users in a way of its own.
    #[field(lenient)]
    pub user: Option<User>,
}

/// Exchanges a refresh token for new tokens.
///
/// Newer servers use each refresh token once and answer with its successor; a second use revokes the session. Errors: 401
/// with a reason such as `token_reuse` or `token_expired`; on newer servers 403 for a suspended tenant or a revoked
/// membership, which ends the session.
#[doc(alias("auth", "renew"))]
#[operation(POST "/api/v1/auth/refresh" -> RefreshResponse, Public, Never, Json, new(refresh_token))]
pub struct Refresh {
    /// The refresh token.
    #[field(expose)]
    pub refresh_token: Secret,
}

/// The answer to [`Refresh`].
#[model(answer, new(access_token))]
pub struct RefreshResponse {
    /// The new token for requests.
    #[field(expose)]
    pub access_token: Secret,
    /// How to present it. Default `Bearer`.
    #[field(default = bearer)]
    pub token_type: String,
    /// Lifetime of the access token in seconds; `None` if the server did not say. May be zero or negative.
    #[field(read = tolerant::optional_seconds)]
    pub expires_in: Option<i64>,
    /// The successor of the refresh token; `None` means that the one sent stays valid.
    #[field(expose)]
    pub refresh_token: Option<Secret>,
}

fn bearer() -> String {
    "Bearer".to_owned()
}

/// Revokes the session. Newer servers invalidate the access token as well.
///
/// Newer servers demand write scope, so a read-only credential is refused with 403. Errors: 401.
#[doc(alias("auth", "sign_out", "revoke"))]
#[operation(POST "/api/v1/auth/logout" -> (), Required, Never, Json, default)]
pub struct Logout {
    /// The refresh token to revoke. Newer servers do without it.
    #[field(expose)]
    pub refresh_token: Option<Secret>,
}

impl Logout {
    /// A logout that revokes this refresh token, if it is known.
    pub fn new(refresh_token: Option<Secret>) -> Self {
        Self { refresh_token }
    }
}

/// Begins a login with the identity provider in a browser.
///
/// The answer is a redirect (some 3xx) whose `Location` is for the browser; take it from the raw answer, and do
/// not follow it. Errors: 503 with `Retry-After: 0` where the server has no identity provider, or not this one; a retry does
/// not help, so there is none.
#[doc(alias("auth", "sso", "openid"))]
#[operation(GET "/api/v1/auth/oidc/login" -> (), Public, Never, Query, new(), eq)]
pub struct OidcLogin {
    /// The identity provider, by its slug; newer servers only. By default the server's only one.
    pub provider: Option<String>,
    /// The tenant, by its slug; newer servers only. A hint: the provider has to confirm it.
    pub org: Option<String>,
    /// Where the browser goes in the end: a path on the same site, such as `/chat`; newer servers only. Anything else is
    /// dropped.
    pub redirect: Option<String>,
}

/// Reads the user behind the credential.
///
/// Errors: 401; 403 for an inactive account. A master or static key has no user behind it: expect 401, 404 or 500.
#[doc(alias("auth", "whoami", "current_user", "profile"))]
#[operation(GET "/api/v1/auth/me" -> MeResponse, Required, Safe, None, new(), eq)]
pub struct Me {}

/// The answer to [`Me`]. Written wrapped as `{"user": {...}}`, read wrapped or bare.
#[model(answer, wrapped = "user", new(user))]
pub struct MeResponse {
    /// The user.
    pub user: User,
}

operations! { "auth": Login, Refresh, Logout, Me, OidcLogin }

#[cfg(test)]
mod tests;
