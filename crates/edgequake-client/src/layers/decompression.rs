//! [`DecompressionLayer`]: answers that come compressed (RFC 9110, 8.4).
//!
//! A server or a proxy may compress an answer, errors included, whether it was asked to or not; without this layer such a body is a
//! heap of odd bytes to everyone further out. Stands outside the [idle timer](super::timeout::IdleTimeoutLayer), which
//! watches the bytes as they come, and inside whatever reads bodies. It decodes `gzip`, and `br` with the feature `brotli`; the
//! headers `Content-Encoding` and `Content-Length`, which are no longer true then, go away. Any other coding passes untouched, with its
//! header. Errors pass, too; a body that cannot be decoded ends with an error of its own.
//!
//! A small body may become a large one: whoever reads it has to set a limit, as the client does. A body is decoded piece by piece
//! of at most 4 KiB, as it is read, and gives other tasks their turn in between.
//!
//! ```
//! use edgequake_client::layers::decompression::DecompressionLayer;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use std::io::Write;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let compressing = service_fn(async |_: Request<()>| {
//!     let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
//!     gzip.write_all(b"text")?;
//!     let body = Full::new(bytes::Bytes::from(gzip.finish()?));
//!     Ok::<_, std::io::Error>(Response::builder().header("content-encoding", "gzip").body(body).unwrap())
//! });
//! let stack = ServiceBuilder::new().layer(DecompressionLayer::new()).service(compressing);
//! let answer = stack.oneshot(Request::new(())).await?;
//! assert!(!answer.headers().contains_key("content-encoding"));
//! assert_eq!(answer.into_body().collect().await?.to_bytes(), "text");
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, Entry};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::task::coop::poll_proceed;
use tower::service_fn;
use tower_http::decompression::{Decompression as Decoder, DecompressionBody};
use tower_layer::Layer;
use tower_service::Service;

use crate::boxed::BoxError;

/// What is asked for, if anything is.
#[cfg(not(feature = "brotli"))]
const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip");
#[cfg(feature = "brotli")]
const ACCEPTED: HeaderValue = HeaderValue::from_static("br, gzip");

/// Decodes compressed answers.
#[derive(Debug, Clone, Default)]
pub struct DecompressionLayer {
    ask: bool,
}

impl DecompressionLayer {
    /// Decodes what comes compressed, and asks for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to ask for compressed answers with `Accept-Encoding`; default false. A request that has the header keeps its own.
    #[must_use]
    pub fn ask(mut self, ask: bool) -> Self {
        self.ask = ask;
        self
    }
}

impl<S> Layer<S> for DecompressionLayer {
    type Service = Decompression<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Decompression { inner, ask: self.ask }
    }
}

/// The service of [`DecompressionLayer`].
#[derive(Debug, Clone)]
pub struct Decompression<S> {
    inner: S,
    ask: bool,
}

impl<S, B, R> Service<Request<B>> for Decompression<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<DecodedBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if self.ask {
            ask(request.headers_mut());
        }
        ResponseFuture { future: self.inner.call(request) }
    }
}

/// Asks for a compressed answer.
pub(crate) fn ask(headers: &mut HeaderMap) {
    if let Entry::Vacant(vacant) = headers.entry(ACCEPT_ENCODING) {
        vacant.insert(ACCEPTED);
    }
}

pin_project! {
    /// The future of [`Decompression`].
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<DecodedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.project().future.poll(cx))?;
        decode(answer, cx).map(Ok)
    }
}

/// Takes the coding off an answer. Ready at once.
fn decode<R: Body>(mut answer: Response<R>, cx: &mut Context<'_>) -> Poll<Response<DecodedBody<R>>> {
    if !is_decodable(answer.headers_mut()) {
        return Poll::Ready(answer.map(DecodedBody::plain));
    }
    decoded(answer, cx)
}

/// Decodes an answer that is decodable.
pub(crate) fn decoded<R: Body>(answer: Response<R>, cx: &mut Context<'_>) -> Poll<Response<DecodedBody<R>>> {
    // tower-http has decoders as a layer only, which would ask for compression; so it is given the answer instead of
    // the request, over a service that hands it back at once.
    let given = service_fn(|answer: Request<_>| std::future::ready(Ok::<_, Infallible>(answer.into_body())));
    let decoding = Decoder::new(given).call(Request::new(answer));
    let Ok(answer) = ready!(pin!(decoding).poll(cx));
    Poll::Ready(answer.map(|body| DecodedBody { state: State::Decoded { body: Box::pin(body) } }))
}

/// Whether the body is of one coding that is supported, which then is written the way the decoder reads it. Names of codings
/// are case-insensitive, and `x-gzip` is `gzip` (RFC 9110, 8.4.1).
pub(crate) fn is_decodable(headers: &mut HeaderMap) -> bool {
    // Few answers name a coding, and an entry would be made room for.
    if !headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let Entry::Occupied(mut coding) = headers.entry(CONTENT_ENCODING) else { return false };
    if coding.iter().nth(1).is_some() {
        // One over the other: nobody does that.
        return false;
    }
    let name = coding.get().as_bytes().trim_ascii();
    if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") {
        coding.insert(HeaderValue::from_static("gzip"));
        return true;
    }
    if cfg!(feature = "brotli") && name.eq_ignore_ascii_case(b"br") {
        coding.insert(HeaderValue::from_static("br"));
        return true;
    }
    if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
        coding.remove();
    }
    false
}

pin_project! {
    /// The body of an answer, decoded where it came compressed.
    pub struct DecodedBody<B>
    where
        B: Body,
    {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<B>
    where
        B: Body,
    {
        Plain { #[pin] body: B },
        // Boxed, or the body of every answer would carry its room.
        Decoded { body: Pin<Box<DecompressionBody<B>>> },
    }
}

impl<B: Body> DecodedBody<B> {
    /// A body as it came.
    pub(crate) fn plain(body: B) -> Self {
        Self { state: State::Plain { body } }
    }
}

impl<B> Body for DecodedBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().state.project() {
            StateProj::Plain { body } => body.poll_frame(cx).map_err(Into::into),
            StateProj::Decoded { body } => {
                // One piece from the wire may be a thousand times as long here, all of it at hand.
                let turn = ready!(poll_proceed(cx));
                let frame = ready!(body.as_mut().poll_frame(cx));
                turn.made_progress();
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Plain { body } => body.is_end_stream(),
            State::Decoded { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Plain { body } => body.size_hint(),
            State::Decoded { body } => body.size_hint(),
        }
    }
}

impl<B> fmt::Debug for DecodedBody<B>
where
    B: Body,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decoded = matches!(self.state, State::Decoded { .. });
        f.debug_struct("DecodedBody").field("decoded", &decoded).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
