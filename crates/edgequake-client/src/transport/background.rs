//! Work that nobody waits for: connections that are driven, and the pool's housekeeping.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::rt::Executor;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::connection::{Connection, Cuttable};
use crate::boxed::BoxFuture;

/// Runs the tasks of an HTTP/2 connection on the runtime that is current.
#[derive(Debug, Clone)]
pub(super) struct Background {
    connection: Arc<Connection>,
}

impl Background {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }
}

impl<F> Executor<F> for Background
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        // hyper calls this while the connection's task is polled, which happens on a runtime; without one the connection ends.
        let Ok(runtime) = Handle::try_current() else { return };
        let task: BoxFuture<()> = Box::pin(task);
        match self.connection.until_cut() {
            // The first one reads and writes; the others are a request's.
            Some(uncut) => {
                let task = Cuttable { uncut: Some(uncut), task };
                spawn(&runtime, Wire { task, connection: Arc::clone(&self.connection) });
            }
            None => drop(runtime.spawn(task)),
        }
    }
}

/// Reads and writes the frames of a connection. The server's SETTINGS are among the first.
struct Wire {
    task: Cuttable<BoxFuture<()>>,
    connection: Arc<Connection>,
}

impl Future for Wire {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = Pin::new(&mut self.task).poll(cx);
        if self.connection.streams().is_none() {
            self.connection.wake_driver();
        }
        polled.map(drop)
    }
}

/// Spawns a task. It is boxed, so that the runtime's machinery for tasks is compiled once and not for each kind of task.
pub(super) fn spawn(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let task: BoxFuture<()> = Box::pin(task);
    runtime.spawn(task)
}
