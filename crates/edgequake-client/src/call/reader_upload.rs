//! [`ReaderUpload`]: a call that uploads what a reader gives, such as standard input, without ever holding it in memory.

use std::fmt;
use std::future::IntoFuture;

use edgequake_types::documents::UploadFile;
use edgequake_types::pdf::UploadPdf;
use edgequake_types::{Answer, Retry};
use tokio::io::AsyncRead;

use super::dispatch::Dispatcher;
use super::file_upload::{SLOWEST, UploadsFile, described, form_of};
use super::receive::Receive;
use super::{Call, Received, options};
use crate::body::reader::{OnRead, Reader, form_with_reader};
use crate::boxed::BoxFuture;
use crate::error::{Error, ErrorKind};

/// Uploads what a reader gives, by default with `POST /api/v1/documents/upload`. Nothing is read or sent until it is awaited.
///
/// It is read in pieces of 64 KiB while it is sent. Where its [`length`](Self::length) is not known, the request has none either
/// (`Transfer-Encoding: chunked`), and no limit of time but those that are set here.
///
/// What was read cannot be read again, so the upload is never repeated: not after a 401 with a renewed token, not after a 429 or 503. The
/// error then says so. A file is better uploaded by its path.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// // In a program, `tokio::io::stdin()`.
/// let reader: &[u8] = b"# Bridges";
/// let uploaded = client.documents().upload_reader(reader, "notes.md").title("Notes").await?;
/// println!("{:?}", uploaded.document_id);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Request`] with a [`FileUploadError`](crate::FileUploadError), see [`Error::find`], when reading fails, or what was read has
/// not the length that was declared; else those of the operation, such as [`UploadFile`].
#[must_use = "nothing is uploaded until it is awaited"]
pub struct ReaderUpload<E = UploadFile> {
    call: Call<E>,
    name: String,
    reader: Reader,
    length: Option<u64>,
    on_read: Option<OnRead>,
}

described!(ReaderUpload: UploadFile, UploadPdf);

impl<E: UploadsFile> ReaderUpload<E> {
    pub(crate) fn new(dispatcher: Dispatcher, reader: impl AsyncRead + Send + 'static, name: &str) -> Self {
        let call = Call::new(dispatcher, Ok(E::of_file(name)));
        Self { call, name: name.to_owned(), reader: Box::pin(reader), length: None, on_read: None }
    }

    /// Sets any option of the operation. Its content stays what is read.
    pub fn configure(mut self, change: impl FnOnce(E) -> E) -> Self {
        self.call.endpoint = self.call.endpoint.map(change);
        self
    }

    options::setters!(call.options);

    /// How many bytes the reader will give, where that is known. If it gives more or less, the upload fails, and the server stores nothing.
    pub fn length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// Calls `tell` with how much has been given to the connection, and how much there is, where that is known, both in bytes, each time
    /// another piece was read. It must not block.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let reader: &[u8] = b"# Bridges";
    /// let upload = client.documents().upload_reader(reader, "notes.md");
    /// upload.on_progress(|sent, _| eprint!("\r{sent} bytes")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, tell: impl FnMut(u64, Option<u64>) + Send + 'static) -> Self {
        self.on_read = Some(Box::new(tell));
        self
    }

    fn into_call(self) -> Result<Call<E>, Error> {
        let Self { mut call, name, reader, length, on_read } = self;
        let Ok(upload) = &mut call.endpoint else { return Ok(call) };
        let (form, content_type) = form_of(upload, length.unwrap_or(0))?;
        match length {
            Some(length) => call = call.patience(std::time::Duration::from_secs(length / SLOWEST)),
            // Whoever writes to a pipe may take any time.
            None => {
                call.options.timeout.get_or_insert(None);
                call.options.attempt_timeout.get_or_insert(None);
            }
        }
        Ok(call
            .form(content_type, form_with_reader(&form, &name, reader, length, on_read))
            .retry(Retry::Never))
    }
}

impl<E> IntoFuture for ReaderUpload<E>
where
    E: UploadsFile + 'static,
    E::Response: Receive<<E::Response as Answer>::Form>,
{
    type Output = Result<Received<E>, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    // Compiled where something is uploaded.
    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.into_call()?.await.map_err(|error| {
                let repeatable = error.is_retryable()
                    || matches!(error.kind(), ErrorKind::Unauthorized { configured: true, .. });
                if repeatable {
                    error
                        .note("what was read cannot be sent again: open the reader anew and upload once more")
                } else {
                    error
                }
            })
        })
    }
}

impl<E: fmt::Debug> fmt::Debug for ReaderUpload<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderUpload")
            .field("call", &self.call)
            .field("name", &self.name)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
