//! API keys of the calling user (`/api/v1/api-keys`).
//!
//! Newer servers refuse these calls to a master or static key (403), because no user stands behind it.
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::api_keys::{CreateApiKey, CreatedApiKey, KeyScope};
//!
//! // A key without scopes can only read and query: name what it is for.
//! let create = CreateApiKey::new().name("ci").scopes([KeyScope::Read, KeyScope::Write]).expires_in_days(90);
//! let request = create.to_request()?;
//! assert_eq!(request.uri(), "/api/v1/api-keys");
//!
//! let answer = r#"{"key_id":"k-1","api_key":"eq_Zz91kQp4TtUu","prefix":"eq_Zz91kQp4","scopes":["edgequake:read"]}"#;
//! let created = CreatedApiKey::from_body(answer)?;
//! // The key is shown only once: store it now.
//! assert_eq!(created.api_key.expose(), "eq_Zz91kQp4TtUu");
//! assert!(!format!("{created:?}").contains("TtUu"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::prelude::*;

open_enum! {
    /// What a key allows. The short words of the guide are also read, and written in full.
    pub enum KeyScope {
        /// Reading.
        Read = "edgequake:read" | "read",
        /// Asking questions.
        Query = "edgequake:query" | "query",
        /// Everything that changes something, and also chat and logout.
        Write = "edgequake:write" | "write",
        /// Everything, administration included.
        All = "*" | "admin",
    }
}

/// Creates a key.
///
/// Not retried after an ambiguous failure, because that could leave behind a key that nobody knows. Errors: 401; 403 for
/// a master or static key, and without write scope.
#[doc(alias = "generate_key")]
#[operation(POST "/api/v1/api-keys" -> CreatedApiKey, Required, Refused, Json, new(), eq)]
pub struct CreateApiKey {
    /// A name for it.
    pub name: Option<String>,
    /// What it allows. By default reading and querying.
    pub scopes: Option<Vec<KeyScope>>,
    /// After how many days it expires. By default never.
    pub expires_in_days: Option<u64>,
}

/// The answer to [`CreateApiKey`], the only one that ever shows the key.
#[model(answer(201), new(key_id, api_key, prefix), eq)]
pub struct CreatedApiKey {
    /// The id, for [`RevokeApiKey`]. Also read from `id`.
    #[field(alias = "id")]
    pub key_id: KeyId,
    /// The key itself. Also read from `key`.
    #[field(alias = "key", expose)]
    pub api_key: Secret,
    /// Its first 11 characters, by which lists show it.
    #[field(default)]
    pub prefix: String,
    /// What it allows.
    pub scopes: Vec<KeyScope>,
    /// When it expires; `None` for never.
    #[field(always)]
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// Lists the caller's keys, a page at a time, revoked ones included.
#[operation(GET "/api/v1/api-keys" -> ApiKeyList, Required, Safe, Query, new(), eq)]
pub struct ListApiKeys {
    /// The number of the page, from 1. Default 1.
    pub page: Option<u64>,
    /// How many keys a page holds. Default 20, at most 100.
    pub page_size: Option<u64>,
}

page_list! {
    /// One page of keys. Read with its paging fields, without them, or as a bare list of keys.
    ApiKeyList { keys: ApiKey by key_id } of ListApiKeys
}

/// What a list says about a key.
#[model(new(key_id, prefix, is_active = Some(true)), eq)]
pub struct ApiKey {
    /// The id, for [`RevokeApiKey`]. Also read from `id`.
    #[field(alias = "id")]
    pub key_id: KeyId,
    /// The first characters of the key.
    #[field(default)]
    pub prefix: String,
    /// The name it was given.
    #[field(always)]
    pub name: Option<String>,
    /// What it allows.
    pub scopes: Vec<KeyScope>,
    /// Whether it is active; `None` where the server does not say. Revoked keys stay in the list.
    pub is_active: Option<bool>,
    /// When it was last used; `None` for never. Also read from `last_used`.
    #[field(alias = "last_used", always)]
    pub last_used_at: Option<Timestamp>,
    /// When it expires; `None` for never.
    #[field(always)]
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// Revokes a key; it stays in the list.
///
/// Errors: 401; 403 without write scope; 404 for an unknown key, or another user's.
#[doc(alias("delete", "DeleteApiKey"))]
#[operation(DELETE "/api/v1/api-keys/{key_id}" -> RevokedApiKey, Required, Safe, None, new(key_id), eq)]
pub struct RevokeApiKey {
    /// The id of the key, not the key itself.
    pub key_id: KeyId,
}

/// The answer to [`RevokeApiKey`]; it may be empty (204).
#[model(answer(or_empty), default, eq)]
pub struct RevokedApiKey {
    /// The id of the key.
    pub key_id: Option<KeyId>,
    /// A message for people.
    pub message: Option<String>,
}

impl RevokedApiKey {
    /// An answer about this key.
    pub fn new(key_id: impl Into<KeyId>) -> Self {
        Self { key_id: Some(key_id.into()), message: None }
    }
}

operations! { "api-keys": CreateApiKey, ListApiKeys, RevokeApiKey }

#[cfg(test)]
mod tests;
