//! [`RequestBody`] and [`ResponseBody`]: what flows through the stack, and what a replay may do with it.
//!
//! A request is replayed only if its body can be had again, unchanged: empty, bytes, or a factory. A one-way stream never
//! is, and never turns into an empty body.

#[cfg(feature = "client")]
pub(crate) mod file;
#[cfg(feature = "client")]
pub(crate) mod reader;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};

#[cfg(feature = "client")]
pub use file::FileUploadError;

use crate::boxed::BoxError;

type BoxedBody = UnsyncBoxBody<Bytes, BoxError>;

/// A request body that may be had again for another attempt.
///
/// Implemented for the body types of `http-body-util` that hold all they send, so that the retry layers of this crate work
/// in stacks that have never heard of [`RequestBody`].
pub trait Replay: Sized {
    /// The same body from its beginning, byte for byte; `None` if it can be sent only once.
    fn replay(&self) -> Option<Self>;
}

impl<D> Replay for Full<D>
where
    D: bytes::Buf + Clone,
{
    fn replay(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl<D> Replay for Empty<D> {
    fn replay(&self) -> Option<Self> {
        Some(Self::new())
    }
}

/// The body of a request on its way through the stack.
///
/// ```
/// use edgequake_client::body::{Replay, RequestBody};
/// use http_body_util::Empty;
///
/// assert!(RequestBody::from("text").replay().is_some());
/// assert!(RequestBody::once(Empty::new()).replay().is_none());
/// ```
#[derive(Default)]
pub struct RequestBody(Kind);

/// Every layer moves the request on, body included, so it is kept as small as `Bytes` alone. That leaves the compiler room for one
/// other variant.
enum Kind {
    Bytes(Bytes),
    Other(Other),
}

enum Other {
    Empty,
    /// Bytes that have been given out, and can be had again.
    Sent(Box<Bytes>),
    Factory(Box<Factory>),
    Once(BoxedBody),
}

impl Default for Kind {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Kind {
    const EMPTY: Self = Self::Other(Other::Empty);
}

/// A body that is made anew for each attempt; `current` is the one of this attempt, once it is polled.
struct Factory {
    make: Arc<dyn Fn() -> BoxedBody + Send + Sync>,
    length: Option<u64>,
    current: Option<BoxedBody>,
}

impl RequestBody {
    /// No body.
    pub fn empty() -> Self {
        Self(Kind::EMPTY)
    }

    /// A body that is made anew for each attempt, such as a file that is opened again. `length` in bytes, where it is
    /// known, becomes the `Content-Length`.
    pub fn factory<B>(length: Option<u64>, make: impl Fn() -> B + Send + Sync + 'static) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let make = Arc::new(move || make().map_err(Into::into).boxed_unsync());
        Self(Kind::Other(Other::Factory(Box::new(Factory { make, length, current: None }))))
    }

    /// A body that can be sent once only. A request that carries it is never repeated.
    pub fn once<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Other(Other::Once(body.map_err(Into::into).boxed_unsync())))
    }
}

impl Replay for RequestBody {
    fn replay(&self) -> Option<Self> {
        match &self.0 {
            Kind::Other(Other::Empty) => Some(Self(Kind::EMPTY)),
            Kind::Bytes(bytes) => Some(Self(Kind::Bytes(bytes.clone()))),
            Kind::Other(Other::Sent(bytes)) => Some(Self(Kind::Bytes((**bytes).clone()))),
            Kind::Other(Other::Factory(factory)) => {
                let Factory { make, length, .. } = &**factory;
                let again = Factory { make: Arc::clone(make), length: *length, current: None };
                Some(Self(Kind::Other(Other::Factory(Box::new(again)))))
            }
            Kind::Other(Other::Once(_)) => None,
        }
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self(Kind::EMPTY) } else { Self(Kind::Bytes(bytes)) }
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for RequestBody {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for RequestBody {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

/// Says which kind of body it is, never what is in it: it may hold a password.
impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Kind::Other(Other::Empty) => "empty",
            Kind::Bytes(_) | Kind::Other(Other::Sent(_)) => "bytes",
            Kind::Other(Other::Factory(_)) => "factory",
            Kind::Other(Other::Once(_)) => "once",
        };
        f.debug_struct("RequestBody").field("kind", &kind).field("length", &self.size_hint().exact()).finish()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Other(Other::Empty | Other::Sent(_)) => Poll::Ready(None),
            Kind::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Other(Other::Sent(Box::new(bytes.clone())));
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Other(Other::Factory(factory)) => {
                let Factory { make, current, .. } = &mut **factory;
                Pin::new(current.get_or_insert_with(|| make())).poll_frame(cx)
            }
            Kind::Other(Other::Once(body)) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Other(Other::Empty | Other::Sent(_)) => true,
            Kind::Bytes(_) => false,
            Kind::Other(Other::Factory(factory)) => match &factory.current {
                Some(body) => body.is_end_stream(),
                None => factory.length == Some(0),
            },
            Kind::Other(Other::Once(body)) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Other(Other::Empty | Other::Sent(_)) => SizeHint::with_exact(0),
            Kind::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Other(Other::Factory(factory)) => match (&factory.current, factory.length) {
                (Some(body), _) => body.size_hint(),
                (None, Some(length)) => SizeHint::with_exact(length),
                (None, None) => SizeHint::default(),
            },
            Kind::Other(Other::Once(body)) => body.size_hint(),
        }
    }
}

/// The body of an answer, whichever transport it came from.
///
/// `Send`, not `Sync`. Its error is whatever the transport and the layers on the way report.
pub struct ResponseBody(BoxedBody);

impl ResponseBody {
    /// Wraps the body of a transport.
    pub fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(body.map_err(Into::into).boxed_unsync())
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes))
    }
}

impl Default for ResponseBody {
    fn default() -> Self {
        Self::new(Empty::new())
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("length", &self.size_hint().exact()).finish_non_exhaustive()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// What became of reading a body up to a limit.
#[cfg(any(feature = "client", test))]
pub(crate) enum Collected {
    /// All of it.
    Whole(Bytes),
    /// It goes on beyond the limit; what was read so far.
    Cut(Bytes),
}

/// How much room is made for a body before it is there, in bytes.
#[cfg(any(feature = "client", test))]
const CLAIM: usize = 256 * 1024;

/// Reads a body of at most `limit` bytes. A body that came in one piece is not copied.
#[cfg(any(feature = "client", test))]
pub(crate) async fn collect<B>(body: &mut B, limit: usize) -> Result<Collected, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut first = Bytes::new();
    let mut rest = Vec::new();
    // Most bodies know that they are over with the last piece, and need not be asked for another one.
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        let Ok(data) = frame?.into_data() else { continue };
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                // Room for all of it, where its length is known and no more than anybody may claim.
                let expected =
                    usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(limit).min(CLAIM);
                rest.reserve(first.len() + data.len() + expected);
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
        if first.len().max(rest.len()) > limit {
            let mut read = if rest.is_empty() { first } else { rest.into() };
            read.truncate(limit);
            return Ok(Collected::Cut(read));
        }
    }
    Ok(Collected::Whole(if rest.is_empty() { first } else { rest.into() }))
}

#[cfg(test)]
mod tests;
