//! The setup status.

use edgequake_types::setup::{GetSetupStatus, SetupStatus};

use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;

pub(super) async fn status(call: Call, _: GetSetupStatus) -> Result<Reply<SetupStatus>, Refusal> {
    let auth = call.app.config.auth;
    let directory = call.app.directory();
    let has_login_users = directory.accounts.has_login_users();
    let mut status = SetupStatus::new(auth && !has_login_users, auth);
    status.has_login_users = has_login_users;
    status.tenant_count = directory.tenancy.tenants().len() as u64;
    status.workspace_count = directory.tenancy.workspace_count() as u64;
    Ok(Reply::new(status))
}
