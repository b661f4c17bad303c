//! What may happen to a process of the fleet, and where on the way of a refresh.

use std::fmt;
use std::str::FromStr;

/// A point of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    BeforeIntent,
    AfterIntent,
    /// The server has answered, and the answer is on its way.
    AfterSend,
    /// The answer has been read, and is about to be saved.
    AfterAnswer,
    AfterSave,
}

pub(crate) const POINTS: [Point; 5] =
    [Point::BeforeIntent, Point::AfterIntent, Point::AfterSend, Point::AfterAnswer, Point::AfterSave];

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BeforeIntent => "before-intent",
            Self::AfterIntent => "after-intent",
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

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Killed,
    StoppedShortly,
    /// For longer than its lease and the exchange of whoever takes over.
    StoppedLong,
    /// Its wall clock is set half a minute ahead, and put right a second later.
    ClockAhead,
    /// The same, half a minute behind.
    ClockBehind,
    /// The relay to the server takes everything and passes nothing on.
    ServerSilent,
    /// It breaks all connections, and takes no others.
    ServerCut,
    /// It keeps each piece for a while.
    ServerSlow,
    /// The same for the relay to the store.
    StoreSilent,
    StoreCut,
    StoreSlow,
}

pub(crate) const KINDS: [Kind; 11] = [
    Kind::Killed,
    Kind::StoppedShortly,
    Kind::StoppedLong,
    Kind::ClockAhead,
    Kind::ClockBehind,
    Kind::ServerSilent,
    Kind::ServerCut,
    Kind::ServerSlow,
    Kind::StoreSilent,
    Kind::StoreCut,
    Kind::StoreSlow,
];

impl Kind {
    /// Whether there is a relay between process and store for it.
    pub(crate) fn needs_relay(self) -> bool {
        matches!(self, Self::StoreSilent | Self::StoreCut | Self::StoreSlow)
    }

    /// Whether the process can reach server or store no more. A slow way, a clock and a short stop are no excuse.
    pub(crate) fn cuts_off(self) -> bool {
        match self {
            Self::Killed | Self::StoppedLong => true,
            Self::ServerSilent | Self::ServerCut | Self::StoreSilent | Self::StoreCut => true,
            Self::StoppedShortly | Self::ClockAhead | Self::ClockBehind => false,
            Self::ServerSlow | Self::StoreSlow => false,
        }
    }

    /// Whether the clock of the process is set.
    pub(crate) fn sets_clock(self) -> bool {
        matches!(self, Self::ClockAhead | Self::ClockBehind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::StoppedShortly => "stopped shortly",
            Self::StoppedLong => "stopped for long",
            Self::ClockAhead => "clock ahead",
            Self::ClockBehind => "clock behind",
            Self::ServerSilent => "server silent",
            Self::ServerCut => "server cut off",
            Self::ServerSlow => "server slow",
            Self::StoreSilent => "store silent",
            Self::StoreCut => "store cut off",
            Self::StoreSlow => "store slow",
        })
    }
}

/// A fault: what, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) point: Point,
}
