//! What a first visitor wants to know.

use std::sync::Arc;

use axum::Router;
use edgequake_types::setup::{GetSetupStatus, SetupStatus};

use crate::backend::Shared;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::{Call, route};

pub(crate) fn routes(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    route(router, status)
}

async fn status(call: Call, _: GetSetupStatus) -> Result<Reply<SetupStatus>, Refusal> {
    let auth = call.shared.options.auth;
    let store = call.shared.store();
    let has_login_users = store.accounts.has_logins();
    let mut status = SetupStatus::new(auth && !has_login_users, auth);
    status.has_login_users = has_login_users;
    status.tenant_count = store.tenancy.tenants().len() as u64;
    status.workspace_count = store.tenancy.workspace_count() as u64;
    Ok(Reply::of(status))
}
