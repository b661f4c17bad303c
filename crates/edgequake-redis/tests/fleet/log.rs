//! [`Log`]: what the processes have told, and what was done to them.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use crate::point::{Kind, Point};

/// A span of the run, from its start.
pub(crate) type Span = (Duration, Duration);

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) span: Span,
    /// What went wrong.
    pub(crate) failure: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub(crate) at: Duration,
    pub(crate) point: Point,
    /// Which tokens of the session were exchanged, from 1; a relay does not know.
    tokens: Option<u64>,
}

/// A process, from its start to its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    pub(crate) agent: String,
    pub(crate) passed: Vec<Passed>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) calls: Vec<Call>,
    /// Answers to another question.
    pub(crate) wrong: Vec<String>,
    pub(crate) takeovers: u64,
    pub(crate) refreshes: u64,
    pub(crate) late: u64,
    /// When its store said that it had lost what it had confirmed.
    pub(crate) went_back: Vec<Duration>,
    pub(crate) settled: Option<bool>,
}

impl Life {
    /// Whether a fault of this process overlaps a span.
    pub(crate) fn suffers(&self, span: Span, kind: impl Fn(Kind) -> bool) -> bool {
        self.faults.iter().any(|fault| kind(fault.kind) && overlap(fault.span, span))
    }

    /// Whether it came to a point with these tokens.
    pub(crate) fn has_passed(&self, point: Point, tokens: u64, (from, to): Span) -> bool {
        let there = |passed: &Passed| {
            passed.point == point && passed.tokens == Some(tokens) && from <= passed.at && passed.at <= to
        };
        self.passed.iter().any(there)
    }

    /// Whether it had a token.
    pub(crate) fn was_served(&self, before: Duration) -> bool {
        self.calls.iter().any(|call| call.failure.is_none() && call.span.1 < before)
    }
}

pub(crate) fn overlap(one: Span, other: Span) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

/// Clones are the same log.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    start: Instant,
    began_at: SystemTime,
    lives: Arc<Mutex<Vec<Life>>>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), began_at: SystemTime::now(), lives: Arc::default() }
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// When something in the ledger of the server happened.
    pub(crate) fn since(&self, at: SystemTime) -> Duration {
        at.duration_since(self.began_at).unwrap_or_default()
    }

    pub(crate) fn lives(&self) -> MutexGuard<'_, Vec<Life>> {
        self.lives.lock().unwrap()
    }

    /// A process begins; the result is its number.
    pub(crate) fn begin(&self, slot: usize) -> (usize, String) {
        let mut lives = self.lives();
        let number = lives.len();
        let agent = format!("fleet-{slot}-{number}");
        lives.push(Life { agent: agent.clone(), ..Life::default() });
        (number, agent)
    }

    pub(crate) fn pass(&self, number: usize, point: Point) {
        let now = self.now();
        self.lives()[number].passed.push(Passed { at: now, point, tokens: None });
    }

    /// A fault begins now; it lasts until told otherwise.
    pub(crate) fn fault(&self, number: usize, kind: Kind) {
        let span = (self.now(), Duration::MAX);
        self.lives()[number].faults.push(Fault { kind, span });
    }

    /// The fault of a process is over.
    pub(crate) fn over(&self, number: usize) {
        let now = self.now();
        let mut lives = self.lives();
        if let Some(fault) = lives[number].faults.last_mut().filter(|fault| fault.kind != Kind::Killed) {
            fault.span.1 = now;
        }
    }

    /// Takes in a line of a process; the result is the point where it waits.
    pub(crate) fn hear(&self, number: usize, line: &str) -> Option<Point> {
        let now = self.now();
        let mut lives = self.lives();
        let life = &mut lives[number];
        let mut words = line.splitn(4, ' ');
        let (what, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match what {
            "passed" | "at" => {
                let point = second.parse().unwrap();
                let tokens = words.next().and_then(|tokens| tokens.parse().ok());
                life.passed.push(Passed { at: now, point, tokens });
                return (what == "at").then_some(point);
            }
            "call" => {
                let took = Duration::from_millis(second.parse().unwrap());
                let (how, text) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                if how == "wrong" {
                    life.wrong.push(text.to_owned());
                }
                let failure = (how != "right").then(|| text.to_owned());
                life.calls.push(Call { span: (now.saturating_sub(took), now), failure });
            }
            "counters" => {
                let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).unwrap_or_default();
                (life.refreshes, life.takeovers) = (number(Some(second)), number(words.next()));
                life.late = number(words.next());
            }
            "store" if second == "WentBack" => life.went_back.push(now),
            "settled" => life.settled = Some(second == "true"),
            _ => {}
        }
        None
    }
}
