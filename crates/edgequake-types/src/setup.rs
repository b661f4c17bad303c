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

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::secret::{self, Secret};
use crate::tenants::Tenant;
use crate::workspaces::Workspace;
use crate::{DecodeError, request, tolerant};

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

/// `POST /api/v1/setup/initialize`: makes the first tenant, its first workspace and, if asked to, the first administrator.
///
/// Errors: 400; 401 for a wrong setup token; 409 on a server that is set up already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InitializeSetup {
    /// Name of the tenant.
    pub tenant_name: String,
    /// Name of its workspace.
    pub workspace_name: String,
    /// Login name of the administrator, at least 3 characters. Default `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_username: Option<String>,
    /// E-mail address of the administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_email: Option<String>,
    /// Password of the administrator, at least 8 characters. Required where there is no user who can log in.
    #[serde(default, serialize_with = "secret::expose_option", skip_serializing_if = "Option::is_none")]
    pub admin_password: Option<Secret>,
    /// What the tenant is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_description: Option<String>,
    /// Name of the workspace for URLs. By default made from the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_slug: Option<String>,
    /// What the workspace is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_description: Option<String>,
    /// The token that the server's environment demands, if it does. Travels in [`TOKEN_HEADER`](Self::TOKEN_HEADER),
    /// unless it has control characters, which no header can carry.
    #[serde(skip)]
    pub setup_token: Option<Secret>,
}

impl InitializeSetup {
    /// The header that carries the setup token.
    pub const TOKEN_HEADER: &'static str = "x-edgequake-setup-token";

    /// A setup with this tenant and workspace.
    pub fn new(tenant_name: impl Into<String>, workspace_name: impl Into<String>) -> Self {
        Self {
            tenant_name: tenant_name.into(),
            workspace_name: workspace_name.into(),
            admin_username: None,
            admin_email: None,
            admin_password: None,
            tenant_description: None,
            workspace_slug: None,
            workspace_description: None,
            setup_token: None,
        }
    }
}

setters! {
    InitializeSetup {
        admin_username: String,
        admin_email: String,
        admin_password: Secret,
        tenant_description: String,
        workspace_slug: String,
        workspace_description: String,
        setup_token: Secret,
    }
}

endpoint! {
    POST "/api/v1/setup/initialize" => InitializeSetup, SetupResult where Public, Refused, Json {
        #[inline]
        fn headers(&self, headers: &mut HeaderMap) {
            let token = self.setup_token.as_ref().map(|token| HeaderValue::from_str(token.expose()));
            if let Some(Ok(mut value)) = token {
                value.set_sensitive(true);
                headers.insert(Self::TOKEN_HEADER, value);
            }
        }

        #[inline]
        fn from_request(parts: &http::request::Parts, body: &[u8]) -> Result<Self, DecodeError> {
            let mut served: Self = request::from_request(parts, body)?;
            let token = parts.headers.get(Self::TOKEN_HEADER);
            served.setup_token = token.and_then(|value| value.to_str().ok()).map(Secret::from);
            Ok(served)
        }
    }
}

/// The answer to [`InitializeSetup`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetupResult {
    /// The tenant.
    pub tenant: Tenant,
    /// Its workspace.
    pub workspace: Workspace,
    /// Login name of the administrator that was made, if one was.
    #[serde(default)]
    pub admin_username: Option<String>,
    /// Whether there was nothing left to do.
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub already_initialized: bool,
}

impl SetupResult {
    /// A setup that made these.
    pub fn new(tenant: Tenant, workspace: Workspace) -> Self {
        Self { tenant, workspace, admin_username: None, already_initialized: false }
    }
}

json_answers!(SetupStatus, SetupResult);

#[cfg(test)]
mod tests;
