//! Tenants (`/api/v1/tenants/...`).
//!
//! Newer servers let platform administrators make and remove tenants, owners change them, and members see them.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint, Paginated};
//! use edgequake_types::tenants::{CreateTenant, ListTenants, Plan, TenantList};
//!
//! let create = CreateTenant::new("Acme").plan(Plan::Pro);
//! assert_eq!(create.to_request()?.uri(), "/api/v1/tenants");
//!
//! let answer = r#"{"items":[{"id":"7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21","name":"Acme"}],"total":1,"offset":0,"limit":1}"#;
//! let page = TenantList::decode(answer.into())?;
//! // A full page: there may be more, whatever the total says.
//! assert_eq!(ListTenants::new().limit(1).next(&page).unwrap().offset, Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::open_enum::open_enum;
use crate::page::{next_offset, offset_list};
use crate::{Paginated, TenantId, Timestamp, tolerant};

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

/// `GET /api/v1/tenants`: one page of the tenants that the caller may see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListTenants {
    /// How many tenants to leave out at the beginning. Default 0.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// How many tenants a page holds. Default 20, at most 100.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl ListTenants {
    /// The first page.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    ListTenants { offset: u64, limit: u64 }
}

endpoint! {
    GET "/api/v1/tenants" => ListTenants, TenantList where Required, Safe, Query
}

impl Paginated for ListTenants {
    type Item = Tenant;

    fn next(&self, page: &TenantList) -> Option<Self> {
        Some(self.clone().offset(next_offset(self.offset, page.items.len(), page.limit, page.total)?))
    }

    fn items(page: TenantList) -> Vec<Tenant> {
        page.items
    }
}

offset_list! {
    /// One page of tenants. Also read as a bare list.
    TenantList of Tenant
}

/// `GET /api/v1/tenants/{tenant_id}`: one tenant.
///
/// Errors: 400 for an id that is no UUID; 403; 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GetTenant {
    /// The tenant.
    #[serde(skip_serializing)]
    pub tenant_id: TenantId,
}

impl GetTenant {
    /// The tenant with this id.
    pub fn new(tenant_id: impl Into<TenantId>) -> Self {
        Self { tenant_id: tenant_id.into() }
    }
}

endpoint! {
    GET "/api/v1/tenants/{tenant_id}" (tenant_id) => GetTenant, Tenant where Required, Safe, None
}

/// `PUT /api/v1/tenants/{tenant_id}`: changes a tenant. What is `None` stays as it is.
///
/// Errors: 403; 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UpdateTenant {
    /// The tenant.
    #[serde(skip_serializing)]
    pub tenant_id: TenantId,
    /// Its new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it has booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Whether it is in force.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

impl UpdateTenant {
    /// A change of this tenant; the setters say what changes.
    pub fn new(tenant_id: impl Into<TenantId>) -> Self {
        Self { tenant_id: tenant_id.into(), name: None, description: None, plan: None, is_active: None }
    }
}

setters! {
    UpdateTenant {
        name: String,
        description: String,
        plan: Plan,
        is_active: bool,
    }
}

endpoint! {
    PUT "/api/v1/tenants/{tenant_id}" (tenant_id) => UpdateTenant, Tenant where Required, Safe, Json
}

/// `DELETE /api/v1/tenants/{tenant_id}`: removes a tenant; answers 204.
///
/// Errors: 403 for anyone but a platform administrator; 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteTenant {
    /// The tenant.
    #[serde(skip_serializing)]
    pub tenant_id: TenantId,
}

impl DeleteTenant {
    /// Removes the tenant with this id.
    pub fn new(tenant_id: impl Into<TenantId>) -> Self {
        Self { tenant_id: tenant_id.into() }
    }
}

endpoint! {
    DELETE "/api/v1/tenants/{tenant_id}" (tenant_id) => DeleteTenant, () where Required, Safe, None
}

json_answers!(Tenant);

#[cfg(test)]
mod tests;
