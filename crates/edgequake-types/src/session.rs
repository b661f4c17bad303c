//! Sessions: login, refresh, logout and the user behind a credential (`/api/v1/auth/...`).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::session::{Login, LoginResponse, Refresh};
//!
//! let login = Login::new("mona@corp.test", "correct horse").to_request()?;
//! assert_eq!(login.uri(), "/api/v1/auth/login");
//!
//! let answer = r#"{"access_token":"aaa.bbb.ccc","expires_in":3600,"refresh_token":"0d6c"}"#;
//! let session = LoginResponse::decode(answer.into())?;
//! assert!(!format!("{session:?}").contains("aaa.bbb.ccc"));
//!
//! // Newer servers take each refresh token once, and answer with its successor.
//! let refresh = Refresh::new(session.refresh_token.expect("this server gave one")).to_request()?;
//! assert_eq!(refresh.uri(), "/api/v1/auth/refresh");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

use crate::aliases::aliases;
use crate::answer::json_answers;
use crate::endpoint::endpoint;
use crate::open_enum::open_enum;
use crate::secret::{self, Secret};
use crate::{Answer, Decode, DecodeError, EncodeError, Timestamp, UserId, tolerant};

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct User {
    /// The account's id. Some clients call the field `id`.
    pub user_id: UserId,
    /// The login name.
    pub username: String,
    /// The e-mail address; empty where the server has none.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub email: String,
    /// The role.
    pub role: Role,
    /// Whether the account may log in; absent from the first servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// When the account was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When the account was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When the user last logged in; `None` for never.
    #[serde(default)]
    pub last_login_at: Option<Timestamp>,
    /// Whether the server made the account for a visitor without a login.
    #[serde(default, deserialize_with = "tolerant::flag", skip_serializing_if = "std::ops::Not::not")]
    pub is_anonymous: bool,
}

aliases! { User { "id" => "user_id" } }

impl User {
    /// An active account with these facts and nothing else.
    pub fn new(user_id: UserId, username: impl Into<String>, email: impl Into<String>, role: Role) -> Self {
        Self {
            user_id,
            username: username.into(),
            email: email.into(),
            role,
            is_active: Some(true),
            created_at: None,
            updated_at: None,
            last_login_at: None,
            is_anonymous: false,
        }
    }
}

/// `POST /api/v1/auth/login`: exchanges a password for tokens.
///
/// Errors: 401 for a wrong name or password, 403 for an inactive account, 423 for a locked one (the fifth failure in a
/// row locks it; while it is locked even the right password gets 423).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Login {
    /// User name or e-mail address.
    #[serde(alias = "identifier")]
    pub username: String,
    /// The same text again if it contains `@`: servers after the published guide read this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The password.
    #[serde(serialize_with = "secret::expose")]
    pub password: Secret,
}

impl Login {
    /// A login by user name or e-mail address.
    pub fn new(identifier: impl Into<String>, password: impl Into<Secret>) -> Self {
        let username = identifier.into();
        let email = username.contains('@').then(|| username.clone());
        Self { username, email, password: password.into() }
    }
}

endpoint! {
    POST "/api/v1/auth/login" => Login, LoginResponse where Public, Never, Json
}

/// The answer to [`Login`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoginResponse {
    /// The token for requests; opaque to clients.
    #[serde(serialize_with = "secret::expose")]
    pub access_token: Secret,
    /// How to present it: `Bearer`.
    #[serde(default = "bearer", deserialize_with = "bearer_or")]
    pub token_type: String,
    /// Lifetime of the access token in seconds; `None` if the server did not say. May be zero or negative.
    #[serde(default, deserialize_with = "tolerant::optional_seconds")]
    pub expires_in: Option<i64>,
    /// The token for [`Refresh`]; withheld from browsers.
    #[serde(
        default,
        deserialize_with = "non_empty_secret",
        serialize_with = "secret::expose_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh_token: Option<Secret>,
    /// The user who logged in; `None` also where a server describes users in a way of its own.
    #[serde(default, deserialize_with = "tolerant::if_readable", skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
}

impl LoginResponse {
    /// An answer with an access token and nothing else.
    pub fn new(access_token: impl Into<Secret>) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: bearer(),
            expires_in: None,
            refresh_token: None,
            user: None,
        }
    }
}

/// `POST /api/v1/auth/refresh`: exchanges a refresh token for new tokens.
///
/// Newer servers use each refresh token once and answer with its successor; a second use revokes the session. Errors: 401
/// with a reason such as `token_reuse` or `token_expired`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refresh {
    /// The refresh token.
    #[serde(serialize_with = "secret::expose")]
    pub refresh_token: Secret,
}

impl Refresh {
    /// A refresh with this token.
    pub fn new(refresh_token: impl Into<Secret>) -> Self {
        Self { refresh_token: refresh_token.into() }
    }
}

endpoint! {
    POST "/api/v1/auth/refresh" => Refresh, RefreshResponse where Public, Never, Json
}

/// The answer to [`Refresh`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefreshResponse {
    /// The new token for requests.
    #[serde(serialize_with = "secret::expose")]
    pub access_token: Secret,
    /// How to present it: `Bearer`.
    #[serde(default = "bearer", deserialize_with = "bearer_or")]
    pub token_type: String,
    /// Lifetime of the access token in seconds; `None` if the server did not say. May be zero or negative.
    #[serde(default, deserialize_with = "tolerant::optional_seconds")]
    pub expires_in: Option<i64>,
    /// The successor of the refresh token; `None` means that the one sent stays valid.
    #[serde(
        default,
        deserialize_with = "non_empty_secret",
        serialize_with = "secret::expose_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh_token: Option<Secret>,
}

impl RefreshResponse {
    /// An answer with an access token and nothing else.
    pub fn new(access_token: impl Into<Secret>) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: bearer(),
            expires_in: None,
            refresh_token: None,
        }
    }
}

/// `POST /api/v1/auth/logout`: revokes the session. Needs a credential; answers 204.
///
/// Newer servers demand write scope, so a read-only credential is refused with 403.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Logout {
    /// The refresh token to revoke. Newer servers take `{}` as well.
    #[serde(default, serialize_with = "secret::expose_option", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}

impl Logout {
    /// A logout that revokes this refresh token, if it is known.
    pub fn new(refresh_token: Option<Secret>) -> Self {
        Self { refresh_token }
    }
}

endpoint! {
    POST "/api/v1/auth/logout" => Logout, () where Required, Never, Json
}

/// `GET /api/v1/auth/oidc/login`: where a browser begins a login with the identity provider.
///
/// The answer is a redirect (some 3xx) whose `Location` is for the browser; a client takes it from the raw answer and follows
/// nothing. Errors: 503 with `Retry-After: 0` where the server has no identity provider; it never heals, so it is not repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcLogin {}

impl OidcLogin {
    /// The request; it has no fields.
    pub fn new() -> Self {
        Self {}
    }
}

endpoint! {
    GET "/api/v1/auth/oidc/login" => OidcLogin, () where Public, Never, None
}

/// `GET /api/v1/auth/me`: the user behind the credential.
///
/// Errors: 401; 403 for an inactive account. A master or static key has no user behind it: expect 401, 404 or 500.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Me {}

impl Me {
    /// The request; it has no fields.
    pub fn new() -> Self {
        Self {}
    }
}

endpoint! {
    GET "/api/v1/auth/me" => Me, MeResponse where Required, Safe, None
}

/// The answer to [`Me`]. Written wrapped as `{"user": {...}}`, read wrapped or bare.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MeResponse {
    /// The user.
    pub user: User,
}

impl MeResponse {
    /// An answer about this user.
    pub fn new(user: User) -> Self {
        Self { user }
    }
}

impl<'de> Deserialize<'de> for MeResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tolerant::wrapped(deserializer, "user").map(|user| Self { user })
    }
}

json_answers!(LoginResponse, RefreshResponse, MeResponse);

/// Written bare; read wrapped as `{"user": {...}}` as well.
impl Answer for User {
    const MEDIA_TYPE: &'static str = MeResponse::MEDIA_TYPE;
}

impl Decode for User {
    #[inline]
    fn decode(body: Bytes) -> Result<Self, DecodeError> {
        MeResponse::decode(body).map(|answer| answer.user)
    }

    #[inline]
    fn encode(&self) -> Result<Bytes, EncodeError> {
        serde_json::to_vec(self).map(Into::into).map_err(EncodeError::Serialize)
    }
}

fn bearer() -> String {
    "Bearer".to_owned()
}

fn bearer_or<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(bearer))
}

fn non_empty_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<Secret>::deserialize(deserializer)?.filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests;
