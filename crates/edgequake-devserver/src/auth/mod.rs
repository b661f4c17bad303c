//! Who is calling, and what they may do.
//!
//! A request passes through these steps in order: [`credential`] finds its token, [`caller`] identifies the caller by
//! it, [`scope`] binds the request to a tenant and a workspace, and [`permission`] checks the caller's role and key
//! scopes.

pub(crate) mod caller;
pub(crate) mod credential;
pub(crate) mod permission;
pub(crate) mod scope;
pub(crate) mod token;
