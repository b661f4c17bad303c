//! [`Jwt`]: a login with a short-lived access token and a refresh token, renewed in the background.
//!
//! Layers, from the pure to the impure:
//!
//! * [`state`](self): what is held, and what to do now (no clock, no await, no I/O);
//! * `flight`: one refresh for all who wait, which none of them can cancel by leaving;
//! * `refresh`: the exchange itself, around the store: lock, read again, refresh only if still needed, save;
//! * `wire`: requests and answers.

mod access;
mod builder;
mod clock;
mod flight;
mod handle;
mod inner;
mod notes;
mod refresh;
mod state;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

/// What the flight is built from; a model checker puts its own in place.
mod sync {
    pub(super) use std::sync::{Arc, Mutex, MutexGuard};
}

pub use builder::JwtBuilder;
pub use handle::{Jwt, LogoutOutcome, Session};
pub use wire::Tokens;
