//! First-run setup, without a credential (`/api/v1/setup/...`); newer servers only.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::setup::{GetSetupStatus, SetupStatus};
//!
//! assert_eq!(GetSetupStatus::new().to_request()?.uri(), "/api/v1/setup/status");
//!
//! let status = SetupStatus::from_body(r#"{"needs_setup":true,"auth_enabled":true,"tenant_count":0}"#)?;
//! assert!(status.needs_setup && status.auth_enabled == Some(true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{prelude::*, tenants::Tenant, workspaces::Workspace};

/// Tells whether a server waits for its setup, and whether it asks for credentials.
#[doc(alias("auth_enabled", "first_run"))]
#[operation(GET "/api/v1/setup/status" -> SetupStatus, Optional, Safe, None, new(), eq)]
pub struct GetSetupStatus {}

/// The answer to [`GetSetupStatus`].
#[model(answer, new(needs_setup, auth_enabled), default, eq)]
pub struct SetupStatus {
    /// Whether the setup is still to be done.
    pub needs_setup: bool,
    /// Whether there is a user who can log in.
    pub has_login_users: bool,
    /// How many tenants there are.
    pub tenant_count: u64,
    /// How many workspaces there are.
    pub workspace_count: u64,
    /// Whether the server asks for credentials; `None` where it does not say.
    pub auth_enabled: Option<bool>,
    /// Whether the server's environment names its first administrator.
    pub bootstrap_admin_configured: bool,
}

/// Makes the first tenant, its first workspace and, if asked to, the first administrator.
///
/// Errors: 400; 401 for a wrong setup token; 409 on a server that is set up already.
#[doc(alias("first_run", "bootstrap"))]
#[operation(POST "/api/v1/setup/initialize" -> SetupResult, Public, Refused, Json, new(tenant_name, workspace_name), eq)]
pub struct InitializeSetup {
    /// Name of the tenant.
    pub tenant_name: String,
    /// Name of its workspace.
    pub workspace_name: String,
    /// Login name of the administrator, at least 3 characters. Default `admin`.
    pub admin_username: Option<String>,
    /// E-mail address of the administrator.
    pub admin_email: Option<String>,
    /// Password of the administrator, at least 8 characters. Required where there is no user who can log in.
    #[field(expose)]
    pub admin_password: Option<Secret>,
    /// What the tenant is for.
    pub tenant_description: Option<String>,
    /// Name of the workspace for URLs. By default made from the name.
    pub workspace_slug: Option<String>,
    /// What the workspace is for.
    pub workspace_description: Option<String>,
    /// The token that the server's environment demands, if it does. Travels in [`TOKEN_HEADER`](Self::TOKEN_HEADER),
    /// unless it has control characters, which no header can carry.
    #[field(header = "x-edgequake-setup-token")]
    pub setup_token: Option<Secret>,
}

impl InitializeSetup {
    /// The header that carries the setup token.
    pub const TOKEN_HEADER: &'static str = "x-edgequake-setup-token";
}

/// The answer to [`InitializeSetup`].
#[model(answer(201), new(tenant, workspace))]
pub struct SetupResult {
    /// The tenant.
    pub tenant: Tenant,
    /// Its workspace.
    pub workspace: Workspace,
    /// Login name of the administrator that was made, if one was.
    #[field(always)]
    pub admin_username: Option<String>,
    /// Whether there was nothing left to do.
    pub already_initialized: bool,
}

operations! { "setup": GetSetupStatus, InitializeSetup }

#[cfg(test)]
mod tests;
