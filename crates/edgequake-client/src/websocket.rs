//! [`ProgressStream`]: what the server says over a WebSocket while it processes documents.

mod handshake;
mod stream;

pub use stream::{ProgressStream, ProgressUpdate};

use edgequake_types::TrackId;

use crate::client::Client;

impl Client {
    /// `GET /ws/pipeline/progress`: what happens to documents, as it happens. Newer servers tell of the tasks alone that are
    /// [subscribed to](ProgressStream::subscribe).
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::ProgressUpdate;
    /// use edgequake_client::types::progress::ProgressEvent;
    ///
    /// let uploaded = client.documents().upload_file("handbook.md").await?;
    /// let mut progress = client.progress();
    /// progress.subscribe(uploaded.task_id);
    /// while let Some(update) = progress.next().await {
    ///     match update? {
    ///         ProgressUpdate::Event(ProgressEvent::StageTransition(it)) => println!("{}: {}", it.document_id, it.stage),
    ///         ProgressUpdate::Event(ProgressEvent::DocumentProgress(_) | ProgressEvent::DocumentFailed(_)) => break,
    ///         ProgressUpdate::Gap => println!("something was missed: ask for the document"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "websocket")]
    pub fn progress(&self) -> ProgressStream {
        ProgressStream::new(self.clone(), None)
    }

    /// `GET /ws/progress/{task_id}`: how one task goes on, by the `task_id` in the answer to an upload. Newer servers answer 404 for one that
    /// they do not know.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let mut progress = client.task_progress("insert-77aa");
    /// while let Some(update) = progress.next().await {
    ///     println!("{:?}", update?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn task_progress(&self, task: impl Into<TrackId>) -> ProgressStream {
        ProgressStream::new(self.clone(), Some(task.into()))
    }
}
