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
//! assert_eq!(CreatedUser::decode(answer.into())?.user.username, "mona");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::page::page_list;
use crate::secret::{self, Secret};
use crate::session::{Role, User};
use crate::{Paginated, Timestamp, UserId, tolerant};

/// `POST /api/v1/users`: makes an account.
///
/// Needs an administrator, unless the server lets people register themselves; then a role other than the default one is
/// silently replaced by it. Not repeated after an ambiguous failure. Errors: 400 for an empty field or a weak password; 403
/// if registration is closed; 409 for a name or address that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreateUser {
    /// The login name; not empty.
    pub username: String,
    /// The e-mail address; not empty.
    pub email: String,
    /// The password.
    #[serde(serialize_with = "secret::expose")]
    pub password: Secret,
    /// The role. By default the server's, usually [`Role::User`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

impl CreateUser {
    /// An account with the server's default role.
    pub fn new(username: impl Into<String>, email: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { username: username.into(), email: email.into(), password: password.into(), role: None }
    }
}

setters! {
    CreateUser { role: Role }
}

endpoint! {
    POST "/api/v1/users" => CreateUser, CreatedUser where Required, Refused, Json
}

/// Declares the answer that carries a user and the time of a change. Written wrapped as `{"user": {...}}`, read wrapped
/// or bare.
macro_rules! user_answer {
    ($(#[$docs:meta])* $answer:ident, $(#[$time_docs:meta])* $time:ident) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[non_exhaustive]
        pub struct $answer {
            /// The account.
            pub user: User,
            $(#[$time_docs])*
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $time: Option<Timestamp>,
        }

        impl $answer {
            /// An answer about this account.
            pub fn new(user: User) -> Self {
                Self { $time: user.$time.clone(), user }
            }
        }

        impl<'de> Deserialize<'de> for $answer {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                let $time = value.get(stringify!($time)).and_then(Value::as_str).map(Timestamp::from);
                let user = tolerant::wrapped(value, "user").map_err(serde::de::Error::custom)?;
                Ok(Self { user, $time })
            }
        }

        json_answers!($answer);
    };
}

user_answer! {
    /// The answer to [`CreateUser`]. Written wrapped as `{"user": {...}}`, read wrapped or bare.
    CreatedUser,
    /// When the account was made.
    created_at
}

/// `GET /api/v1/users`: one page of the accounts, sorted by name. Administrators only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListUsers {
    /// The number of the page, from 1. Default 1.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
    /// How many accounts a page holds. Default 20, at most 100.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
    /// Accounts with this role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether accounts that the server made for visitors are listed. Default false.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub include_anonymous: Option<bool>,
}

impl ListUsers {
    /// The first page of all accounts.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    ListUsers {
        page: u64,
        page_size: u64,
        role: Role,
        include_anonymous: bool,
    }
}

endpoint! {
    GET "/api/v1/users" => ListUsers, UserList where Required, Safe, Query
}

impl Paginated for ListUsers {
    type Item = User;

    fn next(&self, page: &UserList) -> Option<Self> {
        Some(self.clone().page(page.pagination().next(self.page, page.users.len(), None)?))
    }

    fn items(page: UserList) -> Vec<User> {
        page.users
    }
}

page_list! {
    /// One page of accounts. Read with its paging fields, without them, or as a bare list of accounts.
    UserList { users: User }
}

/// `GET /api/v1/users/{user_id}`: one account. Administrators only.
///
/// Errors: 403; 404 for an unknown account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GetUser {
    /// The account.
    #[serde(skip_serializing)]
    pub user_id: UserId,
}

impl GetUser {
    /// The account with this id.
    pub fn new(user_id: impl Into<UserId>) -> Self {
        Self { user_id: user_id.into() }
    }
}

endpoint! {
    GET "/api/v1/users/{user_id}" (user_id) => GetUser, User where Required, Safe, None
}

/// `PATCH /api/v1/users/{user_id}`: changes an account. What is `None` stays as it is. Administrators only.
///
/// Errors: 403; 404 for an unknown account; 409 for an address that is taken, and for the last administrator's role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UpdateUser {
    /// The account.
    #[serde(skip_serializing)]
    pub user_id: UserId,
    /// The new role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether the account may log in.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// The name to show. Servers accept it without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The new e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl UpdateUser {
    /// A change of this account; the setters say what changes.
    pub fn new(user_id: impl Into<UserId>) -> Self {
        Self { user_id: user_id.into(), role: None, is_active: None, display_name: None, email: None }
    }
}

setters! {
    UpdateUser {
        role: Role,
        is_active: bool,
        display_name: String,
        email: String,
    }
}

endpoint! {
    PATCH "/api/v1/users/{user_id}" (user_id) => UpdateUser, UpdatedUser where Required, Safe, Json
}

user_answer! {
    /// The answer to [`UpdateUser`]. Written wrapped as `{"user": {...}}`, read wrapped or bare.
    UpdatedUser,
    /// When the account was changed.
    updated_at
}

/// `DELETE /api/v1/users/{user_id}`: removes an account. Administrators only; answers 204.
///
/// Errors: 403; 404 for an unknown account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteUser {
    /// The account.
    #[serde(skip_serializing)]
    pub user_id: UserId,
}

impl DeleteUser {
    /// Removes the account with this id.
    pub fn new(user_id: impl Into<UserId>) -> Self {
        Self { user_id: user_id.into() }
    }
}

endpoint! {
    DELETE "/api/v1/users/{user_id}" (user_id) => DeleteUser, () where Required, Safe, None
}

#[cfg(test)]
mod tests;
