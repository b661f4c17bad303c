//! Tenants: created and deleted by administrators, changed by their owners, visible to their members.

use edgequake_types::TenantId;
use edgequake_types::session::Role;
use edgequake_types::tenants::{
    CreateTenant, DeleteTenant, GetTenant, ListTenants, Tenant, TenantList, UpdateTenant,
};
use http::StatusCode;

use crate::clock::rfc3339;
use crate::config::Era;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::page::window;
use crate::state::tenancy::{MemberRole, Tenancy};
use crate::state::{new_tenant_id, resources};

/// The id in a path, where the word `default` is not allowed.
fn tenant_in_path(id: &TenantId) -> Result<&TenantId, Refusal> {
    match TenantId::new(id.as_str()) {
        Ok(_) if id.as_str() != "default" => Ok(id),
        _ => Err(Refusal::bad_request("The tenant id must be a UUID")),
    }
}

/// Whether the caller may see a tenant: administrators see all, others those they belong to. Era B servers do not
/// check.
fn can_see(call: &Call, tenancy: &Tenancy, tenant: &TenantId) -> bool {
    let member = call.caller.user_id().is_some_and(|user| tenancy.belongs_to(user, tenant));
    call.caller.role == Role::Admin || call.app.config.era == Era::B || member
}

/// The tenant with this id.
///
/// # Errors
///
/// 400 for a malformed id, 404 for an unknown tenant, 403 for one that the caller may not see.
pub(crate) fn visible_tenant<'a>(
    call: &Call,
    tenancy: &'a Tenancy,
    id: &TenantId,
) -> Result<&'a Tenant, Refusal> {
    let tenant =
        tenancy.tenant(tenant_in_path(id)?).ok_or_else(|| Refusal::not_found(format!("tenant {id}")))?;
    if can_see(call, tenancy, id) { Ok(tenant) } else { Err(Refusal::forbidden("tenant_access_denied")) }
}

pub(super) async fn create(call: Call, request: CreateTenant) -> Result<Reply<Tenant>, Refusal> {
    call.require_admin()?;
    if request.name.trim().is_empty() {
        return Err(Refusal::bad_request("name must not be empty"));
    }
    let tenant = resources::new_tenant(request, new_tenant_id(), call.now);
    let mut directory = call.app.directory();
    if let Some(taken) = directory.tenancy.tenant_by_slug(&tenant.slug) {
        // Era C servers answer with the tenant that has the slug.
        return match call.app.config.era {
            Era::C => Ok(Reply::new(taken.clone()).status(StatusCode::OK)),
            Era::B => Err(Refusal::conflict(format!("The slug {} is already in use", tenant.slug))),
        };
    }
    if !directory.tenancy.insert_tenant(tenant.clone()) {
        return Err(Refusal::conflict("The server has its maximum number of tenants"));
    }
    if let Some(user) = call.caller.user_id() {
        directory.tenancy.add_member(user.clone(), tenant.id.clone(), None, MemberRole::Owner);
    }
    Ok(Reply::new(tenant))
}

/// Offset and limit, with the defaults and limits of the server.
pub(crate) fn offset_and_limit(offset: Option<u64>, limit: Option<u64>) -> (u64, u64) {
    (offset.unwrap_or(0), limit.unwrap_or(20).clamp(1, 100))
}

pub(super) async fn list(call: Call, request: ListTenants) -> Result<Reply<TenantList>, Refusal> {
    let directory = call.app.directory();
    let tenants =
        directory.tenancy.tenants().iter().filter(|tenant| can_see(&call, &directory.tenancy, &tenant.id));
    let tenants: Vec<Tenant> = tenants.cloned().collect();
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let total = tenants.len() as u64;
    Ok(Reply::new(TenantList::new(window(tenants, offset, limit), total, offset, limit)))
}

pub(super) async fn get(call: Call, request: GetTenant) -> Result<Reply<Tenant>, Refusal> {
    Ok(Reply::new(visible_tenant(&call, &call.app.directory().tenancy, &request.tenant_id)?.clone()))
}

pub(super) async fn update(call: Call, request: UpdateTenant) -> Result<Reply<Tenant>, Refusal> {
    let mut directory = call.app.directory();
    let id = visible_tenant(&call, &directory.tenancy, &request.tenant_id)?.id.clone();
    let role = call.caller.user_id().and_then(|user| directory.tenancy.role_in_tenant(user, &id));
    if call.caller.role != Role::Admin && !role.is_some_and(MemberRole::may_manage) {
        return Err(Refusal::forbidden("tenant_access_denied"));
    }
    let tenant =
        directory.tenancy.tenant_mut(&id).ok_or_else(|| Refusal::not_found(format!("tenant {id}")))?;
    if let Some(name) = request.name {
        tenant.name = name;
    }
    tenant.plan = request.plan.or_else(|| tenant.plan.take());
    tenant.is_active = request.is_active.or(tenant.is_active);
    tenant.updated_at = Some(rfc3339(call.now));
    Ok(Reply::new(tenant.clone()))
}

pub(super) async fn delete(call: Call, request: DeleteTenant) -> Result<Reply<()>, Refusal> {
    call.require_admin()?;
    let id = tenant_in_path(&request.tenant_id)?;
    let mut directory = call.app.directory();
    let places =
        directory.tenancy.remove_tenant(id).ok_or_else(|| Refusal::not_found(format!("tenant {id}")))?;
    for place in places {
        call.app.spaces.remove(&place);
    }
    Ok(Reply::new(()))
}
