//! API keys of the calling user (`/api/v1/api-keys`).
//!
//! Newer servers refuse these calls to a master or static key (403), because no user is behind it.
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
//! let created = CreatedApiKey::decode(answer.into())?;
//! // The key is shown this once: keep it.
//! assert_eq!(created.api_key.expose(), "eq_Zz91kQp4TtUu");
//! assert!(!format!("{created:?}").contains("TtUu"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::aliases::aliases;
use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::open_enum::open_enum;
use crate::page::page_list;
use crate::secret::{self, Secret};
use crate::{KeyId, Paginated, Timestamp, tolerant};

open_enum! {
    /// What a key is for. The short words of the guide are read as well and written in full.
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

/// `POST /api/v1/api-keys`: makes a key.
///
/// Not repeated after an ambiguous failure, because that could leave a key behind that nobody knows. Errors: 401; 403 for
/// a master or static key, and without write scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreateApiKey {
    /// A name to tell it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for. By default the server allows reading and querying.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<KeyScope>>,
    /// After how many days it ends. By default never.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u64>,
}

impl CreateApiKey {
    /// A key with the server's defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    CreateApiKey {
        name: String,
        scopes: Vec<KeyScope>,
        expires_in_days: u64,
    }
}

endpoint! {
    POST "/api/v1/api-keys" => CreateApiKey, CreatedApiKey where Required, Refused, Json
}

/// The answer to [`CreateApiKey`], the only one that ever shows the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct CreatedApiKey {
    /// The id, for [`RevokeApiKey`]. Some clients call the field `id`.
    pub key_id: KeyId,
    /// The key itself. Some clients call the field `key`.
    #[serde(serialize_with = "secret::expose")]
    pub api_key: Secret,
    /// Its first 11 characters, by which lists show it.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub prefix: String,
    /// What it is for.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub scopes: Vec<KeyScope>,
    /// When it ends; `None` for never.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

aliases! { CreatedApiKey { "id" => "key_id", "key" => "api_key" } }

impl CreatedApiKey {
    /// An answer with this key, shown in lists by `prefix`.
    pub fn new(key_id: impl Into<KeyId>, api_key: impl Into<Secret>, prefix: impl Into<String>) -> Self {
        Self {
            key_id: key_id.into(),
            api_key: api_key.into(),
            prefix: prefix.into(),
            scopes: Vec::new(),
            expires_at: None,
            created_at: None,
        }
    }
}

/// `GET /api/v1/api-keys`: one page of the caller's keys, revoked ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListApiKeys {
    /// The number of the page, from 1. Default 1.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
    /// How many keys a page holds. Default 20, at most 100.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
}

impl ListApiKeys {
    /// The first page.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    ListApiKeys { page: u64, page_size: u64 }
}

endpoint! {
    GET "/api/v1/api-keys" => ListApiKeys, ApiKeyList where Required, Safe, Query
}

impl Paginated for ListApiKeys {
    type Item = ApiKey;

    fn next(&self, page: &ApiKeyList) -> Option<Self> {
        Some(self.clone().page(page.pagination().next(self.page, page.keys.len(), None)?))
    }

    fn items(page: ApiKeyList) -> Vec<ApiKey> {
        page.keys
    }
}

page_list! {
    /// One page of keys. Read with its paging fields, without them, or as a bare list of keys.
    ApiKeyList { keys: ApiKey }
}

/// What a list says about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct ApiKey {
    /// The id, for [`RevokeApiKey`]. Some clients call the field `id`.
    pub key_id: KeyId,
    /// The first characters of the key.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub prefix: String,
    /// The name it was given.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub scopes: Vec<KeyScope>,
    /// Whether it is in force; `None` where the server does not say. Revoked keys stay in the list.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// When it was last used; `None` for never. Some clients call the field `last_used`.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// When it ends; `None` for never.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

aliases! { ApiKey { "id" => "key_id", "last_used" => "last_used_at" } }

impl ApiKey {
    /// A key in force that was never used and never ends.
    pub fn new(key_id: impl Into<KeyId>, prefix: impl Into<String>) -> Self {
        Self {
            key_id: key_id.into(),
            prefix: prefix.into(),
            name: None,
            scopes: Vec::new(),
            is_active: Some(true),
            last_used_at: None,
            expires_at: None,
            created_at: None,
        }
    }
}

/// `DELETE /api/v1/api-keys/{key_id}`: takes a key out of force; it stays in the list.
///
/// Errors: 401; 403 without write scope; 404 for an unknown key, or another user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RevokeApiKey {
    /// The id of the key, not the key itself.
    #[serde(skip_serializing)]
    pub key_id: KeyId,
}

impl RevokeApiKey {
    /// Revokes the key with this id.
    pub fn new(key_id: impl Into<KeyId>) -> Self {
        Self { key_id: key_id.into() }
    }
}

endpoint! {
    DELETE "/api/v1/api-keys/{key_id}" (key_id) => RevokeApiKey, RevokedApiKey where Required, Safe, None
}

/// The answer to [`RevokeApiKey`]; an empty one (204) says as much.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RevokedApiKey {
    /// The id of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl RevokedApiKey {
    /// An answer about this key.
    pub fn new(key_id: impl Into<KeyId>) -> Self {
        Self { key_id: Some(key_id.into()), message: None }
    }
}

json_answers!(CreatedApiKey);
json_answers!(or_empty: RevokedApiKey);

#[cfg(test)]
mod tests;
