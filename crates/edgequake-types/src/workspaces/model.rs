//! [`Workspace`] and [`WorkspaceStats`].

use crate::prelude::*;

/// A workspace. What a server leaves out is `None`; what this version does not know is in [`extra`](Self::extra), and
/// servers add to it with every release.
#[model(answer, new(id, tenant_id, name, slug))]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The tenant that it belongs to.
    pub tenant_id: Option<TenantId>,
    /// Its name.
    pub name: String,
    /// Its name for URLs.
    #[field(default)]
    pub slug: String,
    /// What it is for.
    #[field(always)]
    pub description: Option<String>,
    /// Whether it is active; requests to an inactive workspace are refused.
    pub is_active: Option<bool>,
    /// How many documents it may hold; `None` for any number.
    #[field(always)]
    pub max_documents: Option<u64>,
    /// The model that extracts entities and answers questions.
    pub llm_model: Option<String>,
    /// The provider of that model.
    pub llm_provider: Option<String>,
    /// Both as `provider/model`.
    pub llm_full_id: Option<String>,
    /// The model that embeds chunks.
    pub embedding_model: Option<String>,
    /// The provider of that model.
    pub embedding_provider: Option<String>,
    /// The number of dimensions of an embedding.
    pub embedding_dimension: Option<u64>,
    /// Both as `provider/model`.
    pub embedding_full_id: Option<String>,
    /// Whether entities of other types are dropped; newer servers only.
    pub entity_types_strict: Option<bool>,
    /// Whether relationships of other types are replaced; newer servers only.
    pub relation_types_strict: Option<bool>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// The model that reads images, where the workspace sets one; newest servers only, as all that follow.
    pub vision_llm_model: Option<String>,
    /// The provider of that model.
    pub vision_llm_provider: Option<String>,
    /// The model that is really used, with the defaults of tenant and server.
    pub resolved_llm_model: Option<String>,
    /// The provider of that model.
    pub resolved_llm_provider: Option<String>,
    /// Where that model was set: `workspace`, `tenant`, `env` or `default`.
    pub llm_resolution_source: Option<String>,
    /// The embedding model that is really used.
    pub resolved_embedding_model: Option<String>,
    /// The provider of that model.
    pub resolved_embedding_provider: Option<String>,
    /// The number of dimensions of its embeddings.
    pub resolved_embedding_dimension: Option<u64>,
    /// Where that model was set: `workspace`, `tenant`, `env` or `default`.
    pub embedding_resolution_source: Option<String>,
    /// The model for images that is really used.
    pub resolved_vision_llm_model: Option<String>,
    /// The provider of that model.
    pub resolved_vision_llm_provider: Option<String>,
    /// Where that model was set: `workspace`, `tenant`, `env` or `default`.
    pub vision_llm_resolution_source: Option<String>,
    /// What reads PDFs: `vision`, `edgeparse`, `edgeparse-ocr`, `auto`; an open set.
    pub pdf_parser_backend: Option<String>,
    /// The types of entities to extract.
    pub entity_types: Option<Vec<String>>,
    /// The color of each type of entities.
    #[field(lenient)]
    pub entity_type_colors: Option<BTreeMap<String, String>>,
    /// The types of relationships to extract.
    pub relation_types: Option<Vec<String>>,
    /// Which types of entities a relationship may connect.
    #[field(lenient)]
    pub relation_edges: Option<Vec<RelationEdge>>,
    /// The preset that the types come from.
    pub kg_schema_preset: Option<String>,
    /// The language of extracted descriptions.
    pub extraction_language: Option<String>,
    /// How documents are split into chunks: `adaptive`, `fixed` or `inherit`.
    pub chunking_mode: Option<String>,
    /// The length of a chunk, in tokens.
    pub chunk_token_size: Option<u64>,
    /// How much of a chunk the next one repeats, in tokens.
    pub chunk_overlap_token_size: Option<u64>,
    /// Where the two limits that follow come from: `custom` or `inherit`.
    pub extract_budget_mode: Option<String>,
    /// How many entities an extraction may give.
    pub extract_max_entities: Option<u64>,
    /// How many records an extraction may give.
    pub extract_max_records: Option<u64>,
    /// What extracts entities, where the workspace sets it: `llm` or `decision`.
    pub extraction_mode: Option<String>,
    /// What really extracts entities, with the server's default.
    #[field(lenient)]
    pub effective_extraction_mode: Option<ExtractionMode>,
    /// The preset of the decision gate.
    pub decision_gate_preset: Option<String>,
    /// The decision model.
    pub decision_model: Option<String>,
    /// The size of a pack of decisions.
    pub decision_pack_size: Option<u64>,
    /// How much models reason by default, such as `low`.
    pub default_reasoning_effort: Option<String>,
    /// Models for single roles.
    #[field(lenient)]
    pub llm_roles: Option<LlmRoles>,
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
    /// Its numbers, where [`ListWorkspaces::include_stats`](super::ListWorkspaces::include_stats) asked for them.
    #[field(lenient)]
    pub stats: Option<WorkspaceStats>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Which types of entities a relationship may connect.
#[model(new(source, relation, target), eq)]
pub struct RelationEdge {
    /// The type of the entity that it starts from.
    pub source: String,
    /// The type of the relationship.
    pub relation: String,
    /// The type of the entity that it leads to.
    pub target: String,
}

/// What extracts entities, and who decided it.
#[model(eq)]
pub struct ExtractionMode {
    /// `llm` or `decision`.
    pub mode: String,
    /// Where it was set: `workspace`, `env` or `default`.
    pub source: Option<String>,
}

/// The models for single roles.
#[model(default)]
pub struct LlmRoles {
    /// The model that extracts entities.
    pub extract: Option<LlmRole>,
    /// The model that answers questions.
    pub query: Option<LlmRole>,
    /// The model that summarizes descriptions.
    pub summary: Option<LlmRole>,
    /// The model that reads images.
    pub vlm: Option<LlmRole>,
    /// The model that finds the keywords of a question.
    pub keyword: Option<LlmRole>,
    /// Roles that this version does not know.
    #[field(flatten)]
    pub others: Map<String, Value>,
}

/// The model for one role. What is `None` is as for the workspace.
#[model(default, eq)]
pub struct LlmRole {
    /// The provider of the model.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// How much it reasons, such as `low`.
    pub reasoning_effort: Option<String>,
    /// The connection to the provider; from 0.33 on.
    pub connection_id: Option<String>,
}

/// The numbers of a workspace; the server caches them for about a minute.
#[model(answer, new(workspace_id), eq)]
pub struct WorkspaceStats {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// How many documents it holds.
    pub document_count: u64,
    /// How many entities.
    pub entity_count: u64,
    /// How many relationships.
    pub relationship_count: u64,
    /// How many types of entities; absent from the first servers.
    pub entity_type_count: Option<u64>,
    /// How many chunks.
    pub chunk_count: u64,
    /// How many embeddings; absent from the first servers.
    pub embedding_count: Option<u64>,
    /// How much storage it takes, in bytes. Also read from `storage_size_bytes`.
    #[field(alias = "storage_size_bytes")]
    pub storage_bytes: u64,
    /// Whether the numbers are older than the last change; newest servers only.
    pub stale: Option<bool>,
}
