//! [`FileUpload`]: a call that uploads a file from disk, without ever holding it in memory.

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::documents::UploadFile;
use edgequake_types::multipart::{Content, Form};
use edgequake_types::parse::ParsePdf;
use edgequake_types::pdf::UploadPdf;
use edgequake_types::{Answer, Body, Endpoint, Multipart, Retry};
use http::HeaderValue;
use tokio::time::Instant;

use super::dispatch::Dispatcher;
use super::receive::Receive;
use super::{Call, Received, during, options};
use crate::body::file::{self, FileState, OnSent};
use crate::boxed::{BoxError, BoxFuture};
use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::layers::timeout::{TimedOut, TimeoutScope};

/// The slowest upload that is waited for, in bytes per second: the limits of an upload grow by its size over this.
pub(super) const SLOWEST: u64 = 64 * 1024;

/// An operation whose form has one file, which [`FileUpload`] reads from disk.
///
/// For one of your own:
///
/// ```
/// use edgequake_client::UploadsFile;
/// use edgequake_client::types::multipart::{Content, Form, Part};
/// use edgequake_client::types::{DecodeError, EncodeError, Multipart, operation};
///
/// /// Stores a logo.
/// #[operation(PUT "/plugins/logo" -> (), Required, Refused, Multipart, new(content), crate = edgequake_client::types)]
/// pub struct PutLogo {
///     /// The picture.
///     pub content: Content,
/// }
///
/// impl Multipart for PutLogo {
///     fn to_form(&self) -> Result<Form, EncodeError> {
///         Ok(Form::new(vec![Part::file("file", "logo.png", self.content.clone())]))
///     }
///
///     fn from_form(form: Form, _: &[(&'static str, String)]) -> Result<Self, DecodeError> {
///         let part = form.into_parts().pop().ok_or_else(|| DecodeError::part("file"))?;
///         Ok(Self::new(part.content))
///     }
/// }
///
/// impl UploadsFile for PutLogo {
///     fn of_file(_file_name: &str) -> Self {
///         Self::new(Content::Deferred(0))
///     }
///
///     fn content(&mut self) -> &mut Content {
///         &mut self.content
///     }
/// }
/// ```
pub trait UploadsFile: Endpoint + Multipart {
    /// An upload of a file of this name, of which nothing else is known yet.
    fn of_file(file_name: &str) -> Self;

    /// The place of its content.
    fn content(&mut self) -> &mut Content;
}

macro_rules! uploads_file {
    ($($request:ty),*) => {$(
        impl UploadsFile for $request {
            fn of_file(file_name: &str) -> Self {
                Self::deferred(file_name, 0)
            }

            fn content(&mut self) -> &mut Content {
                &mut self.content
            }
        }
    )*};
}

uploads_file!(UploadFile, UploadPdf, ParsePdf);

/// Uploads one file from disk, by default with `POST /api/v1/documents/upload`. Nothing is read or sent until it is awaited.
///
/// The file is read while it is sent, in pieces of 64 KiB, and opened anew for each attempt. If it changes meanwhile (it is replaced,
/// written to or appended to), that is an error, and the server stores nothing. Its name is the title, unless
/// [`title`](Self::title) gives another one; what is not UTF-8 in the name is sent as U+FFFD. The time limits of the client grow by one second for each 64 KiB; a limit that is set
/// here stays as it is.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use edgequake_client::types::documents::ChunkStrategy;
///
/// let uploaded = client.documents().upload_file("notes.md").await?;
/// println!("{:?}", uploaded.document_id);
///
/// let upload = client.documents().upload_file("handbook.md").title("Handbook");
/// upload.configure(|upload| upload.chunk_strategy(ChunkStrategy::Markdown)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Request`] with a [`FileUploadError`](crate::FileUploadError), see [`Error::find`], when the file cannot be read, or changes while it is
/// sent; else those of the operation, such as [`UploadFile`].
#[must_use = "nothing is uploaded until it is awaited"]
pub struct FileUpload<E = UploadFile> {
    call: Call<E>,
    path: PathBuf,
    /// Where it is known already.
    state: Option<FileState>,
    on_sent: Option<OnSent>,
}

/// What is told of a document, for the calls that upload one.
macro_rules! described {
    ($upload:ident: $($request:ty),*) => {$(
        impl $upload<$request> {
            /// The title of the document. Most servers take the file name where there is none.
            pub fn title(self, title: impl Into<String>) -> Self {
                self.configure(|upload| upload.title(title))
            }

            /// Anything about the document, kept with it: any JSON.
            pub fn metadata(self, metadata: impl Into<serde_json::Value>) -> Self {
                self.configure(|upload| upload.metadata(metadata))
            }
        }
    )*};
}
pub(super) use described;

described!(FileUpload: UploadFile, UploadPdf);

/// The form of an upload whose content is so long, and its `Content-Type`. The content comes from elsewhere.
pub(super) fn form_of<E: UploadsFile>(upload: &mut E, length: u64) -> Result<(Form, HeaderValue), Error> {
    *upload.content() = Content::Deferred(length);
    let Body::Form(form) = upload.body()? else {
        return Err(Error::new(ErrorKind::Request).note("an upload must be a form"));
    };
    let content_type = HeaderValue::try_from(form.content_type());
    let content_type = content_type.map_err(|error| Error::new(ErrorKind::Request).because(error))?;
    Ok((form, content_type))
}

impl<E: UploadsFile> FileUpload<E> {
    pub(crate) fn new(dispatcher: Dispatcher, path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let call = Call::new(dispatcher, Ok(E::of_file(&name)));
        Self { call, path: path.to_owned(), state: None, on_sent: None }
    }

    /// Uploads the file in this state or not at all.
    #[cfg(feature = "folder")]
    pub(crate) fn in_state(mut self, state: FileState) -> Self {
        self.state = Some(state);
        self
    }

    /// Calls `tell` with how much of the file has been given to the connection, and how long it is, both in bytes, each time another piece
    /// of it was. Another attempt begins at 0 again. It must not block.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let upload = client.documents().upload_file("handbook.md");
    /// upload.on_progress(|sent, total| eprint!("\r{sent} of {total} bytes")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.on_sent = Some(Arc::new(tell));
        self
    }

    /// Sets any option of the operation: another file name, how the text is cut, what extracts the entities. Its content stays that
    /// of the file.
    pub fn configure(mut self, change: impl FnOnce(E) -> E) -> Self {
        self.call.endpoint = self.call.endpoint.map(change);
        self
    }

    options::setters!(call.options);

    /// Overrides when the upload may be repeated; see [`Call::retry`].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.call = self.call.retry(retry);
        self
    }

    /// Reads the size of the file and gives the call as such, for what only a [`Call`] can do: [`raw`](Call::raw) and
    /// [`with_head`](Call::with_head).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when there is no such file; [`ErrorKind::Timeout`] when it cannot be looked at within the limit of the call.
    pub async fn into_call(self) -> Result<Call<E>, Error> {
        let Self { mut call, path, state, on_sent } = self;
        let failed = |error: BoxError| during::<E>(Error::of_failure(error));
        let begun = Instant::now();
        let limit = call.options.timeout.unwrap_or_else(|| call.dispatcher.limits().timeout);
        let state = match (state, limit) {
            (Some(state), _) => Ok(state),
            // The look at a file on a server that hangs takes as long as that does.
            (None, Some(limit)) => {
                let looked = clock::timeout(limit, file::state_of(&path)).await;
                let looked = looked.map_err(|error| failed(error.into()))?;
                looked.unwrap_or_else(|| Err(TimedOut { scope: TimeoutScope::Total, limit }.into()))
            }
            (None, None) => file::state_of(&path).await,
        };
        let state = state.map_err(failed)?;
        call.options.spent = begun.elapsed();
        let Ok(upload) = &mut call.endpoint else { return Ok(call) };
        let (form, content_type) = form_of(upload, state.length())?;
        let extra = Duration::from_secs(form.length() / SLOWEST);
        Ok(call.form(content_type, file::form_with_file(&form, &path, state, on_sent)).patience(extra))
    }
}

impl<E> IntoFuture for FileUpload<E>
where
    E: UploadsFile + 'static,
    E::Response: Receive<<E::Response as Answer>::Form>,
{
    type Output = Result<Received<E>, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    // Compiled where a file is uploaded.
    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.into_call().await?.await })
    }
}

impl<E: fmt::Debug> fmt::Debug for FileUpload<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileUpload")
            .field("call", &self.call)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
