//! [`Documents`]: uploading, listing, reading and deleting.

mod batch;
mod files;
mod recovery;

use std::path::Path;

use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocument, FileResult, GetDocument, GetTrack, ListDocuments, UploadFile,
    UploadText, UploadedDocument, UploadedFile,
};
use edgequake_types::{DocumentId, TrackId};

use super::resource;
use super::wait::Wait;
use crate::call::{Call, FileUpload};

resource! {
    /// Documents of the workspace: `/api/v1/documents`.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use std::time::Duration;
    /// use edgequake_client::types::documents::{ListDocuments, UploadText};
    ///
    /// let documents = client.documents();
    /// let uploaded = documents.upload_text(UploadText::new("# Bridges\n...").title("Bridges")).await?;
    /// let finished = documents.wait_for(&uploaded).timeout(Duration::from_secs(120)).await?;
    /// println!("{:?}: {} chunks", finished.status, finished.chunk_count);
    ///
    /// let mut all = documents.list(ListDocuments::new()).items();
    /// while let Some(document) = all.next().await {
    ///     println!("{}", document?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Documents, documents
}

impl Documents<'_> {
    /// `POST /api/v1/documents`: uploads a text.
    #[doc(alias = "ingest")]
    #[doc(alias = "insert")]
    pub fn upload_text(&self, upload: UploadText) -> Call<UploadText> {
        self.client.send(upload)
    }

    /// `POST /api/v1/documents/upload`: uploads a file that is in memory.
    pub fn upload(&self, upload: UploadFile) -> Call<UploadFile> {
        self.client.send(upload)
    }

    /// `POST /api/v1/documents/upload`: uploads a file from disk, without ever holding it in memory.
    #[doc(alias = "ingest")]
    pub fn upload_file(&self, path: impl AsRef<Path>) -> FileUpload {
        FileUpload::new(self.client.dispatcher(), path.as_ref())
    }

    /// `GET /api/v1/documents`: a page of documents, newest first.
    pub fn list(&self, list: ListDocuments) -> Call<ListDocuments> {
        self.client.send(list)
    }

    /// `GET /api/v1/documents/{document_id}`: a document with its text.
    pub fn get(&self, document: impl Into<DocumentId>) -> Call<GetDocument> {
        self.client.send(GetDocument::new(document))
    }

    /// `DELETE /api/v1/documents/{document_id}`: deletes a document. Newer servers accept the order and work on it later: see
    /// `deleted` and `accepted` of the answer.
    pub fn delete(&self, document: impl Into<DocumentId>) -> Call<DeleteDocument> {
        self.client.send(DeleteDocument::new(document))
    }

    /// `DELETE /api/v1/documents`: deletes every document of the workspace.
    pub fn delete_all(&self) -> Call<DeleteAllDocuments> {
        self.client.send(DeleteAllDocuments::new())
    }

    /// `GET /api/v1/documents/track/{track_id}`: the documents that were uploaded under one track.
    pub fn track(&self, track: impl Into<TrackId>) -> Call<GetTrack> {
        self.client.send(GetTrack::new(track))
    }

    /// Waits until an upload has been processed. A document that failed, as a whole or in part, or was cancelled is an error.
    #[doc(alias = "poll")]
    pub fn wait_for(&self, upload: impl Into<Uploaded>) -> Wait {
        Wait::new(self.client.clone(), upload.into())
    }
}

/// What is known of a document that is being processed: the answer to its upload, or its id.
#[derive(Debug, Clone)]
pub struct Uploaded {
    pub(super) document_id: Option<DocumentId>,
    pub(super) task_id: Option<TrackId>,
    /// The track of the upload, where there is no task.
    pub(super) track_id: Option<TrackId>,
    /// Whether the server has said that there is such a document.
    pub(super) confirmed: bool,
}

impl From<&UploadedDocument> for Uploaded {
    fn from(uploaded: &UploadedDocument) -> Self {
        Self {
            document_id: uploaded.document_id.clone().or_else(|| uploaded.duplicate_of.clone()),
            task_id: uploaded.task_id.clone(),
            track_id: uploaded.track_id.clone().filter(|track_id| !track_id.as_str().is_empty()),
            confirmed: true,
        }
    }
}

impl From<&UploadedFile> for Uploaded {
    fn from(uploaded: &UploadedFile) -> Self {
        Self {
            document_id: uploaded.document_id.clone().or_else(|| uploaded.duplicate_of.clone()),
            task_id: uploaded.task_id.clone(),
            track_id: uploaded.track_id.clone().filter(|track_id| !track_id.as_str().is_empty()),
            confirmed: true,
        }
    }
}

/// The answer to a batch names neither task nor track.
impl From<&FileResult> for Uploaded {
    fn from(file: &FileResult) -> Self {
        let document_id = file.document_id.clone().or_else(|| file.duplicate_of.clone());
        Self { document_id, task_id: None, track_id: None, confirmed: true }
    }
}

impl From<DocumentId> for Uploaded {
    fn from(document_id: DocumentId) -> Self {
        Self { document_id: Some(document_id), task_id: None, track_id: None, confirmed: false }
    }
}
