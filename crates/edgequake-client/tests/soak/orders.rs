//! [`Orders`]: the faults of a round, and [`Hits`]: how often they were met.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use edgequake_devserver::{Backend, Fault, FaultId};

use crate::way::{ATTEMPT, Way};

/// What the workers call.
const CALLS: [&str; 6] =
    ["ListDocuments", "UploadText", "UploadFile", "Query", "StreamQuery", "GET /api/v1/auth/me"];

/// The faults of any call, each with its share of the requests. A quarter of the requests meets one.
fn faults_of_calls() -> Vec<(&'static str, Fault, f64)> {
    vec![
        ("503", Fault::status(503), 0.02),
        ("503 for now", Fault::status(503).retry_after("0"), 0.02),
        ("429", Fault::rate_limited(0), 0.02),
        ("502 from a gateway, executed", Fault::html(502).after_execution(), 0.015),
        ("502 from a gateway", Fault::html(502), 0.015),
        ("504, executed", Fault::status(504).after_execution(), 0.01),
        ("reset", Fault::reset(), 0.015),
        ("reset, executed", Fault::reset().after_execution(), 0.015),
        ("reset after the head", Fault::reset_after_head(), 0.015),
        ("cut body", Fault::truncate(10), 0.02),
        ("slow body", Fault::slow_body(64, Duration::from_millis(1)), 0.02),
        ("late", Fault::delayed(Duration::from_millis(20)), 0.05),
        ("too late", Fault::delayed(ATTEMPT * 2), 0.005),
    ]
}

/// The faults of streams.
fn faults_of_streams() -> Vec<(&'static str, Fault, f64)> {
    vec![
        ("cut stream", Fault::cut_stream(2).on("StreamQuery"), 0.03),
        ("silent stream", Fault::silent_stream(2).on("StreamQuery"), 0.005),
    ]
}

/// The faults of logins and refreshes, each of which is met once in a round, if there are as many logins and refreshes.
fn faults_of_sessions(round: u64) -> Vec<(&'static str, Fault, f64)> {
    let mut faults = vec![
        ("login 503", Fault::status(503).retry_after("0").on("Login")),
        ("login reset", Fault::reset().on("Login")),
        ("refresh 503", Fault::status(503).retry_after("0").on("Refresh")),
        ("refresh late", Fault::delayed(Duration::from_millis(30)).on("Refresh")),
        ("refresh reset", Fault::reset().on("Refresh")),
    ];
    // The refresh token is spent, and the client cannot know its successor: it logs in.
    if round.is_multiple_of(2) {
        // First, or the others would take all the refreshes of a short round.
        faults.insert(0, ("refresh reset, executed", Fault::reset().after_execution().on("Refresh")));
    }
    // Not all of them in a row.
    faults.into_iter().map(|(name, fault)| (name, fault.times(1), 0.5)).collect()
}

pub(crate) struct Orders(Vec<(&'static str, FaultId)>);

impl Orders {
    pub(crate) fn order(server: &Backend, way: Way, seed: u64, round: u64) -> Self {
        let mut faults = Vec::new();
        for call in CALLS {
            // An HTTP/2 connection is silent for all calls, and each of them would end by its own limit: the relay does that, for a
            // while at a time.
            if way == Way::Http1 {
                faults.push(("silence", Fault::silence().on(call), 0.005));
            }
            // The others change nothing.
            if call.starts_with("Upload") {
                faults.push(("read-only", Fault::read_only().on(call), 0.006));
            }
            faults.extend(
                faults_of_calls().into_iter().map(|(name, fault, share)| (name, fault.on(call), share)),
            );
        }
        faults.extend(faults_of_streams());
        faults.extend(faults_of_sessions(round));
        let add = |(number, (name, fault, share)): (u64, (_, Fault, f64))| {
            (name, server.faults().add(fault.probability(share, seed + number)).unwrap())
        };
        Self((0..).zip(faults).map(add).collect())
    }

    /// Ends all faults.
    pub(crate) fn end(self, server: &Backend) -> Hits {
        let mut hits = Hits::default();
        for (name, id) in self.0 {
            *hits.0.entry(name).or_default() += server.faults().hits(id);
        }
        server.faults().clear();
        hits
    }
}

/// How often the faults were met.
#[derive(Debug, Default)]
pub(crate) struct Hits(BTreeMap<&'static str, u64>);

impl Hits {
    pub(crate) fn add(&mut self, other: Self) {
        for (name, count) in other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }

    /// The faults that were never met.
    pub(crate) fn missed(&self) -> Vec<&'static str> {
        self.0.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Hits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hits: Vec<String> = self.0.iter().map(|(name, count)| format!("{name} {count}")).collect();
        write!(f, "  faults met: {}", hits.join(", "))
    }
}
