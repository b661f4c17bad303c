//! The tenant and the workspace that a request works in.

use edgequake_types::session::Role;
use edgequake_types::{TenantId, WorkspaceId};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::caller::{Caller, Identity};
use super::permission::lower_role;
use crate::config::{Config, Era};
use crate::error::Refusal;
use crate::place::Place;
use crate::state::tenancy::{MemberRole, Tenancy};

/// The place that a request works in, and how it was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    place: Place,
    /// Whether headers or claims name both the tenant and the workspace. Lists are empty otherwise.
    named: bool,
    /// Whether a header is not an id. Where membership is checked, such a request is rejected before its handler.
    malformed: bool,
}

impl Scope {
    /// The scope of calls that work in no place.
    pub(crate) fn unbound() -> Self {
        Self { place: Place::server_default(), named: false, malformed: false }
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        &self.place.tenant
    }

    /// The place to list from; `None` when the request does not name one, and the list is then empty.
    pub(crate) fn named_place(&self) -> Option<&Place> {
        (self.named && !self.malformed).then_some(&self.place)
    }

    /// The place to look up an item in; `None` when a header is not an id.
    pub(crate) fn place(&self) -> Option<&Place> {
        (!self.malformed).then_some(&self.place)
    }
}

/// The value of a scope header.
enum ScopeHeader<T> {
    Absent,
    Id(T),
    Malformed,
}

impl<T> ScopeHeader<T> {
    fn read(headers: &HeaderMap, name: &str, parse: impl Fn(&str) -> Option<T>) -> Self {
        let Some(value) = headers.get(name) else { return Self::Absent };
        match value.to_str().map(str::trim) {
            Ok("") => Self::Absent,
            Ok(text) => parse(text).map_or(Self::Malformed, Self::Id),
            Err(_) => Self::Malformed,
        }
    }

    fn id(self) -> Option<T> {
        match self {
            Self::Id(id) => Some(id),
            Self::Absent | Self::Malformed => None,
        }
    }

    fn is_malformed(&self) -> bool {
        matches!(self, Self::Malformed)
    }

    /// Whether the header differs from `claim`. Era B servers compare the texts, so to them `default` and upper case
    /// differ.
    fn contradicts(&self, claim: &T, era: Era, text: Option<&str>) -> bool
    where
        T: PartialEq + AsRef<str>,
    {
        match (self, era) {
            (Self::Absent, _) => false,
            (Self::Malformed, _) => true,
            (Self::Id(id), Era::C) => id != claim,
            (Self::Id(_), Era::B) => text != Some(claim.as_ref()),
        }
    }
}

/// Parses an id; the word `default` is the default tenant.
pub(crate) fn tenant_id(text: &str) -> Option<TenantId> {
    if text == "default" { Some(TenantId::server_default()) } else { TenantId::new(text).ok() }
}

/// Parses an id; the word `default` is the default workspace.
pub(crate) fn workspace_id(text: &str) -> Option<WorkspaceId> {
    if text == "default" { Some(WorkspaceId::server_default()) } else { WorkspaceId::new(text).ok() }
}

/// What an operation is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// No workspace: membership is not checked.
    Global,
    /// The workspace that the request names, which the caller must be a member of.
    Workspace,
    /// As [`Workspace`](Self::Workspace), and the path names the same workspace: `/api/v1/workspaces/{id}...`. Whoever
    /// changes it must own it.
    WorkspaceInPath,
}

/// Chooses the place, and limits the caller's role to the caller's membership there.
///
/// # Errors
///
/// 400 for a header that is not an id; 403 for a place that the caller may not access.
pub(crate) fn bind(
    config: &Config,
    tenancy: &Tenancy,
    caller: &mut Caller,
    binding: Binding,
    parts: &Parts,
) -> Result<Scope, Refusal> {
    let tenant = ScopeHeader::read(&parts.headers, "x-tenant-id", tenant_id);
    let workspace = ScopeHeader::read(&parts.headers, "x-workspace-id", workspace_id);
    let claims = match &caller.identity {
        Identity::Session { place, .. } => Some(place.clone()),
        _ => None,
    };
    if let (true, Some(claimed)) = (config.strict_scope, &claims) {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        if tenant.contradicts(&claimed.tenant, config.era, text("x-tenant-id")) {
            return Err(Refusal::claim_mismatch("tenant_id"));
        }
        if workspace.contradicts(&claimed.workspace, config.era, text("x-workspace-id")) {
            return Err(Refusal::claim_mismatch("workspace_id"));
        }
    }
    let malformed = tenant.is_malformed() || workspace.is_malformed();
    let (claimed_tenant, claimed_workspace) = claims.map(|place| (place.tenant, place.workspace)).unzip();
    let (tenant, workspace) = (tenant.id().or(claimed_tenant), workspace.id().or(claimed_workspace));
    let scope = Scope {
        named: config.strict_scope || (tenant.is_some() && workspace.is_some()),
        malformed,
        place: Place {
            tenant: tenant.unwrap_or_else(TenantId::server_default),
            workspace: workspace.unwrap_or_else(WorkspaceId::server_default),
        },
    };
    match caller.identity {
        Identity::Anonymous | Identity::BuiltIn(_) | Identity::MasterKey => {}
        _ if binding == Binding::Global => {}
        Identity::StaticKey if !config.strict_scope => {}
        Identity::StaticKey | Identity::ApiKey { .. } | Identity::Session { .. } => match config.era {
            Era::C => check_membership(tenancy, caller, &scope, binding, parts)?,
            Era::B if config.strict_scope => {
                role_in(tenancy, caller, &scope.place).ok_or_else(Refusal::no_membership)?;
            }
            Era::B => {}
        },
    }
    Ok(scope)
}

fn role_in(tenancy: &Tenancy, caller: &Caller, place: &Place) -> Option<MemberRole> {
    tenancy.role_in(caller.user_id()?, place)
}

/// What a caller may do in a place that is in use.
fn membership(tenancy: &Tenancy, caller: &Caller, place: &Place) -> Result<MemberRole, Refusal> {
    if !tenancy.is_active(place) {
        return Err(Refusal::forbidden("workspace_not_available"));
    }
    role_in(tenancy, caller, place).ok_or_else(|| Refusal::forbidden("membership_required"))
}

/// Checks that a caller may read in a place that parameters name instead of headers.
///
/// # Errors
///
/// 403 for a place that the caller may not access.
pub(crate) fn check_place(
    config: &Config,
    tenancy: &Tenancy,
    caller: &Caller,
    place: &Place,
) -> Result<(), Refusal> {
    match (&caller.identity, config.era) {
        (Identity::Session { place: claimed, .. }, _) if config.strict_scope && claimed != place => {
            Err(Refusal::claim_mismatch("workspace_id"))
        }
        (Identity::Anonymous | Identity::BuiltIn(_) | Identity::MasterKey, _) => Ok(()),
        (Identity::StaticKey, _) if !config.strict_scope => Ok(()),
        (_, Era::C) => membership(tenancy, caller, place).map(drop),
        (_, Era::B) if config.strict_scope => {
            role_in(tenancy, caller, place).map(drop).ok_or_else(Refusal::no_membership)
        }
        (_, Era::B) => Ok(()),
    }
}

fn check_membership(
    tenancy: &Tenancy,
    caller: &mut Caller,
    scope: &Scope,
    binding: Binding,
    parts: &Parts,
) -> Result<(), Refusal> {
    if scope.malformed {
        return Err(Refusal::bad_request(
            "X-Tenant-ID and X-Workspace-ID must be UUIDs or the word `default`",
        ));
    }
    let role = membership(tenancy, caller, &scope.place)?;
    if role == MemberRole::Readonly {
        caller.role = lower_role(caller.role.clone(), &Role::Readonly);
    }
    if binding == Binding::WorkspaceInPath {
        let id = workspace_in_path(parts.uri.path());
        if id.and_then(workspace_id).as_ref() != Some(&scope.place.workspace) {
            return Err(Refusal::forbidden("workspace_path_mismatch"));
        }
        if parts.method != Method::GET && !role.may_manage() {
            return Err(Refusal::forbidden("workspace_admin_required"));
        }
    }
    Ok(())
}

/// The id in a path of the form `.../workspaces/{id}...`.
fn workspace_in_path(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("/workspaces/")?;
    rest.split('/').next().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests;
