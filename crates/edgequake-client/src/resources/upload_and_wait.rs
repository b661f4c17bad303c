//! [`UploadAndWait`]: a file, until it has been processed.

use std::fmt;
use std::future::IntoFuture;
use std::path::Path;
use std::time::Duration;

use edgequake_types::documents::{Document, UploadFile};

use super::documents::Uploaded;
use super::progress::Progress;
use super::wait::Wait;
use crate::boxed::BoxFuture;
use crate::call::FileUpload;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// Uploads a file and waits until it has been processed; gives the document. Nothing is read or sent until it is awaited.
///
/// A document that failed, as a whole or in part, or was cancelled is an error of the kind [`ErrorKind::Processing`]. Where the upload was accepted and waiting for it fails, the error
/// names the document, so that it can be [waited for](super::Documents::wait_for) again and need not be uploaded a second time.
///
/// Dropping it cuts off the upload, or else stops waiting; the server goes on with what it has taken.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use std::time::Duration;
///
/// let upload = client.documents().upload_and_wait("report.md").timeout(Duration::from_secs(120));
/// let document = upload.on_progress(|progress| eprintln!("{:?}", progress.fraction)).await?;
/// println!("{} chunks", document.chunk_count);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Those of [`FileUpload`] and of [`Wait`].
#[must_use = "nothing is uploaded until it is awaited"]
pub struct UploadAndWait {
    upload: FileUpload,
    wait: Wait,
}

impl UploadAndWait {
    pub(super) fn new(client: &Client, path: &Path) -> Self {
        let upload = FileUpload::new(client.dispatcher(), path);
        Self { upload, wait: Wait::new(client.clone(), Uploaded::default()) }
    }

    /// How long to wait once it is uploaded; default 600 s, `None` is for ever.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.wait = self.wait.timeout(limit);
        self
    }

    /// Sets options of the upload: title, workspace, limits of time.
    pub fn upload(mut self, change: impl FnOnce(FileUpload) -> FileUpload) -> Self {
        self.upload = change(self.upload);
        self
    }

    /// Sets options of the operation: metadata, how the text is cut.
    pub fn configure(self, change: impl FnOnce(UploadFile) -> UploadFile) -> Self {
        self.upload(|upload| upload.configure(change))
    }

    /// Calls `tell` with the progress of the document each time the server was asked, see [`Wait::on_progress`].
    pub fn on_progress(mut self, tell: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.wait = self.wait.on_progress(tell);
        self
    }
}

impl IntoFuture for UploadAndWait {
    type Output = Result<Document, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    // Compiled where a file is uploaded.
    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let uploaded = Uploaded::from(&self.upload.await?);
            let named =
                uploaded.document_id().map(|id| format!("it was uploaded as document {id}: wait for that"));
            self.wait.of(uploaded).await.map_err(|error| match named {
                Some(note) if error.kind() != ErrorKind::Processing => error.also(&note),
                _ => error,
            })
        })
    }
}

impl fmt::Debug for UploadAndWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadAndWait").field("upload", &self.upload).finish_non_exhaustive()
    }
}
