//! [`ProcessingFailure`]: how the processing of a document ended, where it did not succeed.

use std::fmt;

use edgequake_types::documents::{Document, DocumentStatus, DocumentSummary};
use edgequake_types::tasks::{Task, TaskStatus};
use edgequake_types::{DocumentId, TrackId};
use serde_json::Value;

use super::{Error, ErrorKind};

/// How the processing of a document ended, where it did not succeed: see [`Error::processing`].
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use edgequake_client::types::documents::DocumentStatus;
///
/// let uploaded = client.documents().upload_file("report.md").await?;
/// match client.documents().wait_for(&uploaded).await {
///     Ok(document) => println!("{} chunks", document.chunk_count),
///     Err(error) => match error.processing() {
///         // Some chunks were processed: queries find those.
///         Some(failure) if failure.status == Some(DocumentStatus::PartialFailure) => eprintln!("{error}"),
///         Some(failure) => eprintln!("{:?} cannot be used: {:?}", failure.document_id, failure.message),
///         None => return Err(error),
///     },
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessingFailure {
    /// The document; `None` where its task failed before there was one.
    pub document_id: Option<DocumentId>,
    /// The task that processed it; `None` where the server named none.
    pub task_id: Option<TrackId>,
    /// The status it ended with, such as [`DocumentStatus::Failed`]; `None` where the server says only that it ended.
    pub status: Option<DocumentStatus>,
    /// The server's message.
    pub message: Option<String>,
}

impl ProcessingFailure {
    /// What a document says that was not processed successfully; `None` for one that was.
    pub(crate) fn of_document(document: &Document, task_id: Option<TrackId>) -> Option<Self> {
        let Document { id, status, error_message, warning_message, .. } = document;
        Self::of_parts(id, status.as_ref(), [error_message, warning_message], task_id)
    }

    /// What a list says of a document that was not processed successfully; `None` for one that was.
    pub(crate) fn of_summary(document: &DocumentSummary, task_id: Option<TrackId>) -> Option<Self> {
        let DocumentSummary { id, status, error_message, warning_message, .. } = document;
        Self::of_parts(id, status.as_ref(), [error_message, warning_message], task_id)
    }

    /// The first message there is counts.
    fn of_parts(
        id: &DocumentId,
        status: Option<&DocumentStatus>,
        messages: [&Option<String>; 2],
        task_id: Option<TrackId>,
    ) -> Option<Self> {
        let message = messages.into_iter().flatten().next().cloned();
        let failure = Self { document_id: Some(id.clone()), task_id, status: status.cloned(), message };
        (!status.is_some_and(DocumentStatus::is_success)).then_some(failure)
    }

    /// What a PDF says whose conversion failed.
    pub(crate) fn of_pdf(errors: Option<&Value>, task_id: Option<TrackId>) -> Self {
        let message = errors.map(|errors| match errors {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        Self { document_id: None, task_id, status: Some(DocumentStatus::Failed), message }
    }

    /// What a task says that ended without success; `None` for one that did its work.
    pub(crate) fn of_task(task: &Task, document_id: Option<DocumentId>) -> Option<Self> {
        if task.status.is_success() {
            return None;
        }
        let detail = task.error.as_ref().and_then(|error| error.message.clone());
        Some(Self {
            document_id,
            task_id: Some(task.track_id.clone()),
            status: Some(match task.status {
                TaskStatus::Cancelled => DocumentStatus::Cancelled,
                _ => DocumentStatus::Failed,
            }),
            message: task.error_message.clone().or(detail),
        })
    }
}

/// On one line, without the message.
impl fmt::Display for ProcessingFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("processing ")?;
        match (&self.document_id, &self.task_id) {
            (Some(document), _) => write!(f, "document {}", Word(document.as_str()))?,
            (None, Some(task)) => write!(f, "the document of task {}", Word(task.as_str()))?,
            (None, None) => f.write_str("a document")?,
        }
        match &self.status {
            Some(DocumentStatus::Failed) => f.write_str(" failed"),
            Some(DocumentStatus::PartialFailure) => f.write_str(" failed in part"),
            Some(DocumentStatus::Cancelled) => f.write_str(" was cancelled"),
            Some(status) => write!(f, " ended with the status `{}`", Word(status.as_str())),
            None => f.write_str(" ended without a status"),
        }
    }
}

/// A word of the server's, of bounded length and without control characters.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .filter(|character| !character.is_control())
            .take(100)
            .try_for_each(|c| write!(f, "{c}"))
    }
}

impl Error {
    /// The error of a document whose processing did not succeed.
    pub(crate) fn of_processing(failure: ProcessingFailure) -> Self {
        let error = Self::new(ErrorKind::Processing);
        let mut error = match &failure.message {
            Some(message) => error.with_message(message.as_str()),
            None => error,
        };
        error.0.processing = Some(failure);
        error
    }

    /// What is known of the document whose processing did not succeed: its id, its status and the server's message. Only errors of
    /// the kind [`ErrorKind::Processing`] have it.
    #[doc(alias = "failed")]
    #[doc(alias = "partial_failure")]
    pub fn processing(&self) -> Option<&ProcessingFailure> {
        self.0.processing.as_ref()
    }
}
