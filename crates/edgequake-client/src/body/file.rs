//! Uploads from disk: a form whose file is read while it is sent, and opened anew for each attempt.
//!
//! The server gets one state of the file or nothing: where it is opened, and before its last piece is sent, it has to be the file that
//! was measured, by its length, the time when it was last written to and, on Unix, its inode and the time of that one's last change, which
//! nobody can set back.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use edgequake_types::multipart::{Form, Segment};
use http_body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;

use super::RequestBody;
use crate::boxed::{BoxError, BoxFuture};
use crate::fault::NoRuntime;

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
    /// The file is another one than when the upload began: it was written to, replaced or cut.
    #[error("{} changed while it was uploaded: upload it again", path.display())]
    #[non_exhaustive]
    Changed {
        /// The path.
        path: PathBuf,
    },
    /// The system says that the file is empty, and yet it has content: such are the files of `/proc` and `/sys`. A file is uploaded as long
    /// as it was measured, so nothing of this one would be.
    #[error("{} is said to be empty, but has content, as files of /proc do: upload it as a reader", path.display())]
    #[non_exhaustive]
    UnknownLength {
        /// The path.
        path: PathBuf,
    },
    /// A reader gave more or less than was declared.
    #[error("{} has not the length that was declared, {declared} bytes", path.display())]
    #[non_exhaustive]
    Length {
        /// The name that it is uploaded under.
        path: PathBuf,
        /// In bytes.
        declared: u64,
    },
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileState {
    length: u64,
    modified: Option<SystemTime>,
    /// Device and inode.
    #[cfg(unix)]
    inode: (u64, u64),
    /// When the inode changed, in seconds and nanoseconds.
    #[cfg(unix)]
    changed: (i64, i64),
    /// Elsewhere, the time when it was made.
    #[cfg(not(unix))]
    created: Option<SystemTime>,
}

impl FileState {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            length: metadata.len(),
            // Some file systems have no such time.
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino()),
            #[cfg(unix)]
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            #[cfg(not(unix))]
            created: metadata.created().ok(),
        }
    }

    /// In bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

/// The state of a file, if it is one.
///
/// # Errors
///
/// [`FileUploadError::Read`] when there is none, [`FileUploadError::NotAFile`] when it is something else, [`NoRuntime`] where there is no
/// thread to look at it.
pub(crate) async fn state_of(path: &Path) -> Result<FileState, BoxError> {
    let asked = path.to_owned();
    let look = move || {
        let metadata = std::fs::metadata(&asked)?;
        let odd = metadata.is_file() && metadata.len() == 0 && has_content(&mut File::open(&asked)?)?;
        Ok((metadata, odd))
    };
    let (metadata, odd) = blocking(look).await?.map_err(|error| cannot_read(path, error))?;
    let path = || path.to_owned();
    match metadata.is_file() {
        true if odd => Err(FileUploadError::UnknownLength { path: path() }.into()),
        true => Ok(FileState::of(&metadata)),
        false => Err(FileUploadError::NotAFile { path: path() }.into()),
    }
}

/// Whether there is anything to read in a file that is said to be empty. Not so in one that is being written at this moment: that has
/// another length by then.
pub(crate) fn has_content(file: &mut File) -> io::Result<bool> {
    Ok(file.read(&mut [0])? > 0 && file.metadata()?.len() == 0)
}

pub(crate) fn cannot_read(path: &Path, source: io::Error) -> BoxError {
    FileUploadError::Read { path: path.to_owned(), source }.into()
}

/// A form of a later version of the types has pieces that are not known here.
pub(super) fn cannot_send(path: &Path) -> BoxError {
    let text = "the form has a piece of a kind that this version cannot send";
    cannot_read(path, io::Error::new(io::ErrorKind::Unsupported, text))
}

/// Told how much of a file was sent, and how long it is, in bytes.
pub(crate) type OnSent = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// The body of a form with one file in this state, that is read from disk, opened anew for each attempt.
pub(crate) fn form_with_file(
    form: &Form,
    path: &Path,
    state: FileState,
    on_sent: Option<OnSent>,
) -> RequestBody {
    let plan = Arc::new(Plan { path: path.to_owned(), state, segments: form.segments(), on_sent });
    RequestBody::factory(Some(form.length()), move || FormBody::new(Arc::clone(&plan)))
}

/// What to send, in which order.
struct Plan {
    path: PathBuf,
    state: FileState,
    segments: Vec<Segment>,
    on_sent: Option<OnSent>,
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
    Reading { reading: BoxFuture<Result<io::Result<Option<Piece>>, NoRuntime>>, left: u64 },
}

impl FormBody {
    fn new(plan: Arc<Plan>) -> Self {
        let remaining = plan.segments.iter().map(Segment::length).sum();
        Self { plan, next: 0, remaining, state: State::Between }
    }

    fn send(&mut self, bytes: Bytes) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    /// Whoever asks on after that gets nothing more.
    fn fail(&mut self, error: BoxError) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        (self.next, self.state) = (self.plan.segments.len(), State::Between);
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for FormBody {
    type Data = Bytes;
    type Error = BoxError;

    // Compiled where a file is uploaded.
    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
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
                            return this.fail(cannot_send(&this.plan.path));
                        }
                    }
                }
                // Also a file that was empty is opened: it may not be so any more.
                State::Within { file: Some(_), left: 0 } => this.state = State::Between,
                State::Within { file, left } => {
                    let reading = read(Arc::clone(&this.plan), file.take(), *left);
                    this.state = State::Reading { reading: Box::pin(blocking(reading)), left: *left };
                }
                State::Reading { reading, left } => {
                    let left = *left;
                    let (file, piece) = match ready!(reading.as_mut().poll(cx)) {
                        Ok(Ok(Some(read))) => read,
                        Ok(Ok(None)) => {
                            let path = this.plan.path.clone();
                            return this.fail(FileUploadError::Changed { path }.into());
                        }
                        Ok(Err(source)) => return this.fail(cannot_read(&this.plan.path, source)),
                        Err(no_runtime) => return this.fail(no_runtime.into()),
                    };
                    let left = left.saturating_sub(piece.len() as u64);
                    this.state = State::Within { file: Some(file), left };
                    if let Some(tell) = &this.plan.on_sent {
                        let length = this.plan.state.length();
                        tell(length.saturating_sub(left), length);
                    }
                    if !piece.is_empty() {
                        return this.send(piece.into());
                    }
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

/// The open file, and what was read of it.
type Piece = (File, Vec<u8>);

/// Reads the next piece, and opens the file before the first one. `None` if it is no longer what it was: what is sent then would be
/// neither the one nor the other.
fn read(
    plan: Arc<Plan>,
    file: Option<File>,
    left: u64,
) -> impl FnOnce() -> io::Result<Option<Piece>> + Send + 'static {
    move || {
        let opened = file.is_none();
        let mut file = file.map_or_else(|| File::open(&plan.path), Ok)?;
        if opened && FileState::of(&file.metadata()?) != plan.state {
            return Ok(None);
        }
        let wanted = left.min(PIECE as u64);
        let mut piece = Vec::with_capacity(usize::try_from(wanted).unwrap_or(PIECE));
        (&mut file).take(wanted).read_to_end(&mut piece)?;
        let (read, last) = (piece.len() as u64, wanted == left);
        let unchanged = read == wanted && (!last || FileState::of(&file.metadata()?) == plan.state);
        Ok(unchanged.then_some((file, piece)))
    }
}

/// Runs what blocks on a thread that may. Where the future is dropped, the work is finished and its result is lost.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<io::Result<T>, NoRuntime> {
    let runtime = Handle::try_current().map_err(|_| NoRuntime::ABSENT)?;
    match runtime.spawn_blocking(work).await {
        Err(error) if error.is_cancelled() => Err(NoRuntime::GONE),
        done => Ok(done.unwrap_or_else(|error| Err(io::Error::other(error)))),
    }
}
