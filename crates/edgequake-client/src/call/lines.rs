//! [`LineStream`]: an answer of JSON texts, one a line.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use edgequake_types::{Lines, Streamed, from_json};
use futures_core::Stream;
use http::Response;
use http::response::Parts;
use http_body::Body;
use serde::de::DeserializeOwned;

use super::receive::{Allowance, Limits, Receive, check, keep, media_type, not_a_stream};
use crate::body::ResponseBody;
use crate::error::{Error, ErrorKind};

/// The models of an answer that comes line by line (`application/x-ndjson`), as they come.
///
/// A `Stream` of `Result<T, Error>`; [`next`](Self::next) is there too. Blank lines are passed over; a last line without its line end
/// counts. After an error there is nothing more. Dropping the stream closes it. What it reads is limited, see
/// [`Call::stream_limit`](super::Call::stream_limit) and [`Call::event_limit`](super::Call::event_limit).
pub struct LineStream<T> {
    body: Option<ResponseBody>,
    operation: &'static str,
    received: BytesMut,
    /// How much of `received` is known to hold no line end.
    searched: usize,
    /// The longest line, in bytes.
    limit: usize,
    allowance: Allowance,
    model: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> LineStream<T> {
    /// The next model; `None` after the last one. Safe to drop: no line is lost.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<T, Error>>> {
        self.body = None;
        self.received.clear();
        self.searched = 0;
        Poll::Ready(Some(Err(error.during(self.operation, None))))
    }

    /// The next line of what has been received, its end taken away.
    fn line(&mut self) -> Option<Bytes> {
        let end = memchr::memchr(b'\n', self.received.get(self.searched..)?);
        let Some(end) = end.map(|end| end + self.searched) else {
            self.searched = self.received.len();
            return None;
        };
        self.searched = 0;
        let line = self.received.split_to(end).freeze();
        self.received.advance(1);
        Some(line)
    }
}

impl<T> Unpin for LineStream<T> {}

impl<T: DeserializeOwned> Stream for LineStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let line = match (this.line(), &mut this.body) {
                (Some(line), _) => line,
                (None, None) if this.received.is_empty() => return Poll::Ready(None),
                // The last line may have no end.
                (None, None) => std::mem::take(&mut this.received).freeze(),
                (None, Some(_)) if this.received.len() > this.limit => this.received.split().freeze(),
                (None, Some(body)) => {
                    if let Some(error) = this.allowance.exceeded() {
                        return this.fail(error);
                    }
                    match ready!(Pin::new(body).poll_frame(cx)) {
                        Some(Ok(frame)) => {
                            if let Ok(data) = frame.into_data() {
                                this.received.extend_from_slice(&this.allowance.take(data));
                            }
                        }
                        Some(Err(failure)) => return this.fail(Error::of_body(failure)),
                        None => this.body = None,
                    }
                    continue;
                }
            };
            if line.len() > this.limit {
                let note = format!("a line is longer than {} bytes", this.limit);
                return this.fail(Error::new(ErrorKind::Stream).note(note));
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return match from_json(&line) {
                Ok(model) => Poll::Ready(Some(Ok(model))),
                Err(error) => this.fail(Error::decode(error)),
            };
        }
    }
}

impl<T> fmt::Debug for LineStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineStream")
            .field("operation", &self.operation)
            .field("open", &self.body.is_some())
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> Receive<Streamed> for Lines<T> {
    type Output = LineStream<T>;

    async fn receive(
        answer: Response<ResponseBody>,
        limits: Limits<'_>,
        head: Option<&mut Parts>,
    ) -> Result<LineStream<T>, Error> {
        let (parts, body) = check(answer).await?.into_parts();
        if media_type(&parts) == "text/html" {
            return Err(not_a_stream(&parts, body, limits, "application/x-ndjson").await);
        }
        let stream = LineStream {
            body: Some(body),
            operation: limits.operation,
            received: BytesMut::new(),
            searched: 0,
            limit: limits.event,
            allowance: Allowance::new(limits.stream),
            model: PhantomData,
        };
        keep(parts, head);
        Ok(stream)
    }
}
