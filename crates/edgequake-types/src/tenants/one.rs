//! Requests about one tenant.

use serde::{Deserialize, Serialize};

use super::{Plan, Tenant};
use crate::endpoint::{endpoint, setters};
use crate::{TenantId, tolerant};

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
