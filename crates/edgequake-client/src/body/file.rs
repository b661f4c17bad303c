//! Uploads from disk: a form whose file is read while it is sent, and opened anew for each attempt.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use edgequake_types::multipart::{Form, Segment};
use http_body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;

use super::RequestBody;
use crate::boxed::BoxFuture;

/// How much of a file is held at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Why a file could not be uploaded. The path is named, for it is the caller's own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileUploadError {
    /// The file cannot be opened or read.
    #[error("cannot read {}", path.display())]
    #[non_exhaustive]
    Read {
        /// The path.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The path is not a regular file.
    #[error("{} is not a file", path.display())]
    #[non_exhaustive]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file became shorter while it was read.
    #[error("{} became shorter while it was uploaded", path.display())]
    #[non_exhaustive]
    Shrunk {
        /// The path.
        path: PathBuf,
    },
}

/// The length of a file, if it is one.
///
/// # Errors
///
/// [`FileUploadError::Read`] when there is none, [`FileUploadError::NotAFile`] when it is something else.
pub(crate) async fn length_of(path: &Path) -> Result<u64, FileUploadError> {
    let asked = path.to_owned();
    let metadata = blocking(move || std::fs::metadata(asked)).await;
    let metadata = metadata.map_err(|source| FileUploadError::Read { path: path.to_owned(), source })?;
    if metadata.is_file() {
        Ok(metadata.len())
    } else {
        Err(FileUploadError::NotAFile { path: path.to_owned() })
    }
}

/// The body of a form with one file that is read from disk, opened anew for each attempt.
pub(crate) fn form_with_file(form: &Form, path: &Path) -> RequestBody {
    let plan = Arc::new(Plan { path: path.to_owned(), segments: form.segments() });
    RequestBody::factory(Some(form.length()), move || FormBody::new(Arc::clone(&plan)))
}

/// What to send, in which order.
#[derive(Debug)]
struct Plan {
    path: PathBuf,
    segments: Vec<Segment>,
}

/// The form on its way out.
struct FormBody {
    plan: Arc<Plan>,
    next: usize,
    remaining: u64,
    state: State,
}

enum State {
    /// Between two segments.
    Between,
    /// In a file of which `left` bytes are still to be sent; `None` before it is opened.
    Within { file: Option<File>, left: u64 },
    /// A piece of it is being read.
    Reading { reading: BoxFuture<io::Result<(File, Vec<u8>)>>, left: u64 },
}

impl FormBody {
    fn new(plan: Arc<Plan>) -> Self {
        let remaining = plan.segments.iter().map(Segment::length).sum();
        Self { plan, next: 0, remaining, state: State::Between }
    }

    fn cannot_read(&self, source: io::Error) -> FileUploadError {
        FileUploadError::Read { path: self.plan.path.clone(), source }
    }

    fn send(&mut self, bytes: Bytes) -> Poll<Option<Result<Frame<Bytes>, FileUploadError>>> {
        self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl Body for FormBody {
    type Data = Bytes;
    type Error = FileUploadError;

    // Compiled where a file is uploaded.
    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, FileUploadError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Between => {
                    let segment = this.plan.segments.get(this.next).cloned();
                    this.next += 1;
                    match segment {
                        None => return Poll::Ready(None),
                        Some(Segment::Bytes(bytes)) => return this.send(bytes),
                        Some(Segment::Deferred { length, .. }) => {
                            this.state = State::Within { file: None, left: length };
                        }
                        Some(_) => {
                            let text = "the form has a piece of a kind that this version cannot send";
                            let unsupported = io::Error::new(io::ErrorKind::Unsupported, text);
                            return Poll::Ready(Some(Err(this.cannot_read(unsupported))));
                        }
                    }
                }
                State::Within { left: 0, .. } => this.state = State::Between,
                State::Within { file, left } => {
                    let reading = read(this.plan.path.clone(), file.take(), *left);
                    this.state = State::Reading { reading: Box::pin(blocking(reading)), left: *left };
                }
                State::Reading { reading, left } => {
                    let left = *left;
                    let (file, piece) = match ready!(reading.as_mut().poll(cx)) {
                        Ok(read) => read,
                        Err(source) => return Poll::Ready(Some(Err(this.cannot_read(source)))),
                    };
                    if piece.is_empty() {
                        let path = this.plan.path.clone();
                        return Poll::Ready(Some(Err(FileUploadError::Shrunk { path })));
                    }
                    let left = left.saturating_sub(piece.len() as u64);
                    this.state = State::Within { file: Some(file), left };
                    return this.send(piece.into());
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

/// Reads the next piece, and opens the file before the first one. No more than `left`: what has been appended to the file since
/// its length was declared is not sent. An empty piece is the end of the file.
fn read(
    path: PathBuf,
    file: Option<File>,
    left: u64,
) -> impl FnOnce() -> io::Result<(File, Vec<u8>)> + Send + 'static {
    move || {
        let mut file = file.map_or_else(|| File::open(path), Ok)?;
        let wanted = left.min(PIECE as u64);
        let mut piece = Vec::with_capacity(usize::try_from(wanted).unwrap_or(PIECE));
        (&mut file).take(wanted).read_to_end(&mut piece)?;
        Ok((file, piece))
    }
}

/// Runs what blocks on a thread that may. Where the future is dropped, the work is finished and its result is lost.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let runtime = Handle::try_current().map_err(io::Error::other)?;
    runtime.spawn_blocking(work).await.map_err(io::Error::other)?
}
