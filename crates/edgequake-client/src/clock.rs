//! Timers that outlive their runtime.
//!
//! Tokio's panic outside of a runtime, and when their own is gone. These say that there is none, and go on with the one on which they
//! are polled.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep};

use crate::fault::NoRuntime;

fn current() -> Result<Id, NoRuntime> {
    Handle::try_current().map(|runtime| runtime.id()).map_err(|_| NoRuntime)
}

pin_project! {
    /// Ends at a moment.
    #[derive(Debug)]
    pub(crate) struct Timer {
        #[pin]
        sleep: Sleep,
        runtime: Id,
    }
}

impl Timer {
    pub(crate) fn deadline(&self) -> Instant {
        self.sleep.deadline()
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let Ok(runtime) = current()
            && runtime != *this.runtime
        {
            let deadline = this.sleep.deadline();
            this.sleep.set(tokio::time::sleep_until(deadline));
            *this.runtime = runtime;
        }
        this.sleep.poll(cx)
    }
}

pub(crate) fn sleep(time: Duration) -> Result<Timer, NoRuntime> {
    current().map(|runtime| Timer { sleep: tokio::time::sleep(time), runtime })
}

pub(crate) fn sleep_until(moment: Instant) -> Result<Timer, NoRuntime> {
    current().map(|runtime| Timer { sleep: tokio::time::sleep_until(moment), runtime })
}

/// What comes of a future in this time. Without a runtime nothing does.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut timer = std::pin::pin!(sleep(limit).ok()?);
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.as_mut().poll(cx).map(|()| None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_timer_goes_on_when_its_runtime_is_gone() {
        let first = runtime();
        let entered = first.enter();
        let mut timer = pin!(sleep(Duration::from_millis(1)).unwrap());
        drop(entered);
        first.block_on(async {
            assert!(timer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        });
        drop(first);
        runtime().block_on(timer);
    }

    #[test]
    fn without_a_runtime_there_are_no_timers() {
        assert_eq!(sleep(Duration::ZERO).unwrap_err(), NoRuntime);
        let mut limited = pin!(timeout(Duration::from_secs(1), async { 1 }));
        assert_eq!(limited.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));
    }
}
