//! The faults that are ordered, and how clients see them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use edgequake_devserver::{DevServer, Fault, FaultId};

/// How a client sees a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    Unavailable,
    ReadOnly,
    Internal,
    Page,
    Unauthorized,
    RateLimited,
    Ended,
    Silent,
    /// The right answer, later.
    Late,
    /// A document that fails.
    Failed,
}

/// The body of a status that only the order has.
pub(crate) const ORDERED: &str = "ordered";

/// The share of each fault. Together they hit a twentieth of the requests.
const SHARE: f64 = 0.005;

pub(crate) struct Orders(Vec<(&'static str, Seen, FaultId)>);

impl Orders {
    pub(crate) fn order(server: &DevServer, seed: u64) -> Self {
        let late = Duration::from_millis(20);
        let orders = [
            ("503", Seen::Unavailable, Fault::status(503).retry_after("7"), 1.0),
            ("500", Seen::Internal, Fault::status(500).body(ORDERED), 1.0),
            ("a page of a gateway", Seen::Page, Fault::html(502), 1.0),
            ("401", Seen::Unauthorized, Fault::unauthorized(), 1.0),
            ("429", Seen::RateLimited, Fault::rate_limited(3), 1.0),
            ("read-only", Seen::ReadOnly, Fault::read_only(), 1.0),
            ("a reset after the head", Seen::Ended, Fault::reset_after_head(), 1.0),
            ("a cut body", Seen::Ended, Fault::truncate(10), 1.0),
            ("a slow body", Seen::Late, Fault::slow_body(64, Duration::from_millis(1)), 1.0),
            ("a delay", Seen::Late, Fault::delayed(late), 1.0),
            ("a reset before the head", Seen::Ended, Fault::reset().on("GetDocument"), 2.0),
            ("a reset after an upload", Seen::Ended, Fault::reset().after_execution().on("UploadText"), 2.0),
            ("a cut stream", Seen::Ended, Fault::cut_stream(2).on("StreamQuery"), 2.0),
            ("a silent stream", Seen::Silent, Fault::silent_stream(2).on("StreamQuery"), 0.1),
            ("silence", Seen::Silent, Fault::silence().on("ListDocuments"), 0.1),
            ("a failing document", Seen::Failed, Fault::fail_processing("embedding"), 10.0),
        ];
        let add = |(number, (name, seen, fault, times)): (u64, (_, _, Fault, f64))| {
            let fault = fault.probability(SHARE * times, seed + number);
            (name, seen, server.faults().add(fault).unwrap())
        };
        Self((0..).zip(orders).map(add).collect())
    }

    /// Ends all faults: how often each has hit.
    pub(crate) fn end(self, server: &DevServer) -> Hits {
        let hits: Vec<_> =
            self.0.into_iter().map(|(name, seen, id)| (name, seen, server.faults().hits(id))).collect();
        server.faults().clear();
        let of =
            |wanted: &str| hits.iter().filter(|(name, ..)| *name == wanted).map(|(.., count)| count).sum();
        let mut seen = BTreeMap::new();
        for (_, how, count) in &hits {
            // A late answer is a right one, and documents fail behind the requests.
            if !matches!(how, Seen::Late | Seen::Failed) && *count > 0 {
                *seen.entry(*how).or_default() += count;
            }
        }
        Hits { seen, failures: of("a failing document"), all: hits }
    }
}

/// How often the faults have hit.
pub(crate) struct Hits {
    /// Those that a client can tell from a right answer.
    pub(crate) seen: BTreeMap<Seen, u64>,
    /// Documents that failed.
    pub(crate) failures: u64,
    all: Vec<(&'static str, Seen, u64)>,
}

impl fmt::Display for Hits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.all.iter().map(|(name, _, count)| format!("{name} {count}")).collect();
        write!(f, "  hits: {}", all.join(", "))
    }
}
