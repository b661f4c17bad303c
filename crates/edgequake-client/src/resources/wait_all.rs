//! [`WaitAll`]: until each of many documents has been processed.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use edgequake_types::documents::DocumentSummary;
use futures_core::Stream;

use super::documents::Uploaded;
use super::watch::{Ended, Watch};
use crate::boxed::BoxFuture;
use crate::client::Client;
use crate::error::Error;

/// How waiting for one of many documents ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Waited {
    /// The upload, with the id of its document where that has become known.
    pub upload: Uploaded,
    /// The document as lists show it, without its text. A document that failed, as a whole or in part, or was cancelled is an error of the
    /// kind [`ErrorKind::Processing`](crate::ErrorKind::Processing), see [`Error::processing`]; one that is gone is
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub result: Result<DocumentSummary, Error>,
}

/// Waits for many documents at once: a stream of one [`Waited`] for each, in the order in which they end. Nothing is asked until it is
/// polled.
///
/// However many they are, the server is asked at most ten times a second: for the track, where several share one, else for the list of
/// documents, newest first, until all that are waited for were seen, and then after a pause that grows up to 5 s while nothing happens. A
/// server that is busy, restarts or cannot be reached is asked again within the [`timeout`](Self::timeout), and the errors of those that
/// are left then say why it could not be asked, see [`Error::last_failure`].
///
/// Dropping it stops the questions and nothing else.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// let mut uploads = Vec::new();
/// for name in ["north.md", "south.md"] {
///     uploads.push(client.documents().upload_file(name).await?);
/// }
/// let mut ended = client.documents().wait_all(&uploads);
/// while let Some(waited) = ended.next().await {
///     match waited.result {
///         Ok(document) => println!("{:?}: {} chunks", document.title, document.chunk_count),
///         Err(error) => eprintln!("{:?}: {error}", waited.upload.document_id()),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "streams do nothing until they are polled"]
pub struct WaitAll {
    state: State,
    ended: std::vec::IntoIter<Ended<()>>,
}

/// What asked, and what came of it.
type Asked = (Box<Watch<()>>, Vec<Ended<()>>);

enum State {
    Idle(Box<Watch<()>>),
    Asking(BoxFuture<Asked>),
    /// Not again after a panic while it was polled.
    Over,
    Before {
        client: Client,
        uploads: Vec<Uploaded>,
        limit: Option<Duration>,
        total: Option<Duration>,
    },
}

/// How long to wait while nothing happens.
const LIMIT: Duration = Duration::from_secs(600);

impl WaitAll {
    pub(super) fn new(client: Client, uploads: Vec<Uploaded>) -> Self {
        let state = State::Before { client, uploads, limit: Some(LIMIT), total: None };
        Self { state, ended: Vec::new().into_iter() }
    }

    /// How long to wait while no document ends and none comes further; default 600 s, `None` is for ever. Those that are left then end
    /// with an error of the kind [`ErrorKind::Timeout`](crate::ErrorKind::Timeout).
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        let new = limit.into();
        match &mut self.state {
            State::Before { limit, .. } => *limit = new,
            State::Idle(watch) => watch.limit(new),
            State::Asking(_) | State::Over => {}
        }
        self
    }

    /// How long to wait for all of them together, from the first time that it is polled; default `None`, which is for as long as one or
    /// another comes further. Those that are left then end with an error of the kind
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout).
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client, uploads: Vec<edgequake_client::Uploaded>) {
    /// use std::time::Duration;
    ///
    /// let mut ended = client.documents().wait_all(&uploads).total_timeout(Duration::from_secs(60));
    /// while let Some(waited) = ended.next().await {
    ///     if let Err(error) = waited.result {
    ///         eprintln!("{:?}: {error}", waited.upload.document_id());
    ///     }
    /// }
    /// # }
    /// ```
    pub fn total_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        let new = limit.into();
        match &mut self.state {
            State::Before { total, .. } => *total = new,
            State::Idle(watch) => watch.end_after(new),
            State::Asking(_) | State::Over => {}
        }
        self
    }

    /// How the next one ended; `None` after the last. Safe to drop: nothing is lost.
    pub async fn next(&mut self) -> Option<Waited> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for WaitAll {
    type Item = Waited;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Waited>> {
        loop {
            if let Some(Ended { upload, result, .. }) = self.ended.next() {
                return Poll::Ready(Some(Waited { upload, result }));
            }
            self.state = match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Before { client, uploads, limit, total } => {
                    let mut watch = Box::new(Watch::new(client, limit));
                    watch.end_after(total);
                    uploads.into_iter().for_each(|upload| watch.add((), upload));
                    State::Idle(watch)
                }
                State::Idle(watch) if watch.len() == 0 => State::Over,
                State::Idle(mut watch) => State::Asking(Box::pin(async move {
                    let ended = watch.round().await;
                    (watch, ended)
                })),
                State::Asking(mut asking) => match asking.as_mut().poll(cx) {
                    Poll::Ready((watch, ended)) => {
                        self.ended = ended.into_iter();
                        State::Idle(watch)
                    }
                    Poll::Pending => {
                        self.state = State::Asking(asking);
                        return Poll::Pending;
                    }
                },
            };
        }
    }
}

impl fmt::Debug for WaitAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitAll").field("over", &matches!(self.state, State::Over)).finish_non_exhaustive()
    }
}
