//! [`WorkspaceSettings`]: what can be set when a workspace is created, and changed later.

use super::{CreateWorkspace, RelationEdge, UpdateWorkspace};
use crate::prelude::*;

/// What can be set when a workspace is created, and changed later. What is `None` comes from the tenant, or stays as it is.
///
/// Servers ignore fields that they do not know: what follows `entity_types_strict` needs a newer one.
#[model(new(), also(CreateWorkspace.settings), also(UpdateWorkspace.settings))]
pub struct WorkspaceSettings {
    /// What it is for.
    pub description: Option<String>,
    /// How many documents it may hold.
    pub max_documents: Option<u64>,
    /// The model that extracts entities and answers questions.
    pub llm_model: Option<String>,
    /// The provider of that model.
    pub llm_provider: Option<String>,
    /// The model that embeds chunks. A change takes effect once embeddings are rebuilt.
    pub embedding_model: Option<String>,
    /// The provider of that model.
    pub embedding_provider: Option<String>,
    /// The number of dimensions of an embedding.
    pub embedding_dimension: Option<u64>,
    /// The model that reads images; an empty text or `none` removes it.
    pub vision_llm_model: Option<String>,
    /// The provider of that model.
    pub vision_llm_provider: Option<String>,
    /// What reads PDFs: `vision`, `edgeparse`, newest servers also `edgeparse-ocr`, `auto`; an open set.
    pub pdf_parser_backend: Option<String>,
    /// The types of entities to extract, at most 20; none removes the restriction. The server writes them in upper case.
    pub entity_types: Option<Vec<String>>,
    /// Whether entities of other types are dropped. Default true.
    pub entity_types_strict: Option<bool>,
    /// The types of relationships to extract; none removes the restriction.
    pub relation_types: Option<Vec<String>>,
    /// Whether relationships of other types are replaced. Default true.
    pub relation_types_strict: Option<bool>,
    /// Which types of entities a relationship may connect; none removes the restriction.
    pub relation_edges: Option<Vec<RelationEdge>>,
    /// The preset that the types come from, such as `finance`; an empty text or `none` removes it.
    pub kg_schema_preset: Option<String>,
    /// The color of each type of entities, as `#` and hexadecimal digits; an empty map removes them all.
    pub entity_type_colors: Option<BTreeMap<String, String>>,
    /// The language of extracted descriptions; an empty text or `none` removes it.
    pub extraction_language: Option<String>,
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
    /// How much models reason by default, such as `low`.
    pub default_reasoning_effort: Option<String>,
    /// Models for single roles. They are merged role by role; [none at all](LlmRoleChanges::new) removes all of them.
    pub llm_roles: Option<LlmRoleChanges>,
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
    /// What extracts entities: `llm`, `decision`, or `inherit` for the server's default. From 0.31 on, as all that follow.
    pub extraction_mode: Option<String>,
    /// The preset of the decision gate.
    pub decision_gate_preset: Option<String>,
    /// The decision model.
    pub decision_model: Option<String>,
    /// The size of a pack of decisions, from 1 to 16; 0 removes the setting.
    pub decision_pack_size: Option<u64>,
}

/// What becomes of the models for single roles: a role that is not named stays as it is.
///
/// One with no role at all removes the models of all roles.
///
/// ```
/// use edgequake_types::workspaces::{LlmRoleChange, LlmRoleChanges};
///
/// let changes = LlmRoleChanges::new().query(LlmRoleChange::new().model("small").clear_reasoning_effort()).clear_vlm();
/// let written = serde_json::to_string(&changes)?;
/// assert_eq!(written, r#"{"query":{"model":"small","reasoning_effort":null},"vlm":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[model(setters, new())]
pub struct LlmRoleChanges {
    /// The model that extracts entities.
    pub extract: Patch<LlmRoleChange>,
    /// The model that answers questions.
    pub query: Patch<LlmRoleChange>,
    /// The model that summarizes descriptions.
    pub summary: Patch<LlmRoleChange>,
    /// The model that reads images.
    pub vlm: Patch<LlmRoleChange>,
    /// The model that finds the keywords of a question.
    pub keyword: Patch<LlmRoleChange>,
    /// Roles that this version does not know.
    #[field(flatten)]
    pub others: Map<String, Value>,
}

/// What becomes of the model for one role: a field that is not named stays as it is.
#[model(setters, new(), eq)]
pub struct LlmRoleChange {
    /// The provider of the model.
    pub provider: Patch<String>,
    /// The model.
    pub model: Patch<String>,
    /// How much it reasons, such as `low`.
    pub reasoning_effort: Patch<String>,
    /// The connection to the provider; from 0.33 on.
    pub connection_id: Patch<String>,
}
