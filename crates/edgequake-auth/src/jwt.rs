//! [`Jwt`]: a login with a short-lived access token and a refresh token, renewed in the background.
//!
//! Layers, from the pure to the impure:
//!
//! * `state`: what is held, and what to do now (no clock, no await, no I/O);
//! * `flight`: one refresh for all who wait, which none of them can cancel by leaving;
//! * `shared`, `save`, `refresh`, `login`, `logout`: the exchanges themselves, and the record in the store;
//! * `watch`, `status`: what those who watch a session are told;
//! * `wire`: requests and answers;
//! * `process`: what a child that was forked does not share.

mod access;
mod builder;
mod flight;
mod handle;
mod inner;
mod login;
mod logout;
mod notes;
mod process;
mod refresh;
mod save;
mod shared;
mod state;
mod status;
mod watch;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

/// What the flight is built from; a model checker puts its own in place.
mod sync {
    pub(super) use std::sync::{Arc, Mutex, MutexGuard};
}

pub use builder::JwtBuilder;
pub use handle::{Jwt, Session};
pub use logout::{LogoutOutcome, Removal, Revocation};
pub use watch::{
    AccessToken, LostSession, LostSessions, SessionCounters, SessionPhase, SessionStatus, SessionWatch,
};
pub use wire::Tokens;
