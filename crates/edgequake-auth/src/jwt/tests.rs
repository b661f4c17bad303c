//! The provider as a whole, against a server that lives in the test.

mod accounts;
mod answers;
mod attempts;
mod broken;
mod contended;
mod doubt;
mod events;
mod flights;
mod in_line;
pub(crate) mod log;
mod logout;
mod lost;
mod passwords;
mod policy;
pub(crate) mod rig;
mod stores;
mod unsaved;
