//! [`Driver`]: where logins, refreshes, logouts and what they need of a store run, whatever becomes of the runtime of
//! whoever asked.
//!
//! A refresh token works once. If the exchange ran on the caller's runtime, a runtime that is dropped, or polled only during
//! calls, would stop it between the request and the moment its successor is saved, and the session would be lost. So
//! exchanges run on one thread of the process, with a runtime of its own. It is made when first needed and ends when it has
//! had nothing to do for a while.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{Notify, oneshot};
use tracing::instrument::WithSubscriber as _;

use crate::error::{CredentialsError, CredentialsErrorKind as Kind};

/// How long the thread stays without work. Connections of exchanges live no longer.
const IDLE: Duration = Duration::from_secs(30);

/// How long work may take to find out that its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// Runs work to its end.
#[derive(Debug, Clone, Default)]
pub(crate) enum Driver {
    /// The thread of the process.
    #[default]
    Process,
    /// A runtime that the program drives itself.
    Runtime(Handle),
}

/// The running thread.
struct Thread {
    /// A child process has the memory of its parent, but not its threads.
    process: u32,
    handle: Handle,
    work: Arc<Work>,
}

#[derive(Default)]
struct Work {
    running: AtomicUsize,
    changed: Notify,
}

static THREAD: Mutex<Option<Thread>> = Mutex::new(None);

impl Driver {
    /// Starts `work`, which goes on if the result is dropped.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](Kind::Unavailable) when the system gives no thread.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Running<T>, CredentialsError> {
        let (sender, receiver) = oneshot::channel();
        let work = async move {
            // Nobody may be waiting.
            drop(sender.send(work.await));
        };
        // What happens there is told to whoever asked, also where a subscriber is set for a thread only.
        let work = work.with_current_subscriber();
        match self {
            Self::Runtime(handle) => drop(handle.spawn(work)),
            Self::Process => spawn_on_thread(work).map_err(|error| {
                CredentialsError::new(
                    Kind::Unavailable,
                    "the system gives no thread for logins and refreshes",
                )
                .with_source(error)
            })?,
        }
        Ok(Running(receiver))
    }
}

/// What was started.
pub(crate) struct Running<T>(oneshot::Receiver<T>);

impl<T> Running<T> {
    /// Its result; `None` if it was lost: it panicked, or its runtime was shut down. May be awaited on any executor.
    pub(crate) async fn wait(self) -> Option<T> {
        self.0.await.ok()
    }

    /// The same for work that ends within `limit` by itself, and `None` a second after it, where nobody drives the runtime of the work or
    /// something blocks it.
    pub(crate) async fn wait_at_most(self, limit: Duration) -> Option<T> {
        let (over, passed) = oneshot::channel();
        // It ends as soon as nobody waits any more.
        let (_waiting, end) = std::sync::mpsc::channel::<()>();
        let timer = move || match end.recv_timeout(limit.saturating_add(GRACE)) {
            Err(RecvTimeoutError::Timeout) => drop(over.send(())),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
        };
        let timer = std::thread::Builder::new().name("edgequake-settle".into()).spawn(timer);
        if timer.is_err() {
            return self.wait().await;
        }
        let (mut work, mut passed) = (pin!(self.0), pin!(passed));
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(result.ok()),
            // Without a word from it, the timer has not passed.
            Poll::Pending => match passed.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => Poll::Ready(None),
                Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
            },
        })
        .await
    }
}

fn spawn_on_thread(work: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    let running = match &*thread {
        Some(running) if running.process == process => running,
        _ => thread.insert(start(process)?),
    };
    // Counted under the lock, so that the thread does not end meanwhile.
    let task = Counted::new(&running.work);
    running.handle.spawn(async move {
        let _task = task;
        work.await;
    });
    Ok(())
}

fn start(process: u32) -> std::io::Result<Thread> {
    let runtime = Builder::new_current_thread().enable_all().thread_name("edgequake-io").build()?;
    let handle = runtime.handle().clone();
    let work = Arc::new(Work::default());
    let watched = Arc::clone(&work);
    std::thread::Builder::new().name("edgequake-auth".to_owned()).spawn(move || {
        runtime.block_on(until_idle(&watched));
        // A store that hangs must not keep the thread.
        runtime.shutdown_background();
    })?;
    Ok(Thread { process, handle, work })
}

/// Returns once there has been no work for [`IDLE`], after nobody can find this thread any more.
async fn until_idle(work: &Arc<Work>) {
    loop {
        let changed = work.changed.notified();
        if work.running.load(Ordering::Acquire) > 0 {
            changed.await;
            continue;
        }
        if tokio::time::timeout(IDLE, changed).await.is_ok() {
            continue;
        }
        let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
        if work.running.load(Ordering::Acquire) == 0 {
            thread.take_if(|running| Arc::ptr_eq(&running.work, work));
            return;
        }
    }
}

/// One piece of work, also if it panics.
struct Counted(Arc<Work>);

impl Counted {
    fn new(work: &Arc<Work>) -> Self {
        work.running.fetch_add(1, Ordering::AcqRel);
        work.changed.notify_one();
        Self(Arc::clone(work))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_without_a_runtime_of_the_caller() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let work = async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            sender.send(std::thread::current().name().map(ToOwned::to_owned)).unwrap();
        };
        drop(Driver::Process.spawn(work).unwrap());
        assert_eq!(receiver.recv().unwrap().as_deref(), Some("edgequake-auth"));
    }

    #[test]
    fn work_survives_the_runtime_that_asked() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let (release, released) = oneshot::channel::<()>();
        let runtime = Builder::new_current_thread().build().unwrap();
        let running = runtime.block_on(async {
            Driver::Process.spawn(async move {
                released.await.unwrap();
                sender.send(()).unwrap();
                7
            })
        });
        drop(runtime);
        release.send(()).unwrap();
        receiver.recv().unwrap();
        let elsewhere = Builder::new_current_thread().build().unwrap();
        assert_eq!(elsewhere.block_on(running.unwrap().wait()), Some(7));
    }

    #[tokio::test]
    async fn a_limit_holds_where_nobody_drives_the_runtime_of_the_work() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let undriven = Driver::Runtime(runtime.handle().clone());
        let running = undriven.spawn(async { 1 }).unwrap();
        assert_eq!(running.wait_at_most(Duration::ZERO).await, None);
        let running = Driver::Process.spawn(async { 1 }).unwrap();
        assert_eq!(running.wait_at_most(Duration::from_secs(3600)).await, Some(1));
        runtime.shutdown_background();
    }

    #[tokio::test]
    async fn work_that_panics_is_lost_and_harms_nothing_else() {
        let lost = Driver::Process.spawn(async { panic!("as it happens") }).unwrap();
        assert_eq!(lost.wait().await, None::<()>);
        assert_eq!(Driver::Process.spawn(async { 1 }).unwrap().wait().await, Some(1));
    }
}
