//! [`Ingestion`]: how far documents have come, stage by stage.

use edgequake_types::TrackId;
use edgequake_types::ingestion::{GetIngestionProgress, ListIngestionProgress};

use super::resource;
use crate::call::Call;

resource! {
    /// The progress of documents: `/api/v1/ingestion`; newer servers only.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let progress = client.ingestion().progress("insert-77aa").await?;
    /// if progress.is_finished() && !progress.is_success() {
    ///     eprintln!("{}: {:?}", progress.stage, progress.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Ingestion, ingestion
}

impl Ingestion<'_> {
    /// `GET /api/v1/ingestion/{track_id}/progress`: how far a document has come, by the `task_id` or `track_id` of its upload.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.ingestion().progress("insert-77aa").await?.stage);
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(&self, track: impl Into<TrackId>) -> Call<GetIngestionProgress> {
        self.client.send(GetIngestionProgress::new(track))
    }

    /// `POST /api/v1/ingestion/progress`: how far several documents have come. Ids that are not known are left out.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for progress in client.ingestion().progress_of(["insert-77aa", "insert-77bb"]).await? {
    ///     println!("{} {}", progress.track_id, progress.stage);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress_of(
        &self,
        tracks: impl IntoIterator<Item = impl Into<TrackId>>,
    ) -> Call<ListIngestionProgress> {
        self.client.send(ListIngestionProgress::new(tracks))
    }
}
