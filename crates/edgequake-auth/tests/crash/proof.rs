//! Why a session was lost, from the ledger of the server and what the children have passed.

use std::time::{Duration, SystemTime};

use edgequake_devserver::LedgerEntry;

use crate::point::{Kind, Plan, Point};

/// What clocks of one machine may differ by when they are rounded.
const ROUNDING: Duration = Duration::from_millis(5);

/// What a child was told once, and how far it came.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) agent: String,
    pub(crate) asked: SystemTime,
    /// The accident that it had.
    pub(crate) accident: Option<Plan>,
    /// Until when it stood still, if it did.
    pub(crate) resumed: Option<SystemTime>,
    /// What it had passed then, or at its end.
    pub(crate) passed: Vec<Point>,
}

/// Why the successor of a token could not be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    /// Whoever was given it was killed before.
    Killed,
    /// It stood still when the token was presented again, in good faith after the limits.
    Stopped,
    /// Its answer did not come within the limit of the exchange.
    TooLate,
}

/// The proof that nobody who could save it had the successor that `spent` was answered with, when its token was presented
/// again in `reused`.
pub(crate) fn of_loss(spent: &LedgerEntry, reused: &LedgerEntry, runs: &[Run]) -> Option<Proof> {
    let run = runs.iter().rev().find(|run| {
        Some(&run.agent) == spent.agent.as_ref()
            && run.asked.checked_sub(ROUNDING).is_some_and(|asked| asked <= spent.at)
    })?;
    if run.passed.contains(&Point::AfterSave) {
        return None;
    }
    match run.accident.map(|accident| accident.kind) {
        Some(Kind::Killed) => Some(Proof::Killed),
        Some(Kind::StoppedLong) if run.resumed.is_some_and(|resumed| reused.at <= resumed) => {
            Some(Proof::Stopped)
        }
        _ if run.passed.contains(&Point::AfterSend) && !run.passed.contains(&Point::AfterAnswer) => {
            Some(Proof::TooLate)
        }
        _ => None,
    }
}
