//! Uploads from a reader: a form whose file is read while it is sent, once.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use edgequake_types::multipart::{Form, Segment};
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

use super::file::cannot_send;
use super::{FileUploadError, RequestBody};
use crate::boxed::BoxError;

/// How much is held at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Where content comes from.
pub(crate) type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// Told how much was sent, and how much there is, where that is known, in bytes.
pub(crate) type OnRead = Box<dyn FnMut(u64, Option<u64>) + Send>;

/// The body of a form with one file that is read from here, and sent once.
pub(crate) fn form_with_reader(
    form: &Form,
    name: &str,
    reader: Reader,
    length: Option<u64>,
    on_read: Option<OnRead>,
) -> RequestBody {
    let segments = form.segments().into_iter();
    let remaining = length.map(|_| form.length());
    RequestBody::once(ReaderBody {
        name: name.to_owned(),
        segments,
        reader,
        length,
        read: 0,
        within: false,
        remaining,
        piece: BytesMut::new(),
        on_read,
    })
}

/// The form on its way out.
struct ReaderBody {
    name: String,
    segments: std::vec::IntoIter<Segment>,
    reader: Reader,
    length: Option<u64>,
    read: u64,
    /// Whether the reader's turn has come.
    within: bool,
    /// What is still to be sent, where that is known.
    remaining: Option<u64>,
    piece: BytesMut,
    on_read: Option<OnRead>,
}

impl ReaderBody {
    fn send(&mut self, bytes: Bytes) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_sub(bytes.len() as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    /// The next piece of the content; `None` at its end.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, FileUploadError>> {
        self.piece.resize(PIECE, 0);
        let mut buffer = ReadBuf::new(&mut self.piece);
        let path = || std::path::PathBuf::from(&self.name);
        if let Err(source) = ready!(self.reader.as_mut().poll_read(cx, &mut buffer)) {
            return Poll::Ready(Err(FileUploadError::Read { path: path(), source }));
        }
        let count = buffer.filled().len();
        self.read += count as u64;
        if let Some(length) = self.length
            && (self.read > length || (count == 0 && self.read < length))
        {
            return Poll::Ready(Err(FileUploadError::Length { path: path(), declared: length }));
        }
        if count == 0 {
            return Poll::Ready(Ok(None));
        }
        if let Some(tell) = &mut self.on_read {
            tell(self.read, self.length);
        }
        Poll::Ready(Ok(Some(self.piece.split_to(count).freeze())))
    }
}

impl Body for ReaderBody {
    type Data = Bytes;
    type Error = BoxError;

    // Compiled where something is uploaded.
    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            if this.within {
                match ready!(this.read(cx)) {
                    Ok(Some(piece)) => return this.send(piece),
                    Ok(None) => this.within = false,
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                }
            }
            match this.segments.next() {
                None => return Poll::Ready(None),
                Some(Segment::Bytes(bytes)) => return this.send(bytes),
                Some(Segment::Deferred { .. }) => this.within = true,
                Some(_) => return Poll::Ready(Some(Err(cannot_send(this.name.as_ref())))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
