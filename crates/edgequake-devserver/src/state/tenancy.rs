//! Tenants, their workspaces, and their members.

use std::collections::HashMap;

use edgequake_types::session::Role;
use edgequake_types::tenants::Tenant;
use edgequake_types::workspaces::Workspace;
use edgequake_types::{TenantId, UserId, WorkspaceId};

use crate::place::Place;

/// How many workspaces there may be in all tenants together.
const MAX_WORKSPACES: usize = 10_000;

/// How many tenants there may be.
const MAX_TENANTS: usize = 1_000;

/// What a membership allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MemberRole {
    Readonly,
    Member,
    Admin,
    Owner,
}

impl MemberRole {
    /// The role of a user in the default tenant, which every user belongs to.
    pub(crate) fn from_role(role: &Role) -> Self {
        match role {
            Role::Admin => Self::Owner,
            Role::User => Self::Member,
            _ => Self::Readonly,
        }
    }

    /// Whether the member may change the workspace or the tenant itself.
    pub(crate) fn may_manage(self) -> bool {
        self >= Self::Admin
    }
}

/// A membership in a whole tenant or, if given, in one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Membership {
    user: UserId,
    tenant: TenantId,
    workspace: Option<WorkspaceId>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Tenancy {
    /// In the order of creation, as lists show them.
    tenants: Vec<Tenant>,
    workspaces: HashMap<Place, Workspace>,
    /// The workspaces of each tenant, in the order of creation.
    order: HashMap<TenantId, Vec<WorkspaceId>>,
    members: HashMap<Membership, MemberRole>,
}

/// Why a tenant or a workspace is not created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InsertError {
    /// The slug is already in use.
    SlugTaken,
    /// The tenant has its maximum number of workspaces.
    Quota,
    /// The server has its maximum number of workspaces.
    Full,
}

impl Tenancy {
    /// Adds a tenant, whose slug no other one has; false if there are too many.
    pub(crate) fn insert_tenant(&mut self, tenant: Tenant) -> bool {
        let fits = self.tenants.len() < MAX_TENANTS;
        if fits {
            self.tenants.push(tenant);
        }
        fits
    }

    pub(crate) fn tenant_by_slug(&self, slug: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|known| known.slug == slug)
    }

    pub(crate) fn insert_workspace(&mut self, place: Place, workspace: Workspace) -> Result<(), InsertError> {
        let siblings = self.workspaces_of(&place.tenant);
        if siblings.iter().any(|other| other.slug == workspace.slug) {
            return Err(InsertError::SlugTaken);
        }
        let quota = self.tenant(&place.tenant).and_then(|tenant| tenant.max_workspaces);
        if quota.is_some_and(|quota| siblings.len() as u64 >= quota) {
            return Err(InsertError::Quota);
        }
        if self.workspaces.len() >= MAX_WORKSPACES {
            return Err(InsertError::Full);
        }
        self.order.entry(place.tenant.clone()).or_default().push(place.workspace.clone());
        self.workspaces.insert(place, workspace);
        Ok(())
    }

    pub(crate) fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    pub(crate) fn tenant(&self, tenant: &TenantId) -> Option<&Tenant> {
        self.tenants.iter().find(|known| known.id == *tenant)
    }

    pub(crate) fn tenant_mut(&mut self, tenant: &TenantId) -> Option<&mut Tenant> {
        self.tenants.iter_mut().find(|known| known.id == *tenant)
    }

    pub(crate) fn workspaces_of(&self, tenant: &TenantId) -> Vec<&Workspace> {
        let ids = self.order.get(tenant).into_iter().flatten();
        let place = |id: &WorkspaceId| Place { tenant: tenant.clone(), workspace: id.clone() };
        ids.filter_map(|id| self.workspaces.get(&place(id))).collect()
    }

    pub(crate) fn workspace(&self, place: &Place) -> Option<&Workspace> {
        self.workspaces.get(place)
    }

    pub(crate) fn workspace_mut(&mut self, place: &Place) -> Option<&mut Workspace> {
        self.workspaces.get_mut(place)
    }

    pub(crate) fn workspace_count(&self) -> usize {
        self.workspaces.len()
    }

    /// Removes a workspace and its memberships; false if there is none.
    pub(crate) fn remove_workspace(&mut self, place: &Place) -> bool {
        if self.workspaces.remove(place).is_none() {
            return false;
        }
        if let Some(order) = self.order.get_mut(&place.tenant) {
            order.retain(|id| *id != place.workspace);
        }
        self.members.retain(|membership, _| membership.workspace.as_ref() != Some(&place.workspace));
        true
    }

    /// Removes a tenant with all its workspaces, and returns their places; `None` if there is no such tenant.
    pub(crate) fn remove_tenant(&mut self, tenant: &TenantId) -> Option<Vec<Place>> {
        self.tenant(tenant)?;
        self.tenants.retain(|known| known.id != *tenant);
        self.members.retain(|membership, _| membership.tenant != *tenant);
        let ids = self.order.remove(tenant).unwrap_or_default();
        let places = ids.into_iter().map(|workspace| Place { tenant: tenant.clone(), workspace });
        let places: Vec<Place> = places.collect();
        for place in &places {
            self.workspaces.remove(place);
        }
        Some(places)
    }

    /// Makes a user a member of a tenant, or of one of its workspaces.
    pub(crate) fn add_member(
        &mut self,
        user: UserId,
        tenant: TenantId,
        workspace: Option<WorkspaceId>,
        role: MemberRole,
    ) {
        self.members.insert(Membership { user, tenant, workspace }, role);
    }

    /// Removes all memberships of a user.
    pub(crate) fn remove_user(&mut self, user: &UserId) {
        self.members.retain(|membership, _| membership.user != *user);
    }

    /// The role in a workspace: the higher one of the memberships in the tenant and in the workspace itself.
    pub(crate) fn role_in(&self, user: &UserId, place: &Place) -> Option<MemberRole> {
        let membership = Membership {
            user: user.clone(),
            tenant: place.tenant.clone(),
            workspace: Some(place.workspace.clone()),
        };
        self.members.get(&membership).copied().max(self.role_in_tenant(user, &place.tenant))
    }

    pub(crate) fn role_in_tenant(&self, user: &UserId, tenant: &TenantId) -> Option<MemberRole> {
        let membership = Membership { user: user.clone(), tenant: tenant.clone(), workspace: None };
        self.members.get(&membership).copied()
    }

    /// Whether a user is a member of a tenant or of any of its workspaces.
    pub(crate) fn belongs_to(&self, user: &UserId, tenant: &TenantId) -> bool {
        self.members.keys().any(|membership| membership.user == *user && membership.tenant == *tenant)
    }

    /// Whether the workspace exists in the tenant, and both are active.
    pub(crate) fn is_active(&self, place: &Place) -> bool {
        self.workspace(place).is_some_and(|workspace| workspace.is_active != Some(false))
            && self.tenant(&place.tenant).is_some_and(|tenant| tenant.is_active != Some(false))
    }
}

/// The name as a part of a URL: letters and digits in lower case, separated by hyphens.
pub(crate) fn slug(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
