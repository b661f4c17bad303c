//! Documents that failed, are stuck, or are to be processed again.

use edgequake_types::DocumentId;
use edgequake_types::documents::{
    CancelDocument, GetFailedChunks, ReanalyzeDocument, RecoverStuckDocuments, ReprocessDocuments,
    RetryChunks,
};

use super::Documents;
use crate::call::Call;

impl Documents<'_> {
    /// `POST /api/v1/documents/reprocess`: processes documents again: one, those of a track, or all that failed.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::ReprocessDocuments;
    ///
    /// let answer = client.documents().reprocess(ReprocessDocuments::new().max_documents(10)).await?;
    /// println!("{} of {} documents", answer.requeued, answer.failed_found);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "retry")]
    pub fn reprocess(&self, reprocess: ReprocessDocuments) -> Call<ReprocessDocuments> {
        self.client.send(reprocess)
    }

    /// `POST /api/v1/documents/recover-stuck`: queues documents again whose processing has been silent for long.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::RecoverStuckDocuments;
    ///
    /// let answer = client.documents().recover_stuck(RecoverStuckDocuments::new().stuck_threshold_minutes(30)).await?;
    /// println!("{} of {} documents", answer.requeued, answer.stuck_found);
    /// # Ok(())
    /// # }
    /// ```
    pub fn recover_stuck(&self, recover: RecoverStuckDocuments) -> Call<RecoverStuckDocuments> {
        self.client.send(recover)
    }

    /// `POST /api/v1/documents/{document_id}/reanalyze`: analyzes the pictures, tables and formulas of a document again.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::ReanalyzeDocument;
    ///
    /// let answer = client.documents().reanalyze(ReanalyzeDocument::new("d-1").reindex(false)).await?;
    /// println!("{} analyzed, {} failed", answer.success, answer.failed);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reanalyze(&self, reanalyze: ReanalyzeDocument) -> Call<ReanalyzeDocument> {
        self.client.send(reanalyze)
    }

    /// `POST /api/v1/documents/{document_id}/cancel`: cancels the processing of a document. What it is answered with is not known.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// client.documents().cancel("d-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self, document: impl Into<DocumentId>) -> Call<CancelDocument> {
        self.client.send(CancelDocument::new(document))
    }

    /// `POST /api/v1/documents/{document_id}/retry-chunks`: processes chunks again that failed. On many servers nothing
    /// happens: see [`is_queued`](edgequake_types::documents::RetriedChunks::is_queued).
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::RetryChunks;
    ///
    /// let answer = client.documents().retry_chunks(RetryChunks::new("d-1").chunk_indices([7])).await?;
    /// if !answer.is_queued() {
    ///     eprintln!("nothing happens: {:?}", answer.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_chunks(&self, retry: RetryChunks) -> Call<RetryChunks> {
        self.client.send(retry)
    }

    /// `GET /api/v1/documents/{document_id}/failed-chunks`: the chunks of a document that failed.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for chunk in client.documents().failed_chunks("d-1").await?.failed_chunks {
    ///     println!("{}: {:?}", chunk.chunk_index, chunk.error_message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn failed_chunks(&self, document: impl Into<DocumentId>) -> Call<GetFailedChunks> {
        self.client.send(GetFailedChunks::new(document))
    }
}
