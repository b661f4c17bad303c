//! Limits of time: [`DeadlineLayer`] for the whole operation, [`AttemptTimeoutLayer`] for each attempt up to the answer's head,
//! [`IdleTimeoutLayer`] for bodies that stop flowing.
//!
//! A limit that is reached is an error of type [`TimedOut`] that names its [`TimeoutScope`], never an invented answer.

mod attempt;
pub(crate) mod deadline;
mod idle;

use std::time::Duration;

pub use attempt::{AttemptTimeout, AttemptTimeoutLayer};
pub use deadline::{Deadline, DeadlineBody, DeadlineLayer};
pub use idle::{IdleBody, IdleTimeout, IdleTimeoutLayer};

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutScope {
    /// That of the whole operation: waiting for a credential, all attempts, and the body.
    Total,
    /// That of one attempt, up to the head of the answer.
    Attempt,
    /// That between two pieces of a body.
    Idle,
}

/// A limit was reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} within {} ms", what(.scope), limit.as_millis())]
#[non_exhaustive]
pub struct TimedOut {
    /// Which limit.
    pub scope: TimeoutScope,
    /// How long it was.
    pub limit: Duration,
}

fn what(scope: &TimeoutScope) -> &'static str {
    match scope {
        TimeoutScope::Total => "the operation was not finished",
        TimeoutScope::Attempt => "no answer came",
        TimeoutScope::Idle => "nothing more of the body came",
    }
}
