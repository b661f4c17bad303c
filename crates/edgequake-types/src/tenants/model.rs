//! [`Tenant`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::json_answers;
use crate::open_enum::open_enum;
use crate::{TenantId, Timestamp, tolerant};

open_enum! {
    /// What a tenant has booked.
    pub enum Plan {
        /// Nothing.
        Free = "free",
        /// The smallest plan.
        Basic = "basic",
        /// The middle plan.
        Pro = "pro",
        /// The largest plan.
        Enterprise = "enterprise",
    }
}

/// A tenant. What a server leaves out is `None`; what this version does not know is in [`extra`](Self::extra).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Its name for URLs.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub slug: String,
    /// What it has booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Whether it is in force.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// How many workspaces it may have.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub max_workspaces: Option<u64>,
    /// The model of its new workspaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_llm_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_llm_provider: Option<String>,
    /// Both as `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_llm_full_id: Option<String>,
    /// The embedding model of its new workspaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_embedding_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_embedding_provider: Option<String>,
    /// Length of its embeddings.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub default_embedding_dimension: Option<u64>,
    /// Both as `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_embedding_full_id: Option<String>,
    /// The model of its new workspaces for images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_vision_llm_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_vision_llm_provider: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Everything else that the server says about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Tenant {
    /// An active tenant of which only id, name and slug are known.
    pub fn new(id: impl Into<TenantId>, name: impl Into<String>, slug: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            slug: slug.into(),
            plan: None,
            is_active: Some(true),
            max_workspaces: None,
            default_llm_model: None,
            default_llm_provider: None,
            default_llm_full_id: None,
            default_embedding_model: None,
            default_embedding_provider: None,
            default_embedding_dimension: None,
            default_embedding_full_id: None,
            default_vision_llm_model: None,
            default_vision_llm_provider: None,
            created_at: None,
            updated_at: None,
            extra: Map::new(),
        }
    }
}

json_answers!(Tenant);
