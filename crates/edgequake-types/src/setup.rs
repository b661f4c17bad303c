//! First-run setup, without a credential (`/api/v1/setup/...`); newer servers only.
//!
//! For what newer servers are, see [server versions](crate#server-versions).
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

use crate::prelude::*;
use crate::tenants::Tenant;
use crate::workspaces::{RelationEdge, Workspace};

/// Reads whether the server still needs its setup, and whether it requires credentials.
#[doc(alias("auth_enabled", "first_run"))]
#[operation(GET "/api/v1/setup/status" -> SetupStatus, Optional, Safe, None, new(), eq)]
pub struct GetSetupStatus {}

/// The answer to [`GetSetupStatus`].
#[model(answer, new(needs_setup, auth_enabled), default, eq)]
pub struct SetupStatus {
    /// Whether the setup is still needed.
    pub needs_setup: bool,
    /// Whether there is a user who can log in.
    pub has_login_users: bool,
    /// How many tenants there are.
    pub tenant_count: u64,
    /// How many workspaces there are.
    pub workspace_count: u64,
    /// Whether the server requires credentials; `None` where it does not say.
    pub auth_enabled: Option<bool>,
    /// Whether the server's environment names its first administrator.
    pub bootstrap_admin_configured: bool,
}

/// Creates the first tenant, its first workspace and, if asked to, the first administrator.
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
    /// The default model of the tenant's workspaces, which extracts entities and answers questions. By default the server's.
    /// This and all that follows except the token needs a server since 0.26.5, which takes it as for
    /// [a workspace](crate::workspaces::WorkspaceSettings).
    pub default_llm_model: Option<String>,
    /// The provider of that model.
    pub default_llm_provider: Option<String>,
    /// The default embedding model. By default the server's.
    pub default_embedding_model: Option<String>,
    /// The provider of that model.
    pub default_embedding_provider: Option<String>,
    /// The number of dimensions of its embeddings.
    pub default_embedding_dimension: Option<u64>,
    /// The default model that reads images.
    pub default_vision_llm_model: Option<String>,
    /// The provider of that model.
    pub default_vision_llm_provider: Option<String>,
    /// How much models reason by default, such as `low`.
    pub default_reasoning_effort: Option<String>,
    /// What reads PDFs: `vision`, `edgeparse`, `auto`; an open set.
    pub pdf_parser_backend: Option<String>,
    /// The types of entities to extract.
    pub entity_types: Option<Vec<String>>,
    /// Whether entities of other types are dropped.
    pub entity_types_strict: Option<bool>,
    /// The types of relationships to extract.
    pub relation_types: Option<Vec<String>>,
    /// Whether relationships of other types are replaced.
    pub relation_types_strict: Option<bool>,
    /// Which types of entities a relationship may connect.
    pub relation_edges: Option<Vec<RelationEdge>>,
    /// The color of each type of entities, as `#` and hexadecimal digits.
    pub entity_type_colors: Option<BTreeMap<String, String>>,
    /// The preset that the types come from, such as `finance`.
    pub kg_schema_preset: Option<String>,
    /// How documents are split into chunks: `adaptive`, `fixed`, or `inherit` for the server's default.
    pub chunking_mode: Option<String>,
    /// The length of a chunk, in tokens.
    pub chunk_token_size: Option<u64>,
    /// How much of a chunk the next one repeats, in tokens.
    pub chunk_overlap_token_size: Option<u64>,
    /// Where the two limits that follow come from: `custom` for the values here, `inherit` for the server's.
    pub extract_budget_mode: Option<String>,
    /// How many entities an extraction may give.
    pub extract_max_entities: Option<u64>,
    /// How many records an extraction may give.
    pub extract_max_records: Option<u64>,
    /// The language of extracted descriptions.
    pub extraction_language: Option<String>,
    /// Whether images are extracted.
    pub vision_extract_images: Option<bool>,
    /// Whether charts are extracted.
    pub vision_extract_charts: Option<bool>,
    /// Whether figures are extracted.
    pub vision_extract_figures: Option<bool>,
    /// The system prompt for pages.
    pub vision_page_system_prompt: Option<String>,
    /// The system prompt for images.
    pub vision_image_system_prompt: Option<String>,
    /// The system prompt for charts.
    pub vision_chart_system_prompt: Option<String>,
    /// The system prompt for figures.
    pub vision_figure_system_prompt: Option<String>,
    /// The token that the server's environment demands, if it does. Travels in [`TOKEN_HEADER`](Self::TOKEN_HEADER), so
    /// control characters in it are an error.
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
    /// Login name of the administrator that was created, if one was.
    #[field(always)]
    pub admin_username: Option<String>,
    /// Whether the server was set up before.
    pub already_initialized: bool,
}

operations! { "setup": GetSetupStatus, InitializeSetup }

#[cfg(test)]
mod tests;
