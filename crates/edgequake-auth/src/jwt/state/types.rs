//! The types that the state machine and its callers exchange.

use std::time::Duration;

use edgequake_types::Secret;

use crate::authorization::Authorization;
use crate::error::CredentialsError;
use crate::jwt::access::Access;
use crate::protocol::{Held, Urgency};
use crate::store::EndReason;

/// Identifies one flight. A ticket that is not the current one belongs to an old flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(super) id: u64,
    /// The session the flight started from.
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
    /// No credential can be had.
    Fail(CredentialsError),
}

/// What a successful flight returns.
#[derive(Debug, Clone)]
pub(crate) struct Renewed {
    pub(crate) access: Access,
    /// The refresh token from now on; `None` keeps the one held.
    pub(crate) refresh: Option<Secret>,
    /// Which tokens of which session these are.
    pub(crate) held: Held,
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

/// Why a flight failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: CredentialsError,
    /// The session is over, and why.
    pub(crate) ended: Option<EndReason>,
    /// Whether the error is the answer to a password, which is remembered.
    pub(crate) by_login: ByLogin,
}

/// Whether something is the answer to the password that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByLogin {
    No,
    /// It is, and the password stays the same.
    Yes,
    /// To what its file held, which may be another by now.
    OfFile,
}

/// What a flight needs to know when it starts.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) urgency: Urgency,
    /// What is in hand, of what is or was stored.
    pub(crate) held: Option<Held>,
    /// The access token in hand was refused; the store may still hold it.
    pub(crate) refused: bool,
    /// The program asked for it, however good the access token is.
    pub(crate) asked: bool,
    /// The refresh token in hand.
    pub(crate) refresh: Option<Secret>,
    /// Whether the password may be sent.
    pub(crate) login: Result<(), Option<CredentialsError>>,
    /// Whether there has been any session here.
    pub(crate) had_session: bool,
}
