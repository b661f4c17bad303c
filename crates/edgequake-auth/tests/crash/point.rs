//! What may happen, and where on the way of a refresh.

use std::fmt;
use std::str::FromStr;

/// A point of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    BeforeIntent,
    AfterIntent,
    /// After the last look at the lease.
    BeforeSend,
    AfterSend,
    AfterAnswer,
    AfterSave,
}

pub(crate) const POINTS: [Point; 6] = [
    Point::BeforeIntent,
    Point::AfterIntent,
    Point::BeforeSend,
    Point::AfterSend,
    Point::AfterAnswer,
    Point::AfterSave,
];

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BeforeIntent => "before-intent",
            Self::AfterIntent => "after-intent",
            Self::BeforeSend => "before-send",
            Self::AfterSend => "after-send",
            Self::AfterAnswer => "after-answer",
            Self::AfterSave => "after-save",
        })
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        POINTS.into_iter().find(|point| point.to_string() == name).ok_or_else(|| format!("no point {name}"))
    }
}

/// What happens to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Killed,
    /// For less time than an exchange may take.
    StoppedShortly,
    /// For longer than its lease and the exchange of whoever takes over.
    StoppedLong,
    /// The runtime of the caller polled the call once, and is dropped with it here.
    RuntimeDropped,
    /// The same, and it is there still, but nobody polls it.
    RuntimeIdle,
}

const KINDS: [Kind; 5] =
    [Kind::Killed, Kind::StoppedShortly, Kind::StoppedLong, Kind::RuntimeDropped, Kind::RuntimeIdle];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::StoppedShortly => "stopped shortly",
            Self::StoppedLong => "stopped for long",
            Self::RuntimeDropped => "runtime dropped",
            Self::RuntimeIdle => "runtime not polled",
        })
    }
}

/// An accident: what, and where; without a point at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) point: Option<Point>,
}

/// All that there are.
pub(crate) fn plans() -> Vec<Plan> {
    let at_points = KINDS.into_iter().flat_map(|kind| POINTS.map(|point| Plan { kind, point: Some(point) }));
    let mut plans: Vec<_> = at_points
        .filter(|plan| (plan.kind, plan.point) != (Kind::StoppedLong, Some(Point::BeforeSend)))
        .collect();
    plans.push(Plan { kind: Kind::Killed, point: None });
    plans
}
