//! [`ListWorkspaces`] and [`GetWorkspaceBySlug`]: the workspaces of a tenant.

use serde::{Deserialize, Serialize};

use super::Workspace;
use crate::endpoint::{endpoint, setters};
use crate::page::{next_offset, offset_list};
use crate::{Paginated, TenantId, tolerant};

/// `GET /api/v1/tenants/{tenant_id}/workspaces`: one page of the workspaces of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListWorkspaces {
    /// The tenant.
    #[serde(skip_serializing)]
    pub tenant_id: TenantId,
    /// How many workspaces to leave out at the beginning. Default 0.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// How many workspaces a page holds. Default 20, at most 100.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Whether each workspace carries its numbers. Default false; newer servers only.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub include_stats: Option<bool>,
}

impl ListWorkspaces {
    /// The first page of this tenant's workspaces.
    pub fn new(tenant_id: impl Into<TenantId>) -> Self {
        Self { tenant_id: tenant_id.into(), offset: None, limit: None, include_stats: None }
    }
}

setters! {
    ListWorkspaces {
        offset: u64,
        limit: u64,
        include_stats: bool,
    }
}

endpoint! {
    GET "/api/v1/tenants/{tenant_id}/workspaces" (tenant_id) => ListWorkspaces, WorkspaceList where Required, Safe, Query
}

impl Paginated for ListWorkspaces {
    type Item = Workspace;

    fn next(&self, page: &WorkspaceList) -> Option<Self> {
        Some(self.clone().offset(next_offset(self.offset, page.items.len(), page.limit, page.total)?))
    }

    fn items(page: WorkspaceList) -> Vec<Workspace> {
        page.items
    }
}

offset_list! {
    /// One page of workspaces. Also read as a bare list.
    WorkspaceList of Workspace
}

/// `GET /api/v1/tenants/{tenant_id}/workspaces/by-slug/{slug}`: the workspace with this name for URLs.
///
/// Errors: 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GetWorkspaceBySlug {
    /// The tenant.
    #[serde(skip_serializing)]
    pub tenant_id: TenantId,
    /// The name for URLs.
    #[serde(skip_serializing)]
    pub slug: String,
}

impl GetWorkspaceBySlug {
    /// The workspace of this tenant with this name for URLs.
    pub fn new(tenant_id: impl Into<TenantId>, slug: impl Into<String>) -> Self {
        Self { tenant_id: tenant_id.into(), slug: slug.into() }
    }
}

endpoint! {
    GET "/api/v1/tenants/{tenant_id}/workspaces/by-slug/{slug}" (tenant_id, slug) => GetWorkspaceBySlug, Workspace
    where Required, Safe, None
}
