//! Timers that outlive their runtime.
//!
//! Tokio's panic outside of a runtime, on one that was built without timers, and when their own is gone. These say that there is none,
//! and go on with the one on which they are polled, or with their own where that has none.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::{Handle, Id};
use tokio::task::AbortHandle;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep};

use crate::fault::NoRuntime;

/// The runtime that is current, if it has timers.
pub(crate) fn runtime() -> Result<Handle, NoRuntime> {
    thread_local! {
        /// The runtime that was current last, and whether it has timers.
        static KNOWN: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
    }
    let runtime = Handle::try_current().map_err(|_| NoRuntime::ABSENT)?;
    let known = KNOWN.try_with(Cell::get).ok().flatten().filter(|(id, _)| *id == runtime.id());
    let has_timers = known.map_or_else(has_timers, |(_, has_timers)| has_timers);
    if known.is_none() {
        let _ = KNOWN.try_with(|known| known.set(Some((runtime.id(), has_timers))));
    }
    if has_timers { Ok(runtime) } else { Err(NoRuntime::BARE) }
}

/// Whether the runtime that is current has timers. A panic is the only way in which Tokio tells.
fn has_timers() -> bool {
    catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok()
}

/// A task that ends with its runtime, and tells so whether that is there.
#[derive(Debug)]
struct Probe(AbortHandle);

impl Probe {
    /// A runtime that was shut down ends a task as it is spawned.
    fn of(runtime: &Handle) -> Self {
        Self(runtime.spawn(std::future::pending::<()>()).abort_handle())
    }

    fn is_gone(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pin_project! {
    /// Ends at a moment, or when there is no runtime any more to tell it.
    #[derive(Debug)]
    pub(crate) struct Timer {
        #[pin]
        sleep: Sleep,
        runtime: Handle,
        // Once it was polled elsewhere.
        probe: Option<Probe>,
    }
}

impl Timer {
    fn new(sleep: Sleep, runtime: Handle) -> Self {
        Self { sleep, runtime, probe: None }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.sleep.deadline()
    }
}

impl Future for Timer {
    type Output = Result<(), NoRuntime>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        match runtime() {
            Ok(runtime) if runtime.id() != this.runtime.id() => {
                let deadline = this.sleep.deadline();
                this.sleep.set(tokio::time::sleep_until(deadline));
                (*this.runtime, *this.probe) = (runtime, None);
            }
            Ok(_) => {}
            // Another executor polls it, or a runtime without timers, which is all right as long as its own is there.
            Err(_) => {
                if this.probe.get_or_insert_with(|| Probe::of(this.runtime)).is_gone() {
                    return Poll::Ready(Err(NoRuntime::GONE));
                }
            }
        }
        // The runtime may be shut down by another thread at any time.
        // What has used up all that Tokio lets a task do at once does not hold up the time.
        let polled = catch_unwind(AssertUnwindSafe(|| pin!(unconstrained(this.sleep)).poll(cx)));
        polled.map_or(Poll::Ready(Err(NoRuntime::GONE)), |polled| polled.map(Ok))
    }
}

pub(crate) fn sleep(time: Duration) -> Result<Timer, NoRuntime> {
    runtime().map(|runtime| Timer::new(tokio::time::sleep(time), runtime))
}

pub(crate) fn sleep_until(moment: Instant) -> Result<Timer, NoRuntime> {
    runtime().map(|runtime| Timer::new(tokio::time::sleep_until(moment), runtime))
}

/// What comes of a future in this time; `None` if it takes longer.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Result<Option<F::Output>, NoRuntime> {
    let mut timer = pin!(sleep(limit)?);
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(Some(output))),
        Poll::Pending => timer.as_mut().poll(cx).map(|passed| passed.map(|()| None)),
    })
    .await
}

#[cfg(test)]
mod tests {
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
        runtime().block_on(timer).unwrap();
    }

    #[test]
    fn a_timer_whose_runtime_is_gone_says_so_where_there_is_no_other() {
        for poll in [false, true] {
            let first = runtime();
            let entered = first.enter();
            let mut timer = pin!(sleep(Duration::from_millis(1)).unwrap());
            drop(entered);
            let mut cx = Context::from_waker(Waker::noop());
            if poll {
                assert!(timer.as_mut().poll(&mut cx).is_pending());
            }
            drop(first);
            assert_eq!(timer.as_mut().poll(&mut cx), Poll::Ready(Err(NoRuntime::GONE)));
        }
    }

    #[test]
    fn a_timer_is_polled_anywhere_while_its_runtime_is_there() {
        let first = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let entered = first.enter();
        let timer = sleep(Duration::from_millis(1)).unwrap();
        drop(entered);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(block_on(timer)).unwrap());
        assert_eq!(told.recv().unwrap(), Ok(()));
    }

    /// On no runtime.
    fn block_on<F: Future>(future: F) -> F::Output {
        struct Unpark(std::thread::Thread);
        impl std::task::Wake for Unpark {
            fn wake(self: std::sync::Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            std::thread::park();
        }
    }

    #[test]
    fn a_timer_goes_on_with_its_own_runtime_where_another_has_none() {
        let bare = Builder::new_current_thread().build().unwrap();
        let first = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let entered = first.enter();
        let (soon, later) =
            (sleep(Duration::from_millis(1)).unwrap(), sleep(Duration::from_secs(1)).unwrap());
        drop(entered);
        bare.block_on(soon).unwrap();
        drop(first);
        assert_eq!(bare.block_on(later), Err(NoRuntime::GONE));
    }

    #[test]
    fn a_timer_that_is_polled_elsewhere_leaves_one_task_in_its_runtime_and_takes_it_along() {
        let first = runtime();
        let entered = first.enter();
        let mut timer = Box::pin(sleep(Duration::from_secs(1)).unwrap());
        drop(entered);
        for _ in 0..3 {
            assert!(timer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            assert_eq!(first.metrics().num_alive_tasks(), 1);
        }
        drop(timer);
        first.block_on(async {
            while first.metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await
            }
        });
    }

    #[tokio::test]
    async fn a_limit_holds_for_what_uses_up_all_that_tokio_lets_a_task_do() {
        let greedy = async {
            loop {
                tokio::task::coop::consume_budget().await;
            }
        };
        assert_eq!(timeout(Duration::from_millis(5), greedy).await, Ok(None::<()>));
    }

    #[test]
    fn a_runtime_without_timers_is_none() {
        let bare = Builder::new_current_thread().build().unwrap();
        bare.block_on(async {
            assert_eq!(sleep(Duration::ZERO).unwrap_err(), NoRuntime::BARE);
            assert_eq!(
                timeout(Duration::from_secs(1), std::future::pending::<()>()).await,
                Err(NoRuntime::BARE)
            );
        });
    }

    #[test]
    fn without_a_runtime_there_are_no_timers() {
        assert_eq!(sleep(Duration::ZERO).unwrap_err(), NoRuntime::ABSENT);
        let mut limited = pin!(timeout(Duration::from_secs(1), async { 1 }));
        assert_eq!(
            limited.as_mut().poll(&mut Context::from_waker(Waker::noop())),
            Poll::Ready(Err(NoRuntime::ABSENT))
        );
    }
}
