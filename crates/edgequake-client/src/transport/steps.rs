//! [`Steps`]: how far the making of a connection has come, so that a limit that is reached can say what took so long.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Step {
    Name,
    Tcp,
    Proxy,
    Tls,
    /// It is not known here.
    Any,
}

/// The step that is under way.
#[derive(Debug, Default)]
pub(super) struct Steps(AtomicU8);

/// No connection was made in time. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("{} within {} ms", missing(.step), .limit.as_millis())]
pub(crate) struct ConnectTimedOut {
    step: Step,
    limit: Duration,
}

impl ConnectTimedOut {
    /// The error of a request whose time was up before the limit for connections.
    pub(super) fn waited(limit: Duration) -> Self {
        Self { step: Step::Any, limit }
    }
}

impl Steps {
    pub(super) fn begin(&self, step: Step) {
        self.0.store(step as u8, Ordering::Relaxed);
    }

    /// The error of a limit that was reached now.
    pub(super) fn timed_out(&self, limit: Duration) -> ConnectTimedOut {
        let begun = self.0.load(Ordering::Relaxed);
        let known = [Step::Tcp, Step::Proxy, Step::Tls].into_iter().find(|step| *step as u8 == begun);
        ConnectTimedOut { step: known.unwrap_or(Step::Name), limit }
    }
}

fn missing(step: &Step) -> &'static str {
    match step {
        Step::Name => "the name of the host was not resolved",
        Step::Tcp => "no TCP connection was made",
        Step::Proxy => "the proxy opened no tunnel",
        Step::Tls => "the TLS handshake was not finished",
        Step::Any => "no connection was made",
    }
}
