//! Several documents at once, and searching for them.

use edgequake_types::DocumentId;
use edgequake_types::documents::{
    DeleteDocuments, GetDeletionImpact, ScanDirectory, SearchDocuments, UploadFiles,
};

use super::Documents;
use crate::call::Call;

impl Documents<'_> {
    /// `POST /api/v1/documents/upload/batch`: uploads several files in one request. One bad file does not fail
    /// the call: look at [`failed_files`](edgequake_types::documents::UploadedFiles::failed_files).
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::{NamedFile, UploadFiles};
    ///
    /// let files = ["north", "south"].map(|name| NamedFile::from_bytes(format!("{name}.md"), "# Bridge"));
    /// let answer = client.documents().upload_batch(UploadFiles::new(files)).await?;
    /// for file in answer.failed_files() {
    ///     eprintln!("{}: {:?}", file.file_name, file.error);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_batch(&self, upload: UploadFiles) -> Call<UploadFiles> {
        self.client.send(upload)
    }

    /// `POST /api/v1/documents/scan`: ingests the files of a directory of the server.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::ScanDirectory;
    ///
    /// let scanned = client.documents().scan(ScanDirectory::new("/srv/texts").extensions(["md"])).await?;
    /// println!("{} of {} files", scanned.files_queued, scanned.files_found);
    /// # Ok(())
    /// # }
    /// ```
    pub fn scan(&self, scan: ScanDirectory) -> Call<ScanDirectory> {
        self.client.send(scan)
    }

    /// `GET /api/v1/documents/search`: finds documents by a part of their title, newest first.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::SearchDocuments;
    ///
    /// for found in client.documents().search(SearchDocuments::new().q("bridge")).await?.items {
    ///     println!("{} {:?}", found.id, found.title);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, search: SearchDocuments) -> Call<SearchDocuments> {
        self.client.send(search)
    }

    /// `POST /api/v1/documents/batch-delete`: deletes up to 500 documents. They are deleted by a task, after the answer.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let accepted = client.documents().delete_batch(["d-1", "d-2"]).await?;
    /// println!("{:?}", client.tasks().get(accepted.batch_track_id).await?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_batch(
        &self,
        documents: impl IntoIterator<Item = impl Into<DocumentId>>,
    ) -> Call<DeleteDocuments> {
        self.client.send(DeleteDocuments::new(documents))
    }

    /// `GET /api/v1/documents/{document_id}/deletion-impact`: what deleting a document would take away.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let impact = client.documents().deletion_impact("d-1").await?;
    /// println!("{} chunks, {} entities", impact.chunks_to_delete, impact.entities_to_remove);
    /// # Ok(())
    /// # }
    /// ```
    pub fn deletion_impact(&self, document: impl Into<DocumentId>) -> Call<GetDeletionImpact> {
        self.client.send(GetDeletionImpact::new(document))
    }
}
