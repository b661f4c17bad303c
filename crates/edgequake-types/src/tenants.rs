//! Tenants (`/api/v1/tenants/...`).
//!
//! Newer servers let platform administrators create and delete tenants, owners change them, and members see them.
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint, Paginated};
//! use edgequake_types::tenants::{CreateTenant, ListTenants, Plan, TenantList};
//!
//! let create = CreateTenant::new("Acme").plan(Plan::Pro);
//! assert_eq!(create.to_request()?.uri(), "/api/v1/tenants");
//!
//! let answer = r#"{"items":[{"id":"7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21","name":"Acme"}],"total":1,"offset":0,"limit":1}"#;
//! let page = TenantList::from_body(answer)?;
//! // A full page: there may be more, whatever the total says.
//! assert_eq!(ListTenants::new().limit(1).next(&page).unwrap().offset, Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::prelude::*;

open_enum! {
    /// The plan of a tenant.
    pub enum Plan {
        /// The free plan.
        Free = "free",
        /// The smallest paid plan.
        Basic = "basic",
        /// The middle plan.
        Pro = "pro",
        /// The largest plan.
        Enterprise = "enterprise",
    }
}

/// A tenant. What a server leaves out is `None`; what this version does not know is in [`extra`](Self::extra).
#[model(answer, new(id, name, slug))]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Its name for URLs.
    #[field(default)]
    pub slug: String,
    /// Its plan.
    pub plan: Option<Plan>,
    /// Whether it is active; requests to an inactive tenant are refused.
    pub is_active: Option<bool>,
    /// How many workspaces it may have.
    pub max_workspaces: Option<u64>,
    /// The default model of its workspaces.
    pub default_llm_model: Option<String>,
    /// The provider of that model.
    pub default_llm_provider: Option<String>,
    /// Both as `provider/model`.
    pub default_llm_full_id: Option<String>,
    /// The default embedding model of its workspaces.
    pub default_embedding_model: Option<String>,
    /// The provider of that model.
    pub default_embedding_provider: Option<String>,
    /// The number of dimensions of its embeddings.
    pub default_embedding_dimension: Option<u64>,
    /// Both as `provider/model`.
    pub default_embedding_full_id: Option<String>,
    /// The default model of its workspaces for images; newer servers only.
    pub default_vision_llm_model: Option<String>,
    /// The provider of that model; newer servers only.
    pub default_vision_llm_provider: Option<String>,
    /// How much models reason by default, such as `low`; newer servers only.
    pub default_reasoning_effort: Option<String>,
    /// What reads PDFs by default: `vision`, `edgeparse`, `auto`; an open set. Newer servers only.
    pub pdf_parser_backend: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Creates a tenant.
///
/// The newest servers answer a slug that is taken with the tenant that has it, and with 200 instead of 201.
///
/// Errors: 400; 403 for anyone but a platform administrator; 409 for a slug that is taken.
#[operation(POST "/api/v1/tenants" -> Tenant, Required, Refused, Json, new(name), status = 201, eq)]
pub struct CreateTenant {
    /// Its name.
    pub name: String,
    /// Its name for URLs. By default made from the name.
    pub slug: Option<String>,
    /// What it is for. No answer repeats it.
    pub description: Option<String>,
    /// Its plan. By default the server's choice.
    pub plan: Option<Plan>,
    /// The default model of its workspaces. By default the server's.
    pub default_llm_model: Option<String>,
    /// The provider of that model.
    pub default_llm_provider: Option<String>,
    /// The default embedding model of its workspaces. By default the server's.
    pub default_embedding_model: Option<String>,
    /// The provider of that model.
    pub default_embedding_provider: Option<String>,
    /// The number of dimensions of its embeddings.
    pub default_embedding_dimension: Option<u64>,
    /// The default model of its workspaces for images; newer servers only.
    pub default_vision_llm_model: Option<String>,
    /// The provider of that model; newer servers only.
    pub default_vision_llm_provider: Option<String>,
    /// How much models reason by default, such as `low`; newer servers only.
    pub default_reasoning_effort: Option<String>,
}

/// Lists the tenants that the caller may see, a page at a time.
#[operation(GET "/api/v1/tenants" -> TenantList, Required, Safe, Query, new(), eq)]
pub struct ListTenants {
    /// How many tenants to skip. Default 0.
    pub offset: Option<u64>,
    /// How many tenants a page holds. Default 20, at most 100.
    pub limit: Option<u64>,
}

offset_list! {
    /// One page of tenants. Also read as a bare list.
    TenantList { items: Tenant by id } of ListTenants
}

/// Reads one tenant.
///
/// Errors: 400 for an id that is not a UUID; 403; 404.
#[operation(GET "/api/v1/tenants/{tenant_id}" -> Tenant, Required, Safe, None, new(tenant_id), eq)]
pub struct GetTenant {
    /// The tenant.
    pub tenant_id: TenantId,
}

/// Changes a tenant. What is `None` stays as it is. Its slug cannot be changed.
///
/// Errors: 403 for anyone but a platform administrator and its owners; 404.
#[operation(PUT "/api/v1/tenants/{tenant_id}" -> Tenant, Required, Safe, Json, new(tenant_id), eq)]
pub struct UpdateTenant {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its new name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its plan.
    pub plan: Option<Plan>,
    /// Whether it is active.
    pub is_active: Option<bool>,
    /// The default model of its workspaces; newer servers only, as all that follow.
    pub default_llm_model: Option<String>,
    /// The provider of that model.
    pub default_llm_provider: Option<String>,
    /// The default embedding model of its workspaces.
    pub default_embedding_model: Option<String>,
    /// The provider of that model.
    pub default_embedding_provider: Option<String>,
    /// The number of dimensions of its embeddings.
    pub default_embedding_dimension: Option<u64>,
    /// The default model of its workspaces for images.
    pub default_vision_llm_model: Option<String>,
    /// The provider of that model.
    pub default_vision_llm_provider: Option<String>,
    /// What reads PDFs by default: `vision`, `edgeparse`, `auto` or `none`; an open set.
    pub pdf_parser_backend: Option<String>,
}

/// Deletes a tenant.
///
/// Errors: 403 for anyone but a platform administrator; 404.
#[operation(DELETE "/api/v1/tenants/{tenant_id}" -> (), Required, Safe, None, new(tenant_id), eq)]
pub struct DeleteTenant {
    /// The tenant.
    pub tenant_id: TenantId,
}

operations! { "tenants": CreateTenant, ListTenants, GetTenant, UpdateTenant, DeleteTenant }

#[cfg(test)]
mod tests;
