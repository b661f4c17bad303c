//! User accounts (`/api/v1/users/...`), for administrators; only [`CreateUser`] may be open to everyone.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::users::{CreateUser, CreatedUser};
//!
//! let create = CreateUser::new("mona", "mona@corp.test", "correct horse");
//! let request = create.to_request()?;
//! assert_eq!(request.uri(), "/api/v1/users");
//!
//! let answer = r#"{"user":{"user_id":"7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21","username":"mona",
//!     "email":"mona@corp.test","role":"user"},"created_at":"2026-03-02T09:00:00+00:00"}"#;
//! assert_eq!(CreatedUser::from_body(answer)?.user.username, "mona");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::prelude::*;
use crate::session::{Role, User};

/// Creates an account.
///
/// Needs an administrator, unless the server lets people register themselves; then a role other than the default one is
/// silently replaced by it. Errors: 400 for an empty field or a weak password; 403 if registration is closed; 409 for a name
/// or address that is taken.
#[operation(POST "/api/v1/users" -> CreatedUser, Required, Refused, Json, new(username, email, password), eq)]
pub struct CreateUser {
    /// The login name; not empty.
    pub username: String,
    /// The e-mail address; not empty.
    pub email: String,
    /// The password.
    #[field(expose)]
    pub password: Secret,
    /// The role. By default the server's, usually [`Role::User`].
    pub role: Option<Role>,
}

/// The answer to [`CreateUser`]. Written wrapped as `{"user": {...}}`, read wrapped or bare.
#[model(answer(201), wrapped = "user", new(user, created_at = user.created_at.clone()))]
pub struct CreatedUser {
    /// The account.
    pub user: User,
    /// When the account was created.
    pub created_at: Option<Timestamp>,
}

/// Lists the accounts, a page at a time, sorted by name. Administrators only.
#[operation(GET "/api/v1/users" -> UserList, Required, Safe, Query, new(), eq)]
pub struct ListUsers {
    /// The number of the page, from 1. Default 1.
    pub page: Option<u64>,
    /// How many accounts a page holds. Default 20, at most 100.
    pub page_size: Option<u64>,
    /// Accounts with this role.
    pub role: Option<Role>,
    /// Whether accounts that the server created for visitors are listed. Default false.
    pub include_anonymous: Option<bool>,
}

page_list! {
    /// One page of accounts. Read with its paging fields, without them, or as a bare list of accounts.
    UserList { users: User by user_id } of ListUsers
}

/// Reads one account. Administrators only.
///
/// Errors: 403; 404 for an unknown account.
#[operation(GET "/api/v1/users/{user_id}" -> User, Required, Safe, None, new(user_id), eq)]
pub struct GetUser {
    /// The account.
    pub user_id: UserId,
}

/// Changes an account. What is `None` stays as it is. Administrators only.
///
/// Errors: 403; 404 for an unknown account; 409 for an address that is taken, and for the last administrator's role.
#[operation(PATCH "/api/v1/users/{user_id}" -> UpdatedUser, Required, Safe, Json, new(user_id), eq)]
pub struct UpdateUser {
    /// The account.
    pub user_id: UserId,
    /// The new role.
    pub role: Option<Role>,
    /// Whether the account may log in.
    pub is_active: Option<bool>,
    /// The name to show. Servers accept it without effect.
    pub display_name: Option<String>,
    /// The new e-mail address.
    pub email: Option<String>,
}

/// The answer to [`UpdateUser`]. Written wrapped as `{"user": {...}}`, read wrapped or bare.
#[model(answer, wrapped = "user", new(user, updated_at = user.updated_at.clone()))]
pub struct UpdatedUser {
    /// The account.
    pub user: User,
    /// When the account was changed.
    pub updated_at: Option<Timestamp>,
}

/// Removes an account. Administrators only.
///
/// Errors: 403; 404 for an unknown account.
#[operation(DELETE "/api/v1/users/{user_id}" -> (), Required, Safe, None, new(user_id), eq)]
pub struct DeleteUser {
    /// The account.
    pub user_id: UserId,
}

operations! { "users": CreateUser, ListUsers, GetUser, UpdateUser, DeleteUser }

#[cfg(test)]
mod tests;
