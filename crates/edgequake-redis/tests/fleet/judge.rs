//! Holds what the server and the processes have seen against the rules, and prints the figures.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use edgequake_devserver::{DevServer, LedgerEntry, SessionEnd, SessionEvent};

use crate::limits::{DELAY, EXCHANGE, MARGIN, STORE};
use crate::log::{Life, Log, Span, overlap};
use crate::point::{KINDS, Kind, POINTS, Plan, Point};
use crate::recovery::Restart;

/// What clocks of one machine may differ by when they are rounded, and what a line may be late.
const ROUNDING: Duration = Duration::from_millis(50);

/// How long after a token was given its successor is saved: the answer has its limit, and a look at the store and a write have theirs.
const SAVED_BY: Duration = EXCHANGE.saturating_add(STORE).saturating_add(STORE).saturating_add(MARGIN);

/// Why the successor of a token could not be saved by whoever was given it, before its token was presented again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    Killed,
    Stopped,
    /// The answer was lost on its way.
    NoAnswer,
    /// It had no way to the store.
    NoStore,
}

impl Proof {
    fn of(end: &SessionEnd, lives: &[Life], log: &Log) -> Option<(Self, usize)> {
        let spent = end.spent.as_ref()?;
        let (given, reused) = (log.since(spent.at), log.since(end.entry.at));
        let span = (given.saturating_sub(ROUNDING), reused.saturating_add(ROUNDING));
        let number = lives.iter().position(|life| Some(&life.agent) == spent.agent.as_ref())?;
        let life = &lives[number];
        let tokens = spent.generation? + 1;
        if life.has_passed(Point::AfterSave, tokens, span) {
            return None;
        }
        // What happened after it should have been saved is no excuse, nor is what is short or slow: it has to be waited for.
        let due = given.saturating_add(SAVED_BY).min(reused);
        let span = (span.0, due.saturating_add(ROUNDING));
        let suffers = |kinds: &[Kind]| life.suffers(span, |kind| kinds.contains(&kind));
        let answered = life.has_passed(Point::AfterAnswer, tokens, span);
        let proof = match answered {
            _ if suffers(&[Kind::Killed]) => Self::Killed,
            _ if suffers(&[Kind::StoppedLong]) => Self::Stopped,
            false if suffers(&[Kind::ServerSilent, Kind::ServerCut]) => Self::NoAnswer,
            _ if suffers(&[Kind::StoreSilent, Kind::StoreCut]) => Self::NoStore,
            _ => return None,
        };
        Some((proof, number))
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Killed => "was killed before it could save it",
            Self::Stopped => "stood still before it could save it",
            Self::NoAnswer => "never got it: the way from the server was cut or silent",
            Self::NoStore => "could not save it: the way to the store was cut or silent",
        })
    }
}

/// The figures of a run.
#[derive(Debug)]
pub(crate) struct Verdict {
    name: &'static str,
    seconds: u64,
    pub(crate) hits: BTreeMap<Plan, usize>,
    missed: usize,
    kinds: Vec<Kind>,
    calls: usize,
    outside: usize,
    outside_failed: Vec<String>,
    inside_failed: usize,
    wrong: Vec<String>,
    refreshes: usize,
    takeovers: u64,
    late: u64,
    logins: usize,
    lost: BTreeMap<Proof, usize>,
    broken: Vec<String>,
    /// A folder is not restarted.
    restart: Option<Restart>,
}

/// What the run itself knows.
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) seconds: u64,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) hits: BTreeMap<Plan, usize>,
    pub(crate) missed: usize,
    pub(crate) logins: usize,
    pub(crate) without: Vec<Span>,
    pub(crate) restart: Option<Restart>,
    pub(crate) broken: Vec<String>,
}

/// Whether a call was made during an outage of its process: from the order of a fault that keeps it from server or store until
/// its end and, since others may hold the lease meanwhile, the limits of that; or while there was no session to be had.
fn in_outage(call: Span, life: &Life, without: &[Span]) -> bool {
    let after = |span: Span| (span.0, span.1.saturating_add(DELAY));
    let own = life.faults.iter().filter(|fault| fault.kind.cuts_off());
    own.map(|fault| fault.span).chain(without.iter().copied()).any(|span| overlap(after(span), call))
}

impl Verdict {
    pub(crate) fn of(run: Run, log: &Log, server: &DevServer) -> Self {
        let lives = log.lives();
        let Run { name, seconds, kinds, hits, missed, logins, without, restart, mut broken } = run;
        let mut lost = BTreeMap::new();
        let sessions = server.ledger().sessions();
        for end in sessions.iter().filter_map(|session| session.end.as_ref()) {
            if end.entry.event != SessionEvent::Reused {
                continue;
            }
            match Proof::of(end, &lives, log) {
                Some((proof, _)) => *lost.entry(proof).or_default() += 1,
                None => broken.push(unproven(end, &lives, log)),
            }
        }
        let entries = server.ledger().entries();
        let over = |entry: &LedgerEntry| {
            let ends = sessions.iter().filter(|session| Some(session.id) == entry.session);
            ends.filter_map(|session| session.end.as_ref()).any(|end| end.entry.number < entry.number)
        };
        for entry in &entries {
            if matches!(entry.event, SessionEvent::RefreshRefused { .. }) && !over(entry) {
                broken.push(format!("a token was refused: {entry:?}"));
            }
        }
        broken.extend(restart.iter().flat_map(|restart| restart.broken.iter().cloned()));
        let restarted = restart.as_ref().map_or(Duration::MAX, |restart| restart.at);
        for life in lives.iter().filter(|life| life.went_back.iter().any(|said| *said < restarted)) {
            broken.push(format!("{} said that the store went back, and it had not", life.agent));
        }
        let (mut calls, mut outside, mut outside_failed, mut inside_failed) = (0, 0, Vec::new(), 0);
        for life in lives.iter() {
            for call in &life.calls {
                calls += 1;
                let inside = in_outage(call.span, life, &without);
                outside += usize::from(!inside);
                match &call.failure {
                    Some(_) if inside => inside_failed += 1,
                    Some(text) => {
                        outside_failed.push(format!("{} {:?}: {text}", life.agent, call.span));
                    }
                    None => {}
                }
            }
        }
        let sum = |count: fn(&Life) -> u64| lives.iter().map(count).sum();
        Self {
            name,
            seconds,
            hits,
            missed,
            kinds,
            calls,
            outside,
            outside_failed,
            inside_failed,
            wrong: lives.iter().flat_map(|life| life.wrong.clone()).collect(),
            refreshes: entries.iter().filter(|entry| entry.event == SessionEvent::Refreshed).count(),
            takeovers: sum(|life| life.takeovers),
            late: sum(|life| life.late),
            logins,
            lost,
            broken,
            restart,
        }
    }

    /// What was required and is not there.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = self.broken.clone();
        failures.extend(self.wrong.iter().map(|wrong| format!("a wrong answer: {wrong}")));
        if self.outside_failed.len() * 100 > self.outside {
            let first: Vec<_> = self.outside_failed.iter().take(10).collect();
            failures.push(format!("more than 1 % of the calls outside of outages failed: {first:#?}"));
        }
        // Shorter runs are for looking.
        if self.seconds >= 120 {
            if self.outside * 4 < self.calls {
                failures.push(format!(
                    "{} of {} calls outside of outages, a quarter is required",
                    self.outside, self.calls
                ));
            }
            if self.refreshes < 200 {
                failures.push(format!("{} refreshes, 200 are required", self.refreshes));
            }
            if self.takeovers < 20 {
                failures.push(format!("{} takeovers, 20 are required", self.takeovers));
            }
            if self.restart.is_none() && self.kinds.iter().any(|kind| kind.needs_relay()) {
                failures.push("Redis was never restarted".to_owned());
            }
            for kind in &self.kinds {
                for point in POINTS {
                    if !self.hits.contains_key(&Plan { kind: *kind, point }) {
                        failures.push(format!("{kind} never happened {point}"));
                    }
                }
            }
        }
        failures
    }
}

fn unproven(end: &SessionEnd, lives: &[Life], log: &Log) -> String {
    let spender = end.spent.as_ref().and_then(|spent| spent.agent.as_ref());
    let life = lives.iter().find(|life| Some(&life.agent) == spender);
    let since = log.since(end.entry.at).saturating_sub(Duration::from_secs(6));
    let passed: Vec<_> =
        life.iter().flat_map(|life| &life.passed).filter(|passed| passed.at >= since).collect();
    let faults: Vec<_> = life.iter().flat_map(|life| &life.faults).filter(|f| f.span.1 >= since).collect();
    let at = (end.spent.as_ref().map(|spent| log.since(spent.at)), log.since(end.entry.at));
    format!(
        "a session was lost without a proof: {end:?} at {at:?}; its holder passed {passed:?} under {faults:?}"
    )
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<20}", self.name)?;
        for point in POINTS {
            write!(f, "{point:>15}")?;
        }
        writeln!(f)?;
        for kind in KINDS.iter().filter(|kind| self.kinds.contains(kind)) {
            write!(f, "{kind:<20}")?;
            for point in POINTS {
                let count = self.hits.get(&Plan { kind: *kind, point }).copied().unwrap_or_default();
                write!(f, "{count:>15}")?;
            }
            writeln!(f)?;
        }
        let hits: usize = self.hits.values().sum();
        let right = self.outside - self.outside_failed.len();
        #[expect(clippy::cast_precision_loss, reason = "for the eye")]
        let share = 100.0 * right as f64 / self.outside.max(1) as f64;
        writeln!(
            f,
            "{hits} faults in {} s ({} never came about and were planned anew)",
            self.seconds, self.missed
        )?;
        writeln!(
            f,
            "{} calls: {} outside of outages, {right} of them right ({share:.2} %); {} inside, {} of them failed; {} wrong answers",
            self.calls,
            self.outside,
            self.calls - self.outside,
            self.inside_failed,
            self.wrong.len()
        )?;
        let lost: usize = self.lost.values().sum();
        writeln!(
            f,
            "{} refreshes, {} takeovers, {} late exchanges, {} logins, {lost} sessions lost",
            self.refreshes, self.takeovers, self.late, self.logins
        )?;
        for (proof, count) in &self.lost {
            writeln!(f, "  {count:>4} lost: whoever was given the newest token {proof}")?;
        }
        if let Some(Restart { at, aware, told, .. }) = &self.restart {
            writeln!(
                f,
                "Redis restarted without persistence after {} s: {told} of {aware} processes that had used it said so",
                at.as_secs()
            )?;
        }
        write!(f, "{} presentations, losses or ends that the rules do not allow", self.broken.len())?;
        for failure in self.outside_failed.iter().take(5) {
            write!(f, "\n  failed outside of outages: {failure}")?;
        }
        Ok(())
    }
}
