//! [`Stop`]: the word that no further file is to be begun.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::watch;

/// The word that no further file is to be begun, and none tried again. All clones are one.
#[derive(Clone)]
pub(super) struct Stop(watch::Sender<bool>);

impl Stop {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(super) fn tell(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for some work, unless the word is given before that is done. The work should be safe to drop.
    pub(super) async fn unless_told<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut word = self.0.subscribe();
        // No error: the sender is here.
        let mut told = pin!(async move { drop(word.wait_for(|told| *told).await) });
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => told.as_mut().poll(cx).map(|()| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_given_up_at_the_word_unless_it_is_done() {
        let stop = Stop::new();
        assert_eq!(stop.unless_told(async { 1 }).await, Some(1));
        let word = stop.clone();
        let (work, ()) = tokio::join!(stop.unless_told(std::future::pending::<()>()), async { word.tell() });
        assert_eq!((work, stop.is_told()), (None, true));
        assert_eq!(stop.unless_told(async { 2 }).await, Some(2));
    }
}
