//! User accounts, for administrators; making one may be open to everybody.

use std::sync::Arc;

use axum::Router;
use edgequake_types::session::{Role, User};
use edgequake_types::users::{
    CreateUser, CreatedUser, DeleteUser, GetUser, ListUsers, UpdateUser, UpdatedUser, UserList,
};
use edgequake_types::{Auth, TenantId, UserId};

use crate::auth::password;
use crate::backend::Shared;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::{Call, route, route_with};
use crate::state::accounts::{Change, Conflict};
use crate::state::page::Page;
use crate::state::tenancy::MemberRole;

pub(crate) fn routes(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    // Where anybody may register, a bad credential is as good as none.
    let auth = |options: &crate::options::Options| {
        if options.registration { Auth::Optional } else { Auth::Required }
    };
    let router = route_with(router, auth, create);
    let router = route(router, list);
    let router = route(router, get);
    let router = route(router, update);
    route(router, delete)
}

async fn create(call: Call, request: CreateUser) -> Result<Reply<CreatedUser>, Refusal> {
    let role = granted_role(&call, request.role)?;
    for (name, value) in [("username", &request.username), ("email", &request.email)] {
        if value.trim().is_empty() {
            return Err(Refusal::bad_request(format!("{name} must not be empty")));
        }
    }
    password::check_policy(&request.password)?;
    let hash = tokio::task::spawn_blocking(move || password::hash(&request.password));
    let hash = hash.await.map_err(|_| Refusal::internal())??;
    let mut store = call.shared.store();
    let membership = MemberRole::of(&role);
    let user = store.accounts.create(&request.username, &request.email, role, hash, call.now);
    let user = user.map_err(|conflict| refused(conflict, &request.username))?;
    store.tenancy.admit(user.user_id.clone(), TenantId::server_default(), None, membership);
    Ok(Reply::of(CreatedUser::new(user)))
}

/// The role of the new account: what an administrator says, else the default one.
fn granted_role(call: &Call, asked: Option<Role>) -> Result<Role, Refusal> {
    let options = &call.shared.options;
    let asked = asked.map_or(Role::User, known);
    if !options.auth {
        return if options.registration {
            Ok(Role::User)
        } else {
            Err(Refusal::forbidden("registration_closed"))
        };
    }
    match (&call.caller.role, call.caller.is_somebody()) {
        (Role::Admin, true) => Ok(asked),
        // An anonymous caller gets the default role, whatever was asked for.
        (_, false) => Ok(Role::User),
        (_, true) if !options.registration => Err(Refusal::forbidden("registration_closed")),
        (_, true) if asked == Role::User => Ok(Role::User),
        (_, true) => Err(Refusal::forbidden("admin_required")),
    }
}

/// Roles that nobody knows are the default one.
fn known(role: Role) -> Role {
    if matches!(role, Role::Admin | Role::Readonly) { role } else { Role::User }
}

fn refused(conflict: Conflict, user: &str) -> Refusal {
    match conflict {
        Conflict::Taken => Refusal::conflict("The user name or the e-mail address is taken"),
        Conflict::LastAdmin => Refusal::conflict("The last administrator must stay one"),
        Conflict::Unknown => Refusal::not_found(format!("user {user}")),
    }
}

async fn list(call: Call, request: ListUsers) -> Result<Reply<UserList>, Refusal> {
    call.require_admin()?;
    let mut users = call.shared.store().accounts.users();
    users.retain(|user| request.role.as_ref().is_none_or(|role| user.role == *role));
    let page = Page::cut(users, request.page, request.page_size, 100);
    Ok(Reply::of(UserList::new(page.items, page.total, page.page, page.page_size)))
}

async fn get(call: Call, request: GetUser) -> Result<Reply<User>, Refusal> {
    call.require_admin()?;
    let store = call.shared.store();
    let account = store.accounts.get(&request.user_id).ok_or(Conflict::Unknown);
    account
        .map(|account| Reply::of(account.user.clone()))
        .map_err(|conflict| refused(conflict, request.user_id.as_str()))
}

async fn update(call: Call, request: UpdateUser) -> Result<Reply<UpdatedUser>, Refusal> {
    call.require_admin()?;
    let UpdateUser { user_id, role, is_active, email, .. } = request;
    let email = email.filter(|email| !email.trim().is_empty());
    let change = Change { role: role.map(known), is_active, email };
    let user = call.shared.store().accounts.update(&user_id, change, call.now);
    user.map(|user| Reply::of(UpdatedUser::new(user))).map_err(|conflict| refused(conflict, user_id.as_str()))
}

async fn delete(call: Call, request: DeleteUser) -> Result<Reply<()>, Refusal> {
    call.require_admin()?;
    let mut store = call.shared.store();
    let user: &UserId = &request.user_id;
    store.accounts.remove(user).map_err(|conflict| refused(conflict, user.as_str()))?;
    store.sessions.close_all_of(user);
    store.tenancy.dismiss(user);
    Ok(Reply::of(()))
}
