//! [`Pdfs`]: PDF files on their way to documents.

use std::path::Path;

use edgequake_types::pdf::{
    CancelPdf, DeletePdf, DownloadPdf, GetPdf, GetPdfContent, GetPdfProgress, ListPdfs, PdfProgress,
    RetryPdf, StreamPdfProgress, UploadPdf, UploadPdfs,
};
use edgequake_types::{PdfId, TrackId};
use tokio::io::AsyncRead;

use super::resource;
use crate::call::{Call, FileUpload, ReaderUpload};
use crate::error::Error;

resource! {
    /// PDF files: `/api/v1/documents/pdf`.
    ///
    /// A PDF is converted first and ingested as a document then. Its progress goes by the `task_id` of the upload.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::pdf::PdfStatus;
    ///
    /// let pdfs = client.pdfs();
    /// let uploaded = pdfs.upload_file("bridge.pdf").title("Bridge").await?;
    /// match pdfs.get(&uploaded.pdf_id).await?.status {
    ///     PdfStatus::Completed => println!("{:?}", pdfs.content(&uploaded.pdf_id).await?.markdown_content),
    ///     status => println!("{status}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Pdfs, pdfs
}

impl Pdfs<'_> {
    /// `POST /api/v1/documents/pdf`: uploads a PDF that is in memory.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::pdf::UploadPdf;
    ///
    /// let upload = UploadPdf::from_bytes("bridge.pdf", "%PDF-1.7").enable_vision(false);
    /// let uploaded = client.pdfs().upload(upload).await?;
    /// println!("{} {:?}", uploaded.pdf_id, uploaded.task_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, upload: UploadPdf) -> Call<UploadPdf> {
        self.client.send(upload)
    }

    /// `POST /api/v1/documents/pdf`: uploads a PDF from disk, without ever holding it in memory.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let upload = client.pdfs().upload_file("bridge.pdf").configure(|upload| upload.enable_vision(false));
    /// println!("{}", upload.await?.pdf_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_file(&self, path: impl AsRef<Path>) -> FileUpload<UploadPdf> {
        FileUpload::new(self.client.dispatcher(), path.as_ref())
    }

    /// `POST /api/v1/documents/pdf`: uploads a PDF that a reader gives under this file name, without ever holding it in memory.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let reader: &[u8] = b"%PDF-1.7";
    /// println!("{}", client.pdfs().upload_reader(reader, "bridge.pdf").await?.pdf_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_reader(
        &self,
        reader: impl AsyncRead + Send + 'static,
        file_name: &str,
    ) -> ReaderUpload<UploadPdf> {
        ReaderUpload::new(self.client.dispatcher(), reader, file_name)
    }

    /// `POST /api/v1/documents/pdf/batch`: uploads several PDFs in one request. One bad file does not fail the call:
    /// look at [`failed_files`](edgequake_types::pdf::UploadedPdfs::failed_files).
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::NamedFile;
    /// use edgequake_client::types::pdf::UploadPdfs;
    ///
    /// let files = ["north.pdf", "south.pdf"].map(|name| NamedFile::from_bytes(name, "%PDF-1.7"));
    /// let answer = client.pdfs().upload_batch(UploadPdfs::new(files)).await?;
    /// println!("{} of {} failed", answer.failed_files().count(), answer.results.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_batch(&self, upload: UploadPdfs) -> Call<UploadPdfs> {
        self.client.send(upload)
    }

    /// `GET /api/v1/documents/pdf`: a page of PDFs.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::pdf::{ListPdfs, PdfStatus};
    ///
    /// let mut failed = client.pdfs().list(ListPdfs::new().status(PdfStatus::Failed)).items();
    /// while let Some(pdf) = failed.next().await {
    ///     println!("{}", pdf?.pdf_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self, list: ListPdfs) -> Call<ListPdfs> {
        self.client.send(list)
    }

    /// `GET /api/v1/documents/pdf/{pdf_id}`: the state of a PDF.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.pdfs().get("p-1").await?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, pdf: impl Into<PdfId>) -> Call<GetPdf> {
        self.client.send(GetPdf::new(pdf))
    }

    /// `DELETE /api/v1/documents/pdf/{pdf_id}`: deletes a PDF file.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// client.pdfs().delete("p-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, pdf: impl Into<PdfId>) -> Call<DeletePdf> {
        self.client.send(DeletePdf::new(pdf))
    }

    /// `POST /api/v1/documents/pdf/{pdf_id}/retry`: converts a PDF again that failed.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{:?}", client.pdfs().retry("p-1").await?.task_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry(&self, pdf: impl Into<PdfId>) -> Call<RetryPdf> {
        self.client.send(RetryPdf::new(pdf))
    }

    /// `DELETE /api/v1/documents/pdf/{pdf_id}/cancel`: cancels the conversion of a PDF, which ends as failed.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.pdfs().cancel("p-1").await?.success);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self, pdf: impl Into<PdfId>) -> Call<CancelPdf> {
        self.client.send(CancelPdf::new(pdf))
    }

    /// `GET /api/v1/documents/pdf/{pdf_id}/content`: the text of a PDF as Markdown.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{:?}", client.pdfs().content("p-1").await?.markdown_content);
    /// # Ok(())
    /// # }
    /// ```
    pub fn content(&self, pdf: impl Into<PdfId>) -> Call<GetPdfContent> {
        self.client.send(GetPdfContent::new(pdf))
    }

    /// `GET /api/v1/documents/pdf/{pdf_id}/download`: downloads the PDF file itself.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let mut file = client.pdfs().download("p-1").await?;
    /// while let Some(piece) = file.next().await {
    ///     println!("{} bytes", piece?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, pdf: impl Into<PdfId>) -> Call<DownloadPdf> {
        self.client.send(DownloadPdf::new(pdf))
    }

    /// `GET /api/v1/documents/pdf/progress/{track_id}`: how far a PDF has come, by the `task_id` of its upload. 404 before it has begun and
    /// after it has ended: see [`live_progress`](Self::live_progress).
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let progress = client.pdfs().progress("pdf-77aa").await?;
    /// println!("{:?} {:.0} %", progress.current_phase().map(|phase| &phase.phase), progress.overall_percentage);
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(&self, task: impl Into<TrackId>) -> Call<GetPdfProgress> {
        self.client.send(GetPdfProgress::new(task))
    }

    /// How far a PDF has come, by the `task_id` of its upload; `None` before it has begun and after it has ended. Then
    /// [`get`](Self::get) says which of the two it is.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// match client.pdfs().live_progress("pdf-77aa").await? {
    ///     Some(progress) => println!("{:.0} %", progress.overall_percentage),
    ///     None => println!("{}", client.pdfs().get("p-1").await?.status),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`progress`](Self::progress) but for the 404.
    #[inline]
    pub async fn live_progress(&self, task: impl Into<TrackId>) -> Result<Option<PdfProgress>, Error> {
        match self.progress(task).await {
            Ok(progress) => Ok(Some(progress)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `GET /api/v1/documents/pdf/progress/stream/{track_id}`: follows a PDF, by the `task_id` of its upload. A stream that ends without its
    /// final event is an error: the server also closes it after 60 s without progress.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let mut events = client.pdfs().stream_progress("pdf-77aa").await?;
    /// while let Some(event) = events.next().await {
    ///     if let Some(progress) = event?.progress() {
    ///         println!("{:.0} %", progress.overall_percentage);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream_progress(&self, task: impl Into<TrackId>) -> Call<StreamPdfProgress> {
        self.client.send(StreamPdfProgress::new(task))
    }
}
