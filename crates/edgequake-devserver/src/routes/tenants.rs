//! Tenants: made and removed by administrators, changed by their owners, seen by their members.

use std::sync::Arc;

use axum::Router;
use edgequake_types::TenantId;
use edgequake_types::session::Role;
use edgequake_types::tenants::{
    CreateTenant, DeleteTenant, GetTenant, ListTenants, Tenant, TenantList, UpdateTenant,
};

use crate::backend::Shared;
use crate::clock::written;
use crate::error::Refusal;
use crate::options::Era;
use crate::reply::Reply;
use crate::route::{Call, route};
use crate::state::page::window;
use crate::state::tenancy::{MemberRole, Tenancy};
use crate::state::{models, new_tenant_id};

pub(crate) fn routes(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    let router = route(router, create);
    let router = route(router, list);
    let router = route(router, get);
    let router = route(router, update);
    route(router, delete)
}

/// The id of a path, which has no word for the default tenant.
pub(crate) fn tenant_in_path(id: &TenantId) -> Result<&TenantId, Refusal> {
    match TenantId::new(id.as_str()) {
        Ok(_) if id.as_str() != "default" => Ok(id),
        _ => Err(Refusal::bad_request("The tenant id must be a UUID")),
    }
}

/// Whether the caller may see a tenant: administrators all, others those they belong to. Older servers do not look.
pub(crate) fn sees(call: &Call, tenancy: &Tenancy, tenant: &TenantId) -> bool {
    let member = call.caller.user_id().is_some_and(|user| tenancy.belongs_to(user, tenant));
    call.caller.role == Role::Admin || call.shared.options.era == Era::B || member
}

/// # Errors
///
/// 400 for an id that is none, 404 for an unknown tenant, 403 for one that is none of the caller's business.
pub(crate) fn visible<'a>(call: &Call, tenancy: &'a Tenancy, id: &TenantId) -> Result<&'a Tenant, Refusal> {
    let tenant =
        tenancy.tenant(tenant_in_path(id)?).ok_or_else(|| Refusal::not_found(format!("tenant {id}")))?;
    if sees(call, tenancy, id) { Ok(tenant) } else { Err(Refusal::forbidden("tenant_access_denied")) }
}

async fn create(call: Call, request: CreateTenant) -> Result<Reply<Tenant>, Refusal> {
    call.require_admin()?;
    if request.name.trim().is_empty() {
        return Err(Refusal::bad_request("name must not be empty"));
    }
    let tenant = models::tenant(request, new_tenant_id(), call.now);
    let mut store = call.shared.store();
    let inserted = store.tenancy.insert_tenant(tenant.clone());
    inserted.map_err(|_| Refusal::conflict(format!("The slug {} is taken", tenant.slug)))?;
    if let Some(user) = call.caller.user_id() {
        store.tenancy.admit(user.clone(), tenant.id.clone(), None, MemberRole::Owner);
    }
    Ok(Reply::of(tenant))
}

/// Offset and limit as the server takes them.
pub(crate) fn offset_and_limit(offset: Option<u64>, limit: Option<u64>) -> (u64, u64) {
    (offset.unwrap_or(0), limit.unwrap_or(20).clamp(1, 100))
}

async fn list(call: Call, request: ListTenants) -> Result<Reply<TenantList>, Refusal> {
    let store = call.shared.store();
    let tenants = store.tenancy.tenants().iter().filter(|tenant| sees(&call, &store.tenancy, &tenant.id));
    let tenants: Vec<Tenant> = tenants.cloned().collect();
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let total = tenants.len() as u64;
    Ok(Reply::of(TenantList::new(window(tenants, offset, limit), total, offset, limit)))
}

async fn get(call: Call, request: GetTenant) -> Result<Reply<Tenant>, Refusal> {
    Ok(Reply::of(visible(&call, &call.shared.store().tenancy, &request.tenant_id)?.clone()))
}

async fn update(call: Call, request: UpdateTenant) -> Result<Reply<Tenant>, Refusal> {
    let mut store = call.shared.store();
    let id = visible(&call, &store.tenancy, &request.tenant_id)?.id.clone();
    let role = call.caller.user_id().and_then(|user| store.tenancy.role_in_tenant(user, &id));
    if call.caller.role != Role::Admin && !role.is_some_and(MemberRole::may_manage) {
        return Err(Refusal::forbidden("tenant_access_denied"));
    }
    let tenant = store.tenancy.tenant_mut(&id).ok_or_else(|| Refusal::not_found(format!("tenant {id}")))?;
    if let Some(name) = request.name {
        tenant.name = name;
    }
    tenant.plan = request.plan.or_else(|| tenant.plan.take());
    tenant.is_active = request.is_active.or(tenant.is_active);
    tenant.updated_at = Some(written(call.now));
    Ok(Reply::of(tenant.clone()))
}

async fn delete(call: Call, request: DeleteTenant) -> Result<Reply<()>, Refusal> {
    call.require_admin()?;
    let id = tenant_in_path(&request.tenant_id)?;
    let mut store = call.shared.store();
    let places = store.tenancy.remove_tenant(id).ok_or_else(|| Refusal::not_found(format!("tenant {id}")))?;
    for place in places {
        store.remove_place(&place);
    }
    Ok(Reply::of(()))
}
