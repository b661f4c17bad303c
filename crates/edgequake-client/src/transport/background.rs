//! Work that nobody waits for: connections that are driven, and the pool's housekeeping.

use std::future::Future;

use hyper::rt::Executor;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::boxed::BoxFuture;

/// Runs the tasks of HTTP/2 connections on the runtime that is current.
#[derive(Debug, Clone, Copy)]
pub(super) struct Background;

impl<F> Executor<F> for Background
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        // hyper calls this while a request is polled, which happens on a runtime; without one the connection ends.
        if let Ok(runtime) = Handle::try_current() {
            spawn(&runtime, task);
        }
    }
}

/// Spawns a task. It is boxed, so that the runtime's machinery for tasks is compiled once and not for each kind of task.
pub(super) fn spawn(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let task: BoxFuture<()> = Box::pin(task);
    runtime.spawn(task)
}
