//! Uploads from disk: a form whose file is read while it is sent, and opened anew for each attempt.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use edgequake_types::documents::UploadFile;
use edgequake_types::multipart::Segment;
use edgequake_types::{Body as TypesBody, Endpoint};
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use crate::body::RequestBody;
use crate::error::{Error, ErrorKind};
use crate::{BoxFuture, Call, Client};

/// How much of a file is held at once, in bytes.
const PIECE: usize = 64 * 1024;

/// The slowest upload that is waited for, in bytes per second: the limits of an upload grow by its size over this.
const SLOWEST: u64 = 64 * 1024;

/// Why a file could not be uploaded. The path is named, for it is the caller's own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileUploadError {
    /// The file cannot be opened or read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The path is no regular file.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file became shorter while it was read.
    #[error("{} became shorter while it was uploaded", path.display())]
    Shrunk {
        /// The path.
        path: PathBuf,
    },
}

pub(super) async fn upload(
    client: &Client,
    path: &Path,
    options: impl FnOnce(UploadFile) -> UploadFile,
) -> Result<Call<UploadFile>, Error> {
    let refused =
        |error: FileUploadError| Error::new(ErrorKind::Request).because(error).during(UploadFile::PATH);
    let cannot_read = |source| refused(FileUploadError::Read { path: path.to_owned(), source });
    let metadata = tokio::fs::metadata(path).await.map_err(cannot_read)?;
    if !metadata.is_file() {
        return Err(refused(FileUploadError::NotAFile { path: path.to_owned() }));
    }
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let upload = options(UploadFile::deferred(name, metadata.len()));
    let TypesBody::Form(form) = upload.body().map_err(Error::request)? else {
        return Err(Error::new(ErrorKind::Request).note("an upload must be a form"));
    };
    let plan = Arc::new(Plan { path: path.to_owned(), segments: form.segments() });
    let length = form.length();
    let body = RequestBody::factory(Some(length), move || FormBody::new(Arc::clone(&plan)));
    let extra = Duration::from_secs(length / SLOWEST);
    Ok(client.send(upload).form(form.content_type(), body).patience(extra))
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
    Between,
    Opening(BoxFuture<io::Result<File>>, u64),
    Reading { file: File, left: u64, buffer: BytesMut },
}

impl FormBody {
    fn new(plan: Arc<Plan>) -> Self {
        let remaining = plan
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Bytes(bytes) => bytes.len() as u64,
                Segment::Deferred { length, .. } => *length,
            })
            .sum();
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
                            let path = this.plan.path.clone();
                            this.state = State::Opening(Box::pin(File::open(path)), length);
                        }
                    }
                }
                State::Opening(opening, length) => {
                    let length = *length;
                    match ready!(opening.as_mut().poll(cx)) {
                        Ok(mut file) => {
                            file.set_max_buf_size(PIECE);
                            this.state = State::Reading { file, left: length, buffer: BytesMut::new() };
                        }
                        Err(source) => return Poll::Ready(Some(Err(this.cannot_read(source)))),
                    }
                }
                State::Reading { left: 0, .. } => this.state = State::Between,
                State::Reading { file, left, buffer } => {
                    let wanted = PIECE.min(usize::try_from(*left).unwrap_or(PIECE));
                    buffer.resize(wanted, 0);
                    let mut read = ReadBuf::new(buffer);
                    if let Err(source) = ready!(Pin::new(file).poll_read(cx, &mut read)) {
                        return Poll::Ready(Some(Err(this.cannot_read(source))));
                    }
                    let count = read.filled().len();
                    if count == 0 {
                        let path = this.plan.path.clone();
                        return Poll::Ready(Some(Err(FileUploadError::Shrunk { path })));
                    }
                    // What has been appended to the file since its length was declared is not sent.
                    *left = left.saturating_sub(count as u64);
                    let piece = buffer.split_to(count).freeze();
                    return this.send(piece);
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
