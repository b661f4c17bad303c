//! [`Turns`]: how many calls of a store are at work at once, and what is told when they hang.
//!
//! A network share that is gone holds whoever asks it for anything, for as long as it likes, and a thread that hangs cannot be
//! ended. Without a limit each further call would take another thread of the runtime, until nothing else gets one.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::per_process::PerProcess;
use super::{StoreError, StoreErrorKind};
use crate::driver::Driver;
use crate::error::CredentialsError;

/// One that hangs, and one that finds out whether it still does.
const AT_ONCE: usize = 2;
/// Far more than a call takes, and less than a provider waits for its store by default, so that its user is told which disk it is.
const LIMIT: Duration = Duration::from_secs(9);

/// What is done, and since when.
type Call = (&'static str, Instant);

/// The calls of one store. Clones are one.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    /// What the store is called in errors.
    name: Arc<str>,
    limit: Duration,
    calls: Arc<PerProcess<Calls>>,
}

/// Those of one process.
#[derive(Debug, Clone)]
struct Calls {
    free: Arc<Semaphore>,
    running: Arc<Mutex<Vec<Call>>>,
}

impl Calls {
    fn new() -> Self {
        Self { free: Arc::new(Semaphore::new(AT_ONCE)), running: Arc::default() }
    }

    fn all_hang(&self, limit: Duration) -> bool {
        let running = lock(&self.running);
        running.len() == AT_ONCE && running.iter().all(|(_, since)| since.elapsed() >= limit)
    }
}

impl Turns {
    pub(super) fn new(name: String) -> Self {
        Self { name: name.into(), limit: LIMIT, calls: Arc::new(PerProcess::new(Calls::new)) }
    }

    /// Another limit than 9 seconds.
    #[cfg(test)]
    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs `work` on a blocking thread once it is its turn. `what` says what it does: "a read". Work that was begun goes on when
    /// nobody waits for it any more, and keeps its turn until it ends.
    ///
    /// # Errors
    ///
    /// [`Busy`](StoreErrorKind::Busy) when it does not end within the limit, and at once when all that are at work hang.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let calls = self.calls.get();
        if calls.free.available_permits() == 0 && calls.all_hang(self.limit) {
            return Err(self.busy(&calls));
        }
        let called = async {
            // It is never closed.
            let turn = Arc::clone(&calls.free).acquire_owned().await.ok();
            let running = Running::new(&calls.running, what);
            let work = move || {
                let (_turn, _running) = (turn, running);
                work()
            };
            match crate::blocking::run(&self.name, work).await {
                Ok(result) => result,
                Err(lost) => {
                    let text = format!("the work on {} was lost", self.name);
                    Err(StoreError::new(StoreErrorKind::Unavailable, text).with_source(lost))
                }
            }
        };
        in_time(self.limit, called, || self.busy(&calls)).await?
    }

    fn busy(&self, calls: &Calls) -> StoreError {
        let oldest = lock(&calls.running).iter().min_by_key(|(_, since)| *since).copied();
        let text = match oldest {
            Some((what, since)) => format!(
                "{} does not answer: {what} that began {} s ago has not ended; look at its disk or network share",
                self.name,
                since.elapsed().as_secs()
            ),
            None => format!("{} does not answer in time; look at its disk or network share", self.name),
        };
        StoreError::new(StoreErrorKind::Busy, text)
    }
}

/// One call that is at work, also if it panics.
struct Running {
    all: Arc<Mutex<Vec<Call>>>,
    this: Call,
}

impl Running {
    fn new(all: &Arc<Mutex<Vec<Call>>>, what: &'static str) -> Self {
        let this = (what, Instant::now());
        lock(all).push(this);
        Self { all: Arc::clone(all), this }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        if let Some(index) = all.iter().position(|one| *one == self.this) {
            all.swap_remove(index);
        }
    }
}

fn lock(all: &Mutex<Vec<Call>>) -> MutexGuard<'_, Vec<Call>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits on the driver, since the runtime that this is called on may have no timer.
pub(super) async fn pause(span: Duration) -> Result<(), StoreError> {
    Driver::default().spawn(tokio::time::sleep(span)).map_err(no_timer)?.wait().await;
    Ok(())
}

fn no_timer(error: CredentialsError) -> StoreError {
    let text = "cannot start a thread for the time limit of the token store";
    StoreError::new(StoreErrorKind::Unavailable, text).with_source(error)
}

/// Waits for `called`, at most for `limit`. The timer is on the driver, since the runtime that this is called on may have none.
pub(super) async fn in_time<T>(
    limit: Duration,
    called: impl Future<Output = T>,
    late: impl FnOnce() -> StoreError,
) -> Result<T, StoreError> {
    let mut called = std::pin::pin!(called);
    let (called_dropped, ended) = tokio::sync::oneshot::channel::<()>();
    let timer = Driver::default()
        .spawn(async move { drop(tokio::time::timeout(limit, ended).await) })
        .map_err(no_timer)?;
    let mut timer = std::pin::pin!(timer.wait());
    let result = std::future::poll_fn(|cx| match called.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => timer.as_mut().poll(cx).map(|_| None),
    });
    let result = result.await;
    drop(called_dropped);
    result.ok_or_else(late)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn calls_that_hang_take_two_threads_and_no_more() {
        let turns = Turns::new("the store".to_owned()).within(Duration::from_millis(50));
        let begun = Arc::new(AtomicUsize::new(0));
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let mut gates = Vec::new();
        let hang = || {
            let (begun, released) = (Arc::clone(&begun), Arc::clone(&released));
            let turns = turns.clone();
            tokio::spawn(async move {
                let work = move || {
                    begun.fetch_add(1, Ordering::SeqCst);
                    released.lock().unwrap().recv().ok();
                    Ok(())
                };
                turns.run("a read", work).await
            })
        };
        gates.extend((0..8).map(|_| hang()));
        for hung in gates {
            let error = hung.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Busy);
            assert!(
                error.to_string().starts_with("the store does not answer: a read that began "),
                "{error}"
            );
        }
        assert_eq!(begun.load(Ordering::SeqCst), AT_ONCE);
        // Now nobody waits: it is known that they hang.
        assert_eq!(turns.run("a write", || Ok(())).await.unwrap_err().kind(), StoreErrorKind::Busy);
        // A child that was forked has turns of its own.
        let parents = turns.calls.get();
        turns.calls.as_if_forked();
        assert_eq!(turns.run("a write", || Ok(7)).await.unwrap(), 7);
        // They end after all.
        drop(release);
        while parents.free.available_permits() < AT_ONCE {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn calls_that_are_many_and_quick_all_have_their_turn() {
        let turns = Turns::new("the store".to_owned());
        let calls: Vec<_> = (0..100)
            .map(|number| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.run("a read", move || Ok(number)).await.unwrap() })
            })
            .collect();
        for (number, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await.unwrap(), number);
        }
    }
}
