//! [`Documents`]: uploading, listing, reading and deleting.

mod batch;
mod files;
mod recovery;

use std::path::Path;

use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocument, FileResult, GetDocument, GetTrack, ListDocuments, UploadFile,
    UploadText, UploadedDocument, UploadedFile,
};
use edgequake_types::pdf::UploadedPdf;
use edgequake_types::{DocumentId, PdfId, TrackId};
use tokio::io::AsyncRead;

use super::resource;
use super::upload_and_wait::UploadAndWait;
use super::wait::Wait;
use super::wait_all::WaitAll;
use crate::call::{Call, FileUpload, ReaderUpload};
#[cfg(feature = "folder")]
use crate::client::Client;

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

    /// `POST /api/v1/documents/upload`: uploads what a reader gives under this file name, such as standard input, without ever holding it
    /// in memory. The server goes by the extension of the name.
    #[doc(alias = "stdin")]
    pub fn upload_reader(&self, reader: impl AsyncRead + Send + 'static, file_name: &str) -> ReaderUpload {
        ReaderUpload::new(self.client.dispatcher(), reader, file_name)
    }

    /// Uploads a file from disk and waits until it has been processed.
    pub fn upload_and_wait(&self, path: impl AsRef<Path>) -> UploadAndWait {
        UploadAndWait::new(self.client, path.as_ref())
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

    /// Waits until each of many uploads has been processed: a stream of how each ended, in the order in which they do. However many they
    /// are, the server is asked few questions.
    pub fn wait_all<U: Into<Uploaded>>(&self, uploads: impl IntoIterator<Item = U>) -> WaitAll {
        WaitAll::new(self.client.clone(), uploads.into_iter().map(Into::into).collect())
    }

    #[cfg(feature = "folder")]
    pub(crate) fn client(&self) -> &Client {
        self.client
    }
}

/// What is known of a document that is being processed: the answer to its upload, or its id.
#[derive(Debug, Clone, Default)]
pub struct Uploaded {
    pub(super) document_id: Option<DocumentId>,
    /// The PDF that becomes the document.
    pub(super) pdf_id: Option<PdfId>,
    pub(super) task_id: Option<TrackId>,
    /// The track of the upload, where there is no task.
    pub(super) track_id: Option<TrackId>,
    /// Whether the server has said that there is such a document.
    pub(super) confirmed: bool,
}

impl Uploaded {
    /// The document; `None` while nobody has named it, as with most PDFs before they are converted.
    pub fn document_id(&self) -> Option<&DocumentId> {
        self.document_id.as_ref()
    }

    /// The PDF that becomes the document.
    pub fn pdf_id(&self) -> Option<&PdfId> {
        self.pdf_id.as_ref()
    }

    /// The task that processes it.
    pub fn task_id(&self) -> Option<&TrackId> {
        self.task_id.as_ref()
    }

    /// The track that it was uploaded on.
    pub fn track_id(&self) -> Option<&TrackId> {
        self.track_id.as_ref()
    }
}

/// A track, if it is one: of a duplicate, servers send an empty one.
fn some(track_id: Option<&TrackId>) -> Option<TrackId> {
    track_id.filter(|track_id| !track_id.as_str().is_empty()).cloned()
}

macro_rules! from_answers {
    ($($answer:ty),*) => {$(
        impl From<&$answer> for Uploaded {
            fn from(uploaded: &$answer) -> Self {
                Self {
                    document_id: uploaded.document_id.clone().or_else(|| uploaded.duplicate_of.clone()),
                    pdf_id: None,
                    task_id: some(uploaded.task_id.as_ref()),
                    track_id: some(uploaded.track_id.as_ref()),
                    confirmed: true,
                }
            }
        }
    )*};
}

from_answers!(UploadedDocument, UploadedFile);

/// The track of a PDF is the caller's own, and tells nothing.
impl From<&UploadedPdf> for Uploaded {
    fn from(uploaded: &UploadedPdf) -> Self {
        Self {
            document_id: uploaded.document_id.clone(),
            pdf_id: Some(uploaded.duplicate_of.clone().unwrap_or_else(|| uploaded.pdf_id.clone())),
            task_id: some(uploaded.task_id.as_ref()),
            track_id: None,
            confirmed: true,
        }
    }
}

/// The answer to a batch names neither task nor track.
impl From<&FileResult> for Uploaded {
    fn from(file: &FileResult) -> Self {
        let document_id = file.document_id.clone().or_else(|| file.duplicate_of.clone());
        Self { document_id, confirmed: true, ..Self::default() }
    }
}

impl From<DocumentId> for Uploaded {
    fn from(document_id: DocumentId) -> Self {
        Self { document_id: Some(document_id), ..Self::default() }
    }
}

impl From<&Uploaded> for Uploaded {
    fn from(uploaded: &Uploaded) -> Self {
        uploaded.clone()
    }
}
