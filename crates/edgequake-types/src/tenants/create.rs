//! [`CreateTenant`].

use serde::{Deserialize, Serialize};

use super::{Plan, Tenant};
use crate::endpoint::{endpoint, setters};
use crate::tolerant;

/// `POST /api/v1/tenants`: makes a tenant. Not repeated after an ambiguous failure.
///
/// Errors: 400; 403 for anyone but a platform administrator; 409 for a slug that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreateTenant {
    /// Its name.
    pub name: String,
    /// Its name for URLs. By default made from the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it is for. No answer repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it has booked. By default the server decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The model of its workspaces. By default the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_llm_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_llm_provider: Option<String>,
    /// The embedding model of its workspaces. By default the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_embedding_model: Option<String>,
    /// The provider of that model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_embedding_provider: Option<String>,
    /// Length of its embeddings.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub default_embedding_dimension: Option<u64>,
    /// The model of its workspaces for images; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_vision_llm_model: Option<String>,
    /// The provider of that model; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_vision_llm_provider: Option<String>,
}

impl CreateTenant {
    /// A tenant with the server's defaults.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            slug: None,
            description: None,
            plan: None,
            default_llm_model: None,
            default_llm_provider: None,
            default_embedding_model: None,
            default_embedding_provider: None,
            default_embedding_dimension: None,
            default_vision_llm_model: None,
            default_vision_llm_provider: None,
        }
    }
}

setters! {
    CreateTenant {
        slug: String,
        description: String,
        plan: Plan,
        default_llm_model: String,
        default_llm_provider: String,
        default_embedding_model: String,
        default_embedding_provider: String,
        default_embedding_dimension: u64,
        default_vision_llm_model: String,
        default_vision_llm_provider: String,
    }
}

endpoint! {
    POST "/api/v1/tenants" => CreateTenant, Tenant where Required, Refused, Json
}
