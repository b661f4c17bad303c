//! The provider as a whole, against a server that lives in the test.

mod answers;
mod flights;
mod policy;
pub(crate) mod rig;
mod stores;
