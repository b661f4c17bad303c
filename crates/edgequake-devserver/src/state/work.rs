//! [`Work`]: how the work on a document goes, beside its stage.

use std::collections::BTreeSet;

use edgequake_types::DocumentId;
use edgequake_types::documents::{FailedChunk, FailedChunkStatus};

use crate::clock::Timestamp;

/// How the work on a document goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    /// Whether a job has it.
    pub(crate) is_taken: bool,
    /// How much of the stage is done, from 0 to 1.
    pub(crate) stage_progress: f64,
    /// How many chunks the stage has done, and how many there are.
    pub(crate) chunks: Option<(u64, u64)>,
    pub(crate) started_at: Option<Timestamp>,
    /// The stage in which it was cancelled.
    pub(crate) cancelled_from: Option<&'static str>,
    /// The chunks that have failed, those included that have succeeded since.
    pub(crate) failed_chunks: Vec<FailedChunk>,
    /// How often a chunk may be tried again, as it was said last.
    pub(crate) max_retries: Option<u64>,
}

impl Work {
    /// The chunks without which the document is complete in part only.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &FailedChunk> {
        self.failed_chunks.iter().filter(|chunk| chunk.status != Some(FailedChunkStatus::Succeeded))
    }

    /// Notes which chunks have failed. Those that were tried again and are not among them have succeeded.
    pub(crate) fn settle(&mut self, document: &DocumentId, failed: impl Iterator<Item = u64>) {
        let mut failed: BTreeSet<u64> = failed.collect();
        for chunk in &mut self.failed_chunks {
            if failed.remove(&chunk.chunk_index) {
                let is_given_up = self.max_retries.is_some_and(|max| chunk.retry_attempts >= max);
                let status =
                    if is_given_up { FailedChunkStatus::Abandoned } else { FailedChunkStatus::Pending };
                chunk.status = Some(status);
            } else if chunk.status == Some(FailedChunkStatus::Retrying) {
                chunk.status = Some(FailedChunkStatus::Succeeded);
            }
        }
        self.failed_chunks.extend(failed.into_iter().map(|chunk| failed_chunk(document, chunk)));
        self.failed_chunks.sort_by_key(|chunk| chunk.chunk_index);
    }

    /// What was being tried again is not any more.
    pub(crate) fn interrupt(&mut self) {
        for chunk in &mut self.failed_chunks {
            if chunk.status == Some(FailedChunkStatus::Retrying) {
                chunk.status = Some(FailedChunkStatus::Pending);
            }
        }
    }
}

/// A chunk that has failed, and waits to be tried again.
fn failed_chunk(document: &DocumentId, chunk: u64) -> FailedChunk {
    let mut failed = FailedChunk::new(chunk);
    failed.chunk_id = Some(format!("{document}-chunk-{chunk}").into());
    failed.error_message = Some("No entities could be extracted from the chunk".to_owned());
    failed.status = Some(FailedChunkStatus::Pending);
    failed
}
