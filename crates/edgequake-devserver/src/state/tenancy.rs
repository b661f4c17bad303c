//! Tenants, their workspaces, and who belongs to them.

use std::collections::HashMap;

use edgequake_types::session::Role;
use edgequake_types::tenants::Tenant;
use edgequake_types::workspaces::Workspace;
use edgequake_types::{TenantId, UserId, WorkspaceId};

use crate::auth::scope::Place;

/// What a membership allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MemberRole {
    Readonly,
    Member,
    Admin,
    Owner,
}

impl MemberRole {
    /// The membership that goes with a role, in a tenant that everybody is admitted to.
    pub(crate) fn of(role: &Role) -> Self {
        match role {
            Role::Admin => Self::Owner,
            Role::User => Self::Member,
            _ => Self::Readonly,
        }
    }

    /// Whether this member may change the workspace or the tenant itself.
    pub(crate) fn may_manage(self) -> bool {
        self >= Self::Admin
    }
}

/// Who a membership is of, and where: in a whole tenant, or in one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Seat {
    user: UserId,
    tenant: TenantId,
    workspace: Option<WorkspaceId>,
}

#[derive(Debug, Default)]
pub(crate) struct Tenancy {
    /// In the order of their making, as lists show them.
    tenants: Vec<Tenant>,
    workspaces: Vec<(Place, Workspace)>,
    members: HashMap<Seat, MemberRole>,
}

/// Why something is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The slug belongs to another one.
    SlugTaken,
    /// The tenant has as many workspaces as it may have.
    Quota,
}

impl Tenancy {
    pub(crate) fn insert_tenant(&mut self, tenant: Tenant) -> Result<(), Full> {
        if self.tenants.iter().any(|other| other.slug == tenant.slug) {
            return Err(Full::SlugTaken);
        }
        self.tenants.push(tenant);
        Ok(())
    }

    pub(crate) fn insert_workspace(&mut self, place: Place, workspace: Workspace) -> Result<(), Full> {
        let siblings = self.workspaces_of(&place.tenant);
        if siblings.iter().any(|other| other.slug == workspace.slug) {
            return Err(Full::SlugTaken);
        }
        let quota = self.tenant(&place.tenant).and_then(|tenant| tenant.max_workspaces);
        if quota.is_some_and(|quota| siblings.len() as u64 >= quota) {
            return Err(Full::Quota);
        }
        self.workspaces.push((place, workspace));
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
        let workspaces = self.workspaces.iter().filter(|(place, _)| place.tenant == *tenant);
        workspaces.map(|(_, workspace)| workspace).collect()
    }

    pub(crate) fn workspace(&self, place: &Place) -> Option<&Workspace> {
        self.workspaces.iter().find(|(known, _)| known == place).map(|(_, workspace)| workspace)
    }

    pub(crate) fn workspace_mut(&mut self, place: &Place) -> Option<&mut Workspace> {
        self.workspaces.iter_mut().find(|(known, _)| known == place).map(|(_, workspace)| workspace)
    }

    pub(crate) fn workspace_count(&self) -> usize {
        self.workspaces.len()
    }

    /// Forgets a workspace and who belonged to it; false if there was none.
    pub(crate) fn remove_workspace(&mut self, place: &Place) -> bool {
        let before = self.workspaces.len();
        self.workspaces.retain(|(known, _)| known != place);
        self.members.retain(|seat, _| seat.workspace.as_ref() != Some(&place.workspace));
        self.workspaces.len() < before
    }

    /// Forgets a tenant with all its workspaces, and says which places are gone; `None` if there was none.
    pub(crate) fn remove_tenant(&mut self, tenant: &TenantId) -> Option<Vec<Place>> {
        self.tenant(tenant)?;
        self.tenants.retain(|known| known.id != *tenant);
        self.members.retain(|seat, _| seat.tenant != *tenant);
        let (gone, kept) =
            std::mem::take(&mut self.workspaces).into_iter().partition(|(place, _)| place.tenant == *tenant);
        self.workspaces = kept;
        let gone: Vec<(Place, Workspace)> = gone;
        Some(gone.into_iter().map(|(place, _)| place).collect())
    }

    /// Makes a user a member of a tenant, or of one workspace of it.
    pub(crate) fn admit(
        &mut self,
        user: UserId,
        tenant: TenantId,
        workspace: Option<WorkspaceId>,
        role: MemberRole,
    ) {
        self.members.insert(Seat { user, tenant, workspace }, role);
    }

    /// Takes all memberships from a user.
    pub(crate) fn dismiss(&mut self, user: &UserId) {
        self.members.retain(|seat, _| seat.user != *user);
    }

    /// The role in a workspace: the higher one of the membership in the tenant and that in the workspace itself.
    pub(crate) fn role_in(&self, user: &UserId, place: &Place) -> Option<MemberRole> {
        let seat = Seat {
            user: user.clone(),
            tenant: place.tenant.clone(),
            workspace: Some(place.workspace.clone()),
        };
        self.members.get(&seat).copied().max(self.role_in_tenant(user, &place.tenant))
    }

    pub(crate) fn role_in_tenant(&self, user: &UserId, tenant: &TenantId) -> Option<MemberRole> {
        let seat = Seat { user: user.clone(), tenant: tenant.clone(), workspace: None };
        self.members.get(&seat).copied()
    }

    /// Whether a user has anything to do with a tenant.
    pub(crate) fn belongs_to(&self, user: &UserId, tenant: &TenantId) -> bool {
        self.members.keys().any(|seat| seat.user == *user && seat.tenant == *tenant)
    }

    /// Whether the workspace exists in that tenant, and both are active.
    pub(crate) fn is_open(&self, place: &Place) -> bool {
        self.workspace(place).is_some_and(|workspace| workspace.is_active != Some(false))
            && self.tenant(&place.tenant).is_some_and(|tenant| tenant.is_active != Some(false))
    }
}

/// The name as a part of a URL: letters and digits in lower case, hyphens between.
pub(crate) fn slug(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
