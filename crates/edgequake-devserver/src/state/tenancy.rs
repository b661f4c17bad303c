//! Tenants, their workspaces, and who belongs to them.

use std::collections::HashMap;

use edgequake_types::{TenantId, UserId, WorkspaceId};
use jiff::Timestamp;

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
    /// Whether this member may change the workspace or the tenant itself.
    pub(crate) fn may_manage(self) -> bool {
        self >= Self::Admin
    }
}

/// A tenant as it is remembered.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) plan: String,
    pub(crate) is_active: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A workspace as it is remembered.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) description: Option<String>,
    pub(crate) is_active: bool,
    pub(crate) max_documents: Option<u64>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Tenant {
    pub(crate) fn new(id: TenantId, name: &str, slug: &str, now: Timestamp) -> Self {
        let (name, slug, plan) = (name.to_owned(), slug.to_owned(), "free".to_owned());
        Self { id, name, slug, plan, is_active: true, created_at: now, updated_at: now }
    }
}

impl Workspace {
    pub(crate) fn new(place: Place, name: &str, slug: &str, now: Timestamp) -> Self {
        Self {
            place,
            name: name.to_owned(),
            slug: slug.to_owned(),
            description: None,
            is_active: true,
            max_documents: None,
            created_at: now,
            updated_at: now,
        }
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
    tenants: HashMap<TenantId, Tenant>,
    workspaces: HashMap<WorkspaceId, Workspace>,
    members: HashMap<Seat, MemberRole>,
}

impl Tenancy {
    pub(crate) fn insert_tenant(&mut self, tenant: Tenant) {
        self.tenants.insert(tenant.id.clone(), tenant);
    }

    pub(crate) fn insert_workspace(&mut self, workspace: Workspace) {
        self.workspaces.insert(workspace.place.workspace.clone(), workspace);
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

    /// The role in a workspace: the higher one of the membership in the tenant and that in the workspace itself.
    pub(crate) fn role_in(&self, user: &UserId, place: &Place) -> Option<MemberRole> {
        let seat = |workspace| Seat { user: user.clone(), tenant: place.tenant.clone(), workspace };
        let in_workspace = self.members.get(&seat(Some(place.workspace.clone()))).copied();
        in_workspace.max(self.role_in_tenant(user, &place.tenant))
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
        self.workspace(place).is_some_and(|workspace| workspace.is_active)
            && self.tenants.get(&place.tenant).is_some_and(|tenant| tenant.is_active)
    }

    pub(crate) fn workspace(&self, place: &Place) -> Option<&Workspace> {
        self.workspaces.get(&place.workspace).filter(|workspace| workspace.place.tenant == place.tenant)
    }

    pub(crate) fn tenant(&self, tenant: &TenantId) -> Option<&Tenant> {
        self.tenants.get(tenant)
    }
}
