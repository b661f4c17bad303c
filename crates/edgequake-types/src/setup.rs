//! First-run setup, without a credential (`/api/v1/setup/...`); newer servers only.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::setup::{GetSetupStatus, SetupStatus};
//!
//! assert_eq!(GetSetupStatus::new().to_request()?.uri(), "/api/v1/setup/status");
//!
//! let status = SetupStatus::decode(r#"{"needs_setup":true,"auth_enabled":true,"tenant_count":0}"#.into())?;
//! assert!(status.needs_setup && status.auth_enabled == Some(true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::answer::json_answers;
use crate::endpoint::endpoint;
use crate::tolerant;

/// `GET /api/v1/setup/status`: whether a server waits for its setup, and whether it asks for credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GetSetupStatus {}

impl GetSetupStatus {
    /// The request; it has no fields.
    pub fn new() -> Self {
        Self {}
    }
}

endpoint! {
    GET "/api/v1/setup/status" => GetSetupStatus, SetupStatus where Optional, Safe, None
}

/// The answer to [`GetSetupStatus`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SetupStatus {
    /// Whether the setup is still to be done.
    #[serde(deserialize_with = "tolerant::flag")]
    pub needs_setup: bool,
    /// Whether there is a user who can log in.
    #[serde(deserialize_with = "tolerant::flag")]
    pub has_login_users: bool,
    /// How many tenants there are.
    #[serde(deserialize_with = "tolerant::count")]
    pub tenant_count: u64,
    /// How many workspaces there are.
    #[serde(deserialize_with = "tolerant::count")]
    pub workspace_count: u64,
    /// Whether the server asks for credentials; `None` where it does not say.
    #[serde(deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub auth_enabled: Option<bool>,
    /// Whether the server's environment names its first administrator.
    #[serde(deserialize_with = "tolerant::flag")]
    pub bootstrap_admin_configured: bool,
}

impl SetupStatus {
    /// A server that is set up or not, and asks for credentials or not.
    pub fn new(needs_setup: bool, auth_enabled: bool) -> Self {
        Self { needs_setup, auth_enabled: Some(auth_enabled), ..Self::default() }
    }
}

json_answers!(SetupStatus);

#[cfg(test)]
mod tests;
