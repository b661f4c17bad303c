//! User accounts, managed by administrators; registration may be open to everyone.

use edgequake_types::session::{Role, User};
use edgequake_types::users::{
    CreateUser, CreatedUser, DeleteUser, GetUser, ListUsers, UpdateUser, UpdatedUser, UserList,
};
use edgequake_types::{TenantId, UserId};

use crate::error::Refusal;
use crate::ledger::SessionEvent;
use crate::password::{self, PasswordHash};
use crate::reply::Reply;
use crate::route::Call;
use crate::state::accounts::{AccountChange, AccountError};
use crate::state::page::Page;
use crate::state::tenancy::MemberRole;

pub(super) async fn create(call: Call, request: CreateUser) -> Result<Reply<CreatedUser>, Refusal> {
    let role = granted_role(&call, request.role)?;
    for (name, value) in [("username", &request.username), ("email", &request.email)] {
        if value.trim().is_empty() {
            return Err(Refusal::bad_request(format!("{name} must not be empty")));
        }
    }
    password::check_policy(&request.password)?;
    let hash = PasswordHash::new(&request.password)?;
    let mut directory = call.app.directory();
    let membership = MemberRole::from_role(&role);
    let user = directory.accounts.create(&request.username, &request.email, role, hash, call.now);
    let user = user.map_err(|error| refusal(error, &request.username))?;
    directory.tenancy.add_member(user.user_id.clone(), TenantId::server_default(), None, membership);
    Ok(Reply::new(CreatedUser::new(user)))
}

/// The role of a new account: the requested one if an administrator creates it, else the default one.
fn granted_role(call: &Call, requested: Option<Role>) -> Result<Role, Refusal> {
    let config = &call.app.config;
    let requested = requested.map_or(Role::User, known_or_default);
    if !config.auth {
        return if config.registration {
            Ok(Role::User)
        } else {
            Err(Refusal::forbidden("registration_closed"))
        };
    }
    match (&call.caller.role, call.caller.is_authenticated()) {
        (Role::Admin, true) => Ok(requested),
        // An anonymous caller gets the default role, whatever was requested.
        (_, false) => Ok(Role::User),
        (_, true) if !config.registration => Err(Refusal::forbidden("registration_closed")),
        (_, true) if requested == Role::User => Ok(Role::User),
        (_, true) => Err(Refusal::forbidden("admin_required")),
    }
}

/// Replaces an unknown role by the default one.
fn known_or_default(role: Role) -> Role {
    if matches!(role, Role::Admin | Role::Readonly) { role } else { Role::User }
}

fn refusal(error: AccountError, user: &str) -> Refusal {
    match error {
        AccountError::Taken => Refusal::conflict("The user name or the e-mail address is taken"),
        AccountError::Full => Refusal::conflict("The server has its maximum number of accounts"),
        AccountError::LastAdmin => {
            Refusal::conflict("The last administrator cannot be demoted, deactivated or deleted")
        }
        AccountError::Unknown => Refusal::not_found(format!("user {user}")),
    }
}

pub(super) async fn list(call: Call, request: ListUsers) -> Result<Reply<UserList>, Refusal> {
    call.require_admin()?;
    let mut users = call.app.directory().accounts.users();
    users.retain(|user| request.role.as_ref().is_none_or(|role| user.role == *role));
    let page = Page::new(users, request.page, request.page_size, 100);
    Ok(Reply::new(UserList::new(page.items, page.total, page.page, page.page_size)))
}

pub(super) async fn get(call: Call, request: GetUser) -> Result<Reply<User>, Refusal> {
    call.require_admin()?;
    let directory = call.app.directory();
    let account = directory.accounts.get(&request.user_id).ok_or(AccountError::Unknown);
    account
        .map(|account| Reply::new(account.user.clone()))
        .map_err(|error| refusal(error, request.user_id.as_str()))
}

pub(super) async fn update(call: Call, request: UpdateUser) -> Result<Reply<UpdatedUser>, Refusal> {
    call.require_admin()?;
    let UpdateUser { user_id, role, is_active, email, .. } = request;
    let email = email.filter(|email| !email.trim().is_empty());
    let change = AccountChange { role: role.map(known_or_default), is_active, email };
    let user = call.app.directory().accounts.update(&user_id, change, call.now);
    user.map(|user| Reply::new(UpdatedUser::new(user))).map_err(|error| refusal(error, user_id.as_str()))
}

pub(super) async fn delete(call: Call, request: DeleteUser) -> Result<Reply<()>, Refusal> {
    call.require_admin()?;
    let mut directory = call.app.directory();
    let user: &UserId = &request.user_id;
    directory.accounts.remove(user).map_err(|error| refusal(error, user.as_str()))?;
    for token in directory.sessions.close_all_of_user(user) {
        call.record(SessionEvent::Revoked, Some(&token));
    }
    directory.tenancy.remove_user(user);
    Ok(Reply::new(()))
}
