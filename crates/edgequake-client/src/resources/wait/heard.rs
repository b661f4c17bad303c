//! Waiting for what the server says over a WebSocket, instead of for the time to ask again.

use std::time::Duration;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::progress::ProgressEvent;
use tokio::time::Instant;

use super::super::progress::Progress;
use super::{Wait, no_runtime};
use crate::clock;
use crate::error::Error;
use crate::websocket::{ProgressStream, ProgressUpdate};

/// The shortest pause, however much news there is.
const SHORTEST: Duration = Duration::from_millis(200);

/// A WebSocket about one task, where it is wanted.
#[derive(Default)]
pub(super) enum Socket {
    #[default]
    Unwanted,
    Wanted,
    Open(Box<ProgressStream>),
}

/// Why a pause is over.
enum Heard {
    /// Something has happened: it is time to ask.
    News,
    /// Nothing is heard at the moment.
    Nothing,
    /// Nothing will be heard any more.
    Never,
}

impl Wait {
    /// Whether the server is listened to over a [WebSocket](crate::Client::progress), and asked when it says that something has happened, or
    /// at the latest after 5 s; default false. Where there is none, for want of a task, a route or a connection, it is asked as without.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let uploaded = client.documents().upload_file("report.md").await?;
    /// let document = client.documents().wait_for(&uploaded).websocket(true).await?;
    /// println!("{} chunks", document.chunk_count);
    /// # Ok(())
    /// # }
    /// ```
    pub fn websocket(mut self, listen: bool) -> Self {
        self.socket = if listen { Socket::Wanted } else { Socket::Unwanted };
        self
    }

    /// Waits until something is heard, at most this long. Returns whether that took the place of a pause.
    pub(super) async fn listen(&mut self, longest: Duration) -> Result<bool, Error> {
        if matches!(self.socket, Socket::Wanted)
            && let Some(task_id) = &self.upload.task_id
        {
            let mut stream = self.client.progress();
            stream.subscribe([task_id.clone()]);
            self.socket = Socket::Open(Box::new(stream));
        }
        let Socket::Open(mut stream) = std::mem::take(&mut self.socket) else { return Ok(false) };
        let begun = Instant::now();
        let heard = clock::timeout(longest, self.hear(&mut stream)).await.map_err(no_runtime)?;
        if matches!(heard, Some(Heard::News)) {
            let left = SHORTEST.min(longest).saturating_sub(begun.elapsed());
            clock::sleep(left).map_err(no_runtime)?.await.map_err(no_runtime)?;
        }
        match heard {
            Some(Heard::Never) => return Ok(false),
            Some(Heard::Nothing) => {}
            Some(Heard::News) | None => {
                self.socket = Socket::Open(stream);
                return Ok(true);
            }
        }
        self.socket = Socket::Open(stream);
        Ok(false)
    }

    async fn hear(&mut self, stream: &mut ProgressStream) -> Heard {
        loop {
            // Events that are there already are not taken without end.
            tokio::task::coop::consume_budget().await;
            let event = match stream.next().await {
                Some(Ok(ProgressUpdate::Event(event))) => event,
                Some(Ok(ProgressUpdate::Gap)) => return Heard::News,
                Some(Err(error)) if error.is_retryable() => return Heard::Nothing,
                Some(Err(_)) | None => return Heard::Never,
            };
            match event {
                // From here on nothing is missed; what came before may have been.
                ProgressEvent::Connected(_) | ProgressEvent::SubscribedAck(_) => return Heard::News,
                ProgressEvent::StageTransition(event)
                    if event.task_id == self.upload.task_id
                        || Some(&event.document_id) == self.upload.document_id.as_ref() =>
                {
                    self.tell(Progress::of_stage(&event));
                }
                ProgressEvent::DocumentProgress(event)
                    if self.upload.document_id.as_ref().is_none_or(|id| *id == event.document_id) =>
                {
                    return Heard::News;
                }
                ProgressEvent::DocumentFailed(event)
                    if self.upload.document_id.as_ref().is_none_or(|id| *id == event.document_id) =>
                {
                    return Heard::News;
                }
                _ => {}
            }
        }
    }
}

impl Progress {
    /// What an event says of a document that has come to another stage.
    fn of_stage(event: &edgequake_types::progress::StageTransition) -> Self {
        let mut progress = Self {
            document_id: Some(event.document_id.clone()),
            status: Some(DocumentStatus::Processing),
            stage: Some(event.stage.clone()),
            message: event.stage_message.clone(),
            ..Self::default()
        };
        progress.estimate();
        progress
    }
}
