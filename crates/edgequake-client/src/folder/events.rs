//! [`FolderEvents`]: a run, as a stream of what becomes of each file.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::event::{FolderEvent, FolderReport};
use super::options::Options;
use super::run::run;
use super::walk::Sources;
use crate::client::Client;
use crate::clock;
use crate::error::Error;

/// How many events may wait to be taken.
const EVENTS: usize = 64;

/// What becomes of each file, and at the end the [report](FolderEvent::Finished).
///
/// It begins when it is polled first, on the Tokio runtime of whoever does that, and then goes on by itself until 64 events wait to be
/// taken. Where there is no runtime, it ends with an error that says so. If the runtime is shut down, the stream ends without a report.
///
/// Dropping it ends the run: uploads under way are cut off, and the server may or may not have taken them. Another run with
/// [`resume`](super::FolderUpload::resume) finds those that it has.
#[must_use = "streams do nothing until they are polled"]
pub struct FolderEvents {
    state: State,
    /// That no further file is to be begun, and none tried again.
    stop: CancellationToken,
}

enum State {
    Before(Box<(Client, Sources, Options)>),
    Running(mpsc::Receiver<FolderEvent>, AbortHandle),
    Refused(VecDeque<FolderEvent>),
}

impl FolderEvents {
    pub(super) fn new(client: Client, sources: Sources, options: Options) -> Self {
        Self { state: State::Before(Box::new((client, sources, options))), stop: CancellationToken::new() }
    }

    /// Begins no further file: those whose turn has not come are told as [not tried](super::SkipReason::NotTried), and none is
    /// tried again. Uploads under way are finished, and with [`wait`](super::FolderUpload::wait) also waited for; then the report
    /// comes. Whoever does not want to wait for that drops the stream.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client, signal: impl Future<Output = ()>) {
    /// use edgequake_client::folder::FolderEvent;
    ///
    /// let mut events = client.documents().upload_folder("notes").events();
    /// let mut signal = std::pin::pin!(signal);
    /// let mut stopping = false;
    /// loop {
    ///     tokio::select! {
    ///         () = &mut signal, if !stopping => {
    ///             events.stop();
    ///             stopping = true;
    ///         }
    ///         event = events.next() => match event {
    ///             Some(FolderEvent::Uploaded { path, .. }) => println!("{} was uploaded", path.display()),
    ///             Some(_) => {}
    ///             None => break,
    ///         },
    ///     }
    /// }
    /// # }
    /// ```
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// The next event; `None` after the report. Safe to drop: no event is lost.
    pub async fn next(&mut self) -> Option<FolderEvent> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for FolderEvents {
    type Item = FolderEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FolderEvent>> {
        loop {
            self.state = match std::mem::replace(&mut self.state, State::Refused(VecDeque::new())) {
                State::Before(run) => begin(*run, self.stop.clone()),
                State::Running(mut events, task) => {
                    let event = events.poll_recv(cx);
                    self.state = State::Running(events, task);
                    return event;
                }
                State::Refused(mut events) => {
                    let event = events.pop_front();
                    self.state = State::Refused(events);
                    return Poll::Ready(event);
                }
            };
        }
    }
}

fn begin((client, sources, options): (Client, Sources, Options), stop: CancellationToken) -> State {
    match clock::runtime() {
        Ok(runtime) => {
            let (sender, events) = mpsc::channel(EVENTS);
            let task = runtime.spawn(async move { drop(run(client, sources, options, sender, stop).await) });
            State::Running(events, task.abort_handle())
        }
        Err(error) => {
            let path = sources.folder().map(Path::to_owned).unwrap_or_default();
            let failed = FolderEvent::Failed { path, error: Error::of_failure(error.into()) };
            let mut report = FolderReport::default();
            report.found += 1;
            report.count(&failed);
            State::Refused(VecDeque::from([failed, FolderEvent::Finished(report)]))
        }
    }
}

impl Drop for FolderEvents {
    fn drop(&mut self) {
        if let State::Running(_, task) = &self.state {
            task.abort();
        }
    }
}

impl fmt::Debug for FolderEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolderEvents")
            .field("begun", &!matches!(self.state, State::Before(_)))
            .finish_non_exhaustive()
    }
}
