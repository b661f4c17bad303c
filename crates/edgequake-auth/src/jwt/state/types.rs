//! The words that the state machine and its callers speak in.

use std::time::Duration;

use edgequake_types::Secret;

use crate::authorization::Authorization;
use crate::error::CredentialsError;
use crate::jwt::access::Access;

/// Names one flight. A ticket that is not the current one is an old flight's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(super) id: u64,
    /// The session the flight set out from.
    pub(super) version: u64,
}

/// What the caller has to do.
#[derive(Debug, Clone)]
pub(crate) enum Decision {
    /// Send this.
    Use(Authorization),
    /// Send this, and start a flight that nobody waits for.
    UseAndStart(Authorization, Ticket),
    /// Wait for the flight that is under way.
    Join(Ticket),
    /// Start a flight and wait for it.
    Start(Ticket),
    /// A flight failed a moment ago: wait this long, or give up with the error.
    Pause(Duration, CredentialsError),
    /// There is no way.
    Fail(CredentialsError),
}

/// What a flight brings home.
#[derive(Debug, Clone)]
pub(crate) struct Renewed {
    pub(crate) access: Access,
    /// The refresh token from now on; `None` keeps the one held.
    pub(crate) refresh: Option<Secret>,
    pub(crate) by: By,
}

/// How a session was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The same session goes on.
    Refresh,
    /// A new session.
    Login,
    /// Somebody else who shares the store did it.
    Store,
}

/// Why a flight came home with nothing.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: CredentialsError,
    /// The refresh tokens that the server refused.
    pub(crate) dead: Vec<Secret>,
    /// Whether the error is the answer to a password, which is remembered.
    pub(crate) by_login: bool,
}

/// What a flight needs to know when it sets out.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The access token that was refused, if one was; the store may still hold it.
    pub(crate) refused: Option<Secret>,
    pub(crate) refresh: Option<Secret>,
    /// Whether the password may be sent.
    pub(crate) login: Result<(), Option<CredentialsError>>,
    /// Whether there is any session here already.
    pub(crate) has_session: bool,
}
