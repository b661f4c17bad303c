//! Explores the interleavings of the flight's shared part with a model checker. Only that part is built on the checker's
//! locks and threads: it is compiled here once more.

/// What the flight is built from, under the model checker's eyes.
mod sync {
    pub(super) use loom::sync::{Arc, Mutex, MutexGuard};
}

#[allow(dead_code, reason = "the model uses what it explores")]
#[path = "../src/jwt/flight.rs"]
mod flight;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use flight::{Flight, Wait, channel};
use loom::future::block_on;
use loom::thread;

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    // Real bugs need one or two preemptions; three keep the run at some seconds.
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn wait(flight: &Flight<u32>) -> Option<u32> {
    block_on(flight.wait())
}

#[test]
fn every_waiter_gets_the_result() {
    explore(|| {
        let (sender, flight) = channel::<u32>();
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                let flight = flight.clone();
                thread::spawn(move || wait(&flight))
            })
            .collect();
        sender.send(7);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Some(7));
        }
        assert_eq!(wait(&flight), Some(7));
    });
}

#[test]
fn every_waiter_hears_that_a_flight_is_lost() {
    explore(|| {
        let (sender, flight) = channel::<u32>();
        let waiter = {
            let flight = flight.clone();
            thread::spawn(move || wait(&flight))
        };
        let sender = thread::spawn(move || drop(sender));
        assert_eq!(wait(&flight), None);
        sender.join().unwrap();
        assert_eq!(waiter.join().unwrap(), None);
    });
}

/// Polls once and leaves.
struct Once(Wait<u32>);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop).is_ready();
        Poll::Ready(())
    }
}

#[test]
fn a_waiter_that_leaves_affects_nobody_else() {
    explore(|| {
        let (sender, flight) = channel::<u32>();
        let leaver = {
            let flight = flight.clone();
            thread::spawn(move || block_on(Once(flight.wait())))
        };
        let sender = thread::spawn(move || sender.send(7));
        assert_eq!(wait(&flight), Some(7));
        leaver.join().unwrap();
        sender.join().unwrap();
    });
}

#[test]
fn the_last_waker_of_a_waiter_counts() {
    explore(|| {
        let (sender, flight) = channel::<u32>();
        let sender = thread::spawn(move || sender.send(7));
        let mut waiting = flight.wait();
        // Polled by somebody else first, as `select!` or a moved task does.
        let first = Pin::new(&mut waiting).poll(&mut Context::from_waker(Waker::noop()));
        let result = match first {
            Poll::Ready(result) => result,
            Poll::Pending => block_on(waiting),
        };
        assert_eq!(result, Some(7));
        sender.join().unwrap();
    });
}
