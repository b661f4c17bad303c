//! Tenants (`/api/v1/tenants/...`).
//!
//! Newer servers let platform administrators make and remove tenants, owners change them, and members see them.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint, Paginated};
//! use edgequake_types::tenants::{CreateTenant, ListTenants, Plan, TenantList};
//!
//! let create = CreateTenant::new("Acme").plan(Plan::Pro);
//! assert_eq!(create.to_request()?.uri(), "/api/v1/tenants");
//!
//! let answer = r#"{"items":[{"id":"7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21","name":"Acme"}],"total":1,"offset":0,"limit":1}"#;
//! let page = TenantList::decode(answer.into())?;
//! // A full page: there may be more, whatever the total says.
//! assert_eq!(ListTenants::new().limit(1).next(&page).unwrap().offset, Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod create;
mod list;
mod model;
mod one;

pub use create::CreateTenant;
pub use list::{ListTenants, TenantList};
pub use model::{Plan, Tenant};
pub use one::{DeleteTenant, GetTenant, UpdateTenant};

#[cfg(test)]
mod tests;
