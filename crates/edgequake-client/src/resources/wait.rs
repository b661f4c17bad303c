//! [`Wait`]: until a document has been processed.

mod answers;
#[cfg(feature = "websocket")]
mod heard;
mod task;

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use edgequake_types::documents::{Document, GetDocument, GetTrack};
use edgequake_types::{Decode, DocumentId, Endpoint, Retry};
use tokio::time::Instant;

pub(super) use answers::Answers;
pub(super) use task::document_of_task;

use super::documents::Uploaded;
use super::progress::Progress;
use crate::boxed::BoxFuture;
use crate::client::Client;
use crate::clock;
use crate::error::{Error, ErrorKind, ProcessingFailure};
use crate::fault::NoRuntime;

/// The pauses between two questions: at first, and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// How long a document may be unknown before it is gone: some servers do not show one while it is being staged.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How long a document may go on without coming further after its task has failed.
const STUCK: Duration = Duration::from_secs(15);

/// The longest pause between two questions for a document that is unknown.
const PAUSE_OF_UNKNOWN: Duration = Duration::from_millis(500);

/// The longest pause that a server may ask for.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A track with more documents than these costs more to ask for than a document.
const DOCUMENTS_OF_TRACK: u64 = 20;

/// What is said of a document that is no longer there.
pub(super) const GONE: &str =
    "the document is gone: deleted, or replaced by another upload of the same content";

type OnProgress = Box<dyn FnMut(&Progress) + Send>;

/// Waits until a document has been processed, and gives it.
///
/// A document that failed, as a whole or in part, or was cancelled is an error of the kind [`ErrorKind::Processing`], of which
/// [`Error::processing`] gives the details; [`outcome`](Self::outcome) gives such a document as well.
///
/// It asks for the task first, where there is one, else for the track of the upload, and only at the end for the document with its
/// text; at first every 200 ms and later every 5 s. Dropping it stops that and nothing else.
///
/// A server that cannot be reached for a while, restarts or is busy does not end the wait: it goes on asking until its
/// [`timeout`](Self::timeout), and says then why it could not ask, see [`Error::last_failure`].
///
/// If the same content is uploaded again, the server may delete this document and process the content anew, under another id. A
/// document that is unknown for 2 s is gone, and the wait fails with a 404 that says so: wait for the later upload then.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use std::time::Duration;
///
/// let uploaded = client.documents().upload_file("report.md").await?;
/// let document = client.documents().wait_for(&uploaded).timeout(Duration::from_secs(120)).await?;
/// println!("{} chunks", document.chunk_count);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Processing`], [`ErrorKind::NotFound`] for a document that was deleted or replaced, [`ErrorKind::Timeout`] after
/// [`timeout`](Self::timeout), and those of asking.
#[must_use = "nothing is asked until it is awaited"]
pub struct Wait {
    client: Client,
    upload: Uploaded,
    limit: Option<Duration>,
    /// The first pause between two questions, and the longest.
    pauses: (Duration, Duration),
    on_progress: Option<OnProgress>,
    /// The fraction that was told last.
    fraction: Option<f64>,
    answers: Answers,
    /// Why the task failed.
    failed: Option<ProcessingFailure>,
    /// What was last told of the document, and since when.
    seen: Option<(Progress, Instant)>,
    #[cfg(feature = "websocket")]
    socket: heard::Socket,
}

impl Wait {
    pub(super) fn new(client: Client, upload: Uploaded) -> Self {
        let limit = Some(Duration::from_secs(600));
        Self {
            client,
            upload,
            limit,
            pauses: PAUSES,
            on_progress: None,
            fraction: None,
            answers: Answers::default(),
            failed: None,
            seen: None,
            #[cfg(feature = "websocket")]
            socket: heard::Socket::default(),
        }
    }

    /// The same wait for another upload.
    pub(super) fn of(mut self, upload: Uploaded) -> Self {
        self.upload = upload;
        self
    }

    /// How long to wait; default 600 s, `None` is for ever.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// How often to ask, such as every 200 ms for progress that somebody looks at. By default at first every 200 ms, then ever more
    /// rarely, at last every 5 s.
    pub fn poll_interval(mut self, pause: Duration) -> Self {
        self.pauses = (pause, pause);
        self
    }

    /// Calls `tell` with the progress of the document each time the server was asked.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::UploadText;
    ///
    /// let uploaded = client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await?;
    /// let wait = client.documents().wait_for(&uploaded).on_progress(|progress| {
    ///     let stage = progress.stage.as_deref().unwrap_or("waiting");
    ///     let done = progress.fraction.unwrap_or(0.0) * 100.0;
    ///     eprint!("\r{stage} {done:.0} %");
    /// });
    /// wait.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, tell: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(tell));
        self
    }

    /// Waits until processing is over, whatever came of it: look at the `status` of the [`Document`].
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::{DocumentStatus, UploadText};
    ///
    /// let uploaded = client.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await?;
    /// let document = client.documents().wait_for(&uploaded).outcome().await?;
    /// if document.status == Some(DocumentStatus::PartialFailure) {
    ///     println!("{:?}: {} chunks", document.warning_message, document.chunk_count);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of awaiting it; [`ErrorKind::Processing`] only where the task failed and left no document, or one that has not come further for 15 s.
    pub async fn outcome(mut self) -> Result<Document, Error> {
        let Some(limit) = self.limit else { return self.until_processed().await };
        match clock::timeout(limit, self.until_processed()).await.map_err(no_runtime)? {
            Some(outcome) => outcome,
            None => Err(self.answers.timed_out(limit, self.failed)),
        }
    }

    async fn until_processed(&mut self) -> Result<Document, Error> {
        let ended = self.until_task_ended().await?;
        let failed =
            ended.and_then(|task| ProcessingFailure::of_task(&task, self.upload.document_id.clone()));
        self.failed.clone_from(&failed);
        self.seen = None;
        self.until_pdf_names_document().await?;
        let Some(document_id) = self.upload.document_id.clone() else {
            return Err(failed.map_or_else(
                || {
                    Error::new(ErrorKind::Decode)
                        .note("neither the answer to the upload nor its task names the document")
                },
                Error::of_processing,
            ));
        };
        let mut unknown_since = None;
        let mut pause = self.pauses.0;
        loop {
            match self.ask(&document_id).await {
                Ok(Some(document)) => {
                    (unknown_since, self.upload.confirmed) = (None, true);
                    self.tell(Progress::of_document(&document));
                    if document.is_terminal() {
                        return Ok(document);
                    }
                }
                Ok(None) => (unknown_since, self.upload.confirmed) = (None, true),
                Err(error) if error.is_not_found() => match &failed {
                    Some(failure) => return Err(Error::of_processing(failure.clone())),
                    None if unknown_since.get_or_insert_with(Instant::now).elapsed() < GRACE => {
                        self.tell(Progress::default());
                        pause = pause.min(PAUSE_OF_UNKNOWN);
                    }
                    None if self.upload.confirmed => return Err(error.note(GONE)),
                    None => return Err(error),
                },
                Err(error) => {
                    self.bridge(error, &mut pause)?;
                    // Nobody knows what the server would have said meanwhile.
                    unknown_since = None;
                }
            }
            // A server that lost the document with its task never ends it.
            if let (Some(failed), Some((_, since))) = (&failed, &self.seen)
                && since.elapsed() >= STUCK
            {
                return Err(Error::of_processing(failed.clone()));
            }
            self.rest(&mut pause).await?;
        }
    }

    /// Asks for the document; tells progress and gives none while the track of the upload says that it is being processed.
    async fn ask(&mut self, document_id: &DocumentId) -> Result<Option<Document>, Error> {
        let mut unknown = false;
        if let Some(track_id) = &self.upload.track_id {
            match self.send(GetTrack::new(track_id.clone())).await {
                Ok(track) if track.total_count <= DOCUMENTS_OF_TRACK => {
                    let listed = track.documents.iter().find(|document| document.id == *document_id);
                    if let Some(document) = listed.filter(|document| !document.is_terminal()) {
                        self.tell(Progress::of_summary(document));
                        return Ok(None);
                    }
                }
                Err(error) if error.is_retryable() => return Err(error),
                // As the document, it may not be there yet.
                Err(error) if error.is_not_found() => unknown = true,
                // The document is asked for itself then.
                Ok(_) | Err(_) => self.upload.track_id = None,
            }
        }
        let document = self.send(GetDocument::new(document_id.clone())).await?;
        if unknown {
            self.upload.track_id = None;
        }
        Ok(Some(document))
    }

    /// Asks once: what fails for a moment is asked again by the wait itself, at no cost to the client's retries of other calls.
    async fn send<E>(&mut self, endpoint: E) -> Result<E::Response, Error>
    where
        E: Endpoint + 'static,
        E::Response: Decode + Send,
    {
        let answer = self.client.send(endpoint).retry(Retry::Never).await;
        if !answer.as_ref().is_err_and(Error::is_retryable) {
            self.answers.came();
        }
        answer
    }

    /// Goes on after a failure that may pass, not before the server wants to be asked again.
    fn bridge(&mut self, error: Error, pause: &mut Duration) -> Result<(), Error> {
        if !error.is_retryable() {
            return Err(error);
        }
        let wanted = error.retry_after().unwrap_or_default().min(LONGEST_PAUSE);
        *pause = (*pause).max(wanted);
        self.answers.failed(error);
        Ok(())
    }

    /// Pauses, or waits until the server says something, where it is listened to.
    async fn rest(&mut self, pause: &mut Duration) -> Result<(), Error> {
        let longest = self.pauses.1;
        #[cfg(feature = "websocket")]
        if self.listen(longest).await? {
            return Ok(());
        }
        rest(pause, longest).await
    }

    /// Tells progress. It never goes back, and an end without success leaves it where it was.
    fn tell(&mut self, mut progress: Progress) {
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != progress) {
            self.seen = Some((progress.clone(), Instant::now()));
        }
        let fraction = progress.fraction.into_iter().chain(self.fraction).reduce(f64::max);
        (progress.fraction, self.fraction) = (fraction, fraction);
        if let Some(tell) = &mut self.on_progress {
            progress.document_id = progress.document_id.or_else(|| self.upload.document_id.clone());
            tell(&progress);
        }
    }
}

pub(super) fn no_runtime(error: NoRuntime) -> Error {
    Error::of_failure(error.into())
}

/// Pauses, and makes the next pause longer.
async fn rest(pause: &mut Duration, longest: Duration) -> Result<(), Error> {
    clock::sleep(*pause).map_err(no_runtime)?.await.map_err(no_runtime)?;
    *pause = (pause.saturating_mul(3) / 2).min(longest);
    Ok(())
}

impl IntoFuture for Wait {
    type Output = Result<Document, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    // Compiled where it is called, and with it what reads documents and tasks.
    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let task_id = self.upload.task_id.clone();
            let document = self.outcome().await?;
            match ProcessingFailure::of_document(&document, task_id) {
                Some(failure) => Err(Error::of_processing(failure)),
                None => Ok(document),
            }
        })
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("upload", &self.upload)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
