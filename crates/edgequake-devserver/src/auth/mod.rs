//! Who is calling, and what they may do.
//!
//! A request passes in this order: [`credential`] finds the one token of the request, [`caller`] says whom it stands for,
//! [`scope`] binds it to a tenant and a workspace, [`permission`] checks the role and the scopes of a key.

pub(crate) mod caller;
pub(crate) mod credential;
pub(crate) mod digest;
pub(crate) mod password;
pub(crate) mod permission;
pub(crate) mod scope;
pub(crate) mod token;
