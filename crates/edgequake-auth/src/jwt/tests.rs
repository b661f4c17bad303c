//! The provider as a whole, against a server that lives in the test.

mod answers;
mod broken;
mod contended;
mod events;
mod flights;
pub(crate) mod log;
mod logout;
mod passwords;
mod policy;
pub(crate) mod rig;
mod stores;
