//! [`RefreshHook`]: sees the refreshes that pass a relay, and holds the answer to one where a fault is to happen then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::log::Log;
use crate::point::Point;
use crate::process::Arrival;
use crate::relay::{Hook, Watching};

#[derive(Clone)]
pub(crate) struct RefreshHook {
    /// The process whose relay this is: one that was killed is followed by another.
    pub(crate) number: Arc<AtomicUsize>,
    pub(crate) log: Log,
    /// Whether the next answer waits. All relays share it.
    pub(crate) armed: Arc<AtomicBool>,
    pub(crate) arrivals: mpsc::UnboundedSender<Arrival>,
}

impl Hook for RefreshHook {
    fn up(&self, piece: &[u8]) -> Watching {
        let line = piece.split(|byte| *byte == b'\r').next().unwrap_or_default();
        if String::from_utf8_lossy(line).contains("/api/v1/auth/refresh ") {
            Watching::Yes
        } else {
            Watching::No
        }
    }

    async fn answered(&self) {
        let number = self.number.load(Ordering::Acquire);
        self.log.pass(number, Point::AfterSend);
        if self.armed.swap(false, Ordering::AcqRel) {
            let (release, released) = oneshot::channel();
            let arrival = Arrival { number, point: Point::AfterSend, release: Some(release) };
            self.arrivals.send(arrival).ok();
            released.await.ok();
        }
    }
}
