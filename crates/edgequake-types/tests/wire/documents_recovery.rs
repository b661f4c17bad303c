use edgequake_types::DocumentId;
use edgequake_types::documents::{
    CancelDocument, FailedChunks, GetFailedChunks, ReanalyzeDocument, ReanalyzedDocument,
    RecoverStuckDocuments, RecoveredDocuments, ReprocessDocuments, ReprocessMode, ReprocessedDocuments,
    RetriedChunks, RetryChunks,
};

use crate::table::Table;

#[test]
fn documents_recovery() {
    let reprocess = ReprocessDocuments::new()
        .document_id("d-1")
        .track_id("t-1")
        .max_documents(5)
        .force(true)
        .mode(ReprocessMode::Entities);
    let recover = RecoverStuckDocuments::new()
        .stuck_threshold_minutes(30)
        .max_documents(5)
        .document_ids([DocumentId::new("d-1")]);
    Table::of("documents_recovery", include_str!("documents_recovery.txt"))
        .request("reprocess", &ReprocessDocuments::new())
        .request("reprocess with everything", &reprocess)
        .request("recover", &RecoverStuckDocuments::new())
        .request("recover with everything", &recover)
        .request("reanalyze", &ReanalyzeDocument::new("d-1"))
        .request(
            "reanalyze with everything",
            &ReanalyzeDocument::new("d-1").process_options("ite").reindex(false),
        )
        .request("cancel", &CancelDocument::new("d-1"))
        .request("retry chunks", &RetryChunks::new("d-1"))
        .request(
            "retry chunks with everything",
            &RetryChunks::new("d-1").chunk_indices([0, 7]).force(false).max_retries(2),
        )
        .request("failed chunks", &GetFailedChunks::new("d-1"))
        .answer::<ReprocessedDocuments>("reprocessed")
        .answer::<ReprocessedDocuments>("reprocessed by a newer server")
        .answer_read::<ReprocessedDocuments>("nothing reprocessed, accepted by the status")
        .answer::<RecoveredDocuments>("recovered")
        .answer::<ReanalyzedDocument>("reanalyzed")
        .answer::<RetriedChunks>("chunks queued")
        .answer::<RetriedChunks>("chunks not queued")
        .answer::<FailedChunks>("chunks that failed")
        .answer_read::<FailedChunks>("chunks that failed, bare")
        .answer_read::<FailedChunks>("chunks that failed, in other words")
        .finish();
}
