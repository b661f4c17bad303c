//! [`Workspace`] and [`WorkspaceStats`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::json_answers;
use crate::{TenantId, Timestamp, WorkspaceId, tolerant};

/// A workspace. What a server leaves out is `None`; what this version does not know is in [`extra`](Self::extra), and
/// servers add to it with every release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The tenant that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// Its name.
    pub name: String,
    /// Its name for URLs.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub slug: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it is in force.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// How many documents it may hold; `None` for any number.
    #[serde(default, deserialize_with = "tolerant::optional_count")]
    pub max_documents: Option<u64>,
    /// The model that extracts entities and answers questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_provider: Option<String>,
    /// Both as `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_full_id: Option<String>,
    /// The model that embeds chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_provider: Option<String>,
    /// Length of an embedding.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub embedding_dimension: Option<u64>,
    /// Both as `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_full_id: Option<String>,
    /// Whether entities of other types are dropped; newer servers only.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub entity_types_strict: Option<bool>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Its numbers, where [`ListWorkspaces::include_stats`](super::ListWorkspaces::include_stats) asked for them.
    #[serde(default, deserialize_with = "tolerant::if_readable", skip_serializing_if = "Option::is_none")]
    pub stats: Option<WorkspaceStats>,
    /// Everything else that the server says about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Workspace {
    /// An active workspace of which only id, tenant, name and slug are known.
    pub fn new(
        id: impl Into<WorkspaceId>,
        tenant_id: impl Into<TenantId>,
        name: impl Into<String>,
        slug: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            tenant_id: Some(tenant_id.into()),
            name: name.into(),
            slug: slug.into(),
            description: None,
            is_active: Some(true),
            max_documents: None,
            llm_model: None,
            llm_provider: None,
            llm_full_id: None,
            embedding_model: None,
            embedding_provider: None,
            embedding_dimension: None,
            embedding_full_id: None,
            entity_types_strict: None,
            created_at: None,
            updated_at: None,
            stats: None,
            extra: Map::new(),
        }
    }
}

/// The numbers of a workspace; the server keeps them for about a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceStats {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// How many documents it holds.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub document_count: u64,
    /// How many entities.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub entity_count: u64,
    /// How many relationships.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub relationship_count: u64,
    /// How many types of entities; absent from the first servers.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub entity_type_count: Option<u64>,
    /// How many chunks.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub chunk_count: u64,
    /// How many embeddings; absent from the first servers.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub embedding_count: Option<u64>,
    /// How much room it takes, in bytes.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub storage_bytes: u64,
    /// Whether the numbers are older than the last change; newest servers only.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub stale: Option<bool>,
}

impl WorkspaceStats {
    /// The numbers of an empty workspace.
    pub fn new(workspace_id: impl Into<WorkspaceId>) -> Self {
        Self {
            workspace_id: workspace_id.into(),
            document_count: 0,
            entity_count: 0,
            relationship_count: 0,
            entity_type_count: None,
            chunk_count: 0,
            embedding_count: None,
            storage_bytes: 0,
            stale: None,
        }
    }
}

json_answers!(Workspace, WorkspaceStats);
