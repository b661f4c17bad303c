//! [`WorkspaceSettings`]: what can be set when a workspace is made, and changed later.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::endpoint::setters;
use crate::tolerant;
use crate::workspaces::{CreateWorkspace, UpdateWorkspace};

/// What can be set when a workspace is made, and changed later. What is `None` comes from the tenant, or stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceSettings {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many documents it may hold.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub max_documents: Option<u64>,
    /// The model that extracts entities and answers questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_provider: Option<String>,
    /// The model that embeds chunks. A change takes effect once embeddings are rebuilt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_provider: Option<String>,
    /// Length of an embedding.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub embedding_dimension: Option<u64>,
    /// The model that reads images; an empty text or `none` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vision_llm_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vision_llm_provider: Option<String>,
    /// What reads PDFs: `vision`, `edgeparse`; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf_parser_backend: Option<String>,
    /// The types of entities to look for, at most 20. The server writes them in upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_types: Option<Vec<String>>,
    /// Whether entities of other types are dropped. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_types_strict: Option<bool>,
    /// Models for single roles, by the name of the role; newest servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_roles: Option<Value>,
}

/// The setters of both requests.
macro_rules! settings {
    ($($request:tt)+) => {
        setters! {
            $($request)+ {
                description: String,
                max_documents: u64,
                llm_model: String,
                llm_provider: String,
                embedding_model: String,
                embedding_provider: String,
                embedding_dimension: u64,
                vision_llm_model: String,
                vision_llm_provider: String,
                pdf_parser_backend: String,
                entity_types: Vec<String>,
                entity_types_strict: bool,
                llm_roles: Value,
            }
        }
    };
}

settings!(CreateWorkspace.settings);
settings!(UpdateWorkspace.settings);
