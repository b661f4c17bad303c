//! [`Step`]: what a [`Refresher`](super::Refresher) says is to be done next.

use std::time::Duration;

use edgequake_types::Secret;

use super::settle::Presented;
use crate::store::{EndReason, Record};

/// How much an access token is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Urgency {
    /// The present one still works: nobody waits, and nothing is risked.
    Early,
    /// The present one still works, and the program asks for another: that is worth a wait, and no risk.
    Asked,
    /// There is none that works.
    Needed,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The tokens of the record are good.
    Adopt,
    /// There is nothing to do now; the access token in hand still works.
    Skip,
    /// Somebody else is at it: look again after this time at the latest.
    Wait(Duration),
    /// Put this in the place of the record that was read, then tell [`Refresher::written`] and go on.
    Write(Box<Record>),
    /// Send the refresh token now.
    Present(Present),
    /// Log in with the password.
    LogIn,
    /// The session that was in hand is over.
    Ended(EndReason),
    /// The record has no name, and somebody else's session took the place of the one in hand.
    Replaced,
    /// There is none, and nothing to make one from.
    NoLogin,
}

/// A refresh token that may be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) token: Secret,
    pub(crate) what: Presented,
}

impl std::hash::Hash for Present {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.what.hash(state);
    }
}
