//! One result for many waiters: a waiter that leaves affects nobody else, and a lost flight is noticed at once.
//!
//! The shared part is a value, a list of wakers and one short lock. It knows nothing of runtimes, so that its
//! interleavings can be explored by a model checker, which supplies its own `sync` module.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::sync::{Arc, Mutex, MutexGuard};

struct Shared<T> {
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    outcome: Outcome<T>,
    /// A place for each waiter.
    waiting: Vec<Option<Waker>>,
    /// Places whose waiters have left.
    free: Vec<usize>,
}

enum Outcome<T> {
    Pending,
    Finished(T),
    Lost,
}

impl<T> Inner<T> {
    fn take_place(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.waiting.push(None);
            self.waiting.len() - 1
        })
    }

    fn leave(&mut self, place: usize) -> Option<Waker> {
        // None is kept once the flight has ended.
        let waker = self.waiting.get_mut(place)?.take();
        self.free.push(place);
        waker
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        // A waker that panics leaves the state whole.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn conclude(&self, outcome: Outcome<T>) {
        let waiting = {
            let mut inner = self.lock();
            inner.outcome = outcome;
            std::mem::take(&mut inner.waiting)
        };
        // Outside of the lock: a waker may run anything.
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}

/// The side that does the work. Dropped without [`send`](Self::send), it tells the waiters that the flight is lost.
pub(crate) struct FlightSender<T>(Option<Arc<Shared<T>>>);

/// The side that waits; each clone can be waited for many times.
pub(crate) struct Flight<T>(Arc<Shared<T>>);

/// The two sides of a new flight.
pub(crate) fn channel<T: Clone>() -> (FlightSender<T>, Flight<T>) {
    let inner = Mutex::new(Inner { outcome: Outcome::Pending, waiting: Vec::new(), free: Vec::new() });
    let shared = Arc::new(Shared { inner });
    (FlightSender(Some(Arc::clone(&shared))), Flight(shared))
}

impl<T> FlightSender<T> {
    /// Gives the result to everybody who waits, now or later.
    pub(crate) fn send(mut self, value: T) {
        if let Some(shared) = self.0.take() {
            shared.conclude(Outcome::Finished(value));
        }
    }
}

impl<T> Drop for FlightSender<T> {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.conclude(Outcome::Lost);
        }
    }
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Flight<T> {
    /// The result; `None` when the flight is lost.
    pub(crate) fn wait(&self) -> Wait<T> {
        Wait { shared: Arc::clone(&self.0), place: None }
    }
}

/// One waiter.
pub(crate) struct Wait<T> {
    shared: Arc<Shared<T>>,
    place: Option<usize>,
}

impl<T: Clone> Future for Wait<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let shared = Arc::clone(&self.shared);
        let mut inner = shared.lock();
        match &inner.outcome {
            Outcome::Finished(value) => Poll::Ready(Some(value.clone())),
            Outcome::Lost => Poll::Ready(None),
            Outcome::Pending => {
                let place = *self.place.get_or_insert_with(|| inner.take_place());
                let mut waker = Some(cx.waker().clone());
                if let Some(place) = inner.waiting.get_mut(place) {
                    std::mem::swap(place, &mut waker);
                }
                drop(inner);
                // What was replaced is dropped outside of the lock, for it may run anything too.
                drop(waker);
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        let left = self.place.and_then(|place| self.shared.lock().leave(place));
        drop(left);
    }
}
