//! What an answer about documents means.

use super::*;

impl UploadedFiles {
    /// The files that did not become documents.
    pub fn failed_files(&self) -> impl Iterator<Item = &FileResult> {
        self.results.iter().filter(|result| !result.is_accepted())
    }
}

impl FileResult {
    /// Whether there is a document of this content now, or there was one. A word that is not known counts by the document it names.
    pub fn is_accepted(&self) -> bool {
        match self.status {
            FileStatus::Failed => false,
            FileStatus::Processed | FileStatus::Duplicate => self.error.is_none(),
            FileStatus::Other(_) => self.error.is_none() && self.document_id.is_some(),
        }
    }
}

impl RetriedChunks {
    /// Whether chunks are really processed again.
    pub fn is_queued(&self) -> bool {
        self.implemented != Some(false) && self.chunks_queued > 0
    }
}

/// A list without the numbers of all chunks.
impl From<Vec<FailedChunk>> for FailedChunks {
    fn from(failed_chunks: Vec<FailedChunk>) -> Self {
        Self { failed_chunks, ..Self::default() }
    }
}

impl FullLineage {
    /// The chunks, where the server has such a list.
    pub fn chunks(&self) -> &[Value] {
        self.list("chunks")
    }

    /// The entities, where the server has such a list.
    pub fn entities(&self) -> &[Value] {
        self.list("entities")
    }

    /// A list of the lineage, or of the object that holds it.
    fn list(&self, name: &str) -> &[Value] {
        let inner = self.lineage.as_ref().and_then(|lineage| lineage.get(name));
        inner
            .or_else(|| self.extra.get(name))
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}
