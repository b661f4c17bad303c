//! [`ListTenants`].

use serde::{Deserialize, Serialize};

use super::Tenant;
use crate::endpoint::{endpoint, setters};
use crate::page::{next_offset, offset_list};
use crate::{Paginated, tolerant};

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
