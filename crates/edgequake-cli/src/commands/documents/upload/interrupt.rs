//! [`Interrupt`]: the signal that ends an upload, for which it is left the time to finish what is under way.

use tokio::sync::watch;

use crate::context::Context;

/// A signal that may come.
pub(super) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// From now on a signal does not end the command at once.
    pub(super) fn of(cx: &Context) -> Self {
        Self(cx.interrupted.subscribe())
    }

    /// Waits for the signal. Safe to drop.
    pub(super) async fn told(&mut self) {
        if self.0.wait_for(|told| *told).await.is_err() {
            // Nobody is left to tell.
            std::future::pending().await
        }
    }

    /// Waits for some work, unless the signal comes before that is done.
    pub(super) async fn unless_told<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.told() => None,
            done = work => Some(done),
        }
    }
}
