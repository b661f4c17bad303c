//! [`EventStream`]: the typed events of a streamed answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use edgequake_types::{ErrorBody, Event, Events, StreamFailure, Streamed};
use futures_core::Stream;
use http::Response;
use http::response::Parts;
use http_body::Body;

use super::receive::{Allowance, Limits, Receive, check, keep, media_type, not_a_stream};
use crate::body::ResponseBody;
use crate::clock::{self, Timer};
use crate::error::{Error, ErrorKind};
use crate::sse::{Decoder, Message};

/// How long the end of the body is waited for after the final event, so that the connection can be used again.
const LINGER: Duration = Duration::from_secs(2);

/// The events of an answer, as they come.
///
/// A `Stream` of `Result<V, Error>`; [`next`](Self::next) is there too, for those who have no `StreamExt` at hand. A failure that
/// the server reports inside the stream is an error with its code and message, and so is a stream that ends without its final
/// event: what came before stays with the caller. After an error there is nothing more. After the final event, a server that does not
/// end its answer within 2 s, but keeps the connection alive, is not waited for. Dropping the stream closes it, and the server stops
/// generating.
///
/// What it reads is limited, see [`Call::stream_limit`](super::Call::stream_limit) and [`Call::event_limit`](super::Call::event_limit).
/// [`into_events`](Self::into_events) reads it whole; for the answer to a question, so do [`text`](Self::text) and
/// [`answer`](Self::answer).
pub struct EventStream<V: Event> {
    body: Option<ResponseBody>,
    operation: &'static str,
    decoder: Decoder,
    /// What of the last piece is not decoded yet.
    piece: Bytes,
    allowance: Allowance,
    framing: V::Framing,
    /// The end is accounted for: the final event was seen, or an error was given.
    settled: bool,
    /// Since the final event was taken.
    linger: Option<Pin<Box<Timer>>>,
}

impl<V: Event> EventStream<V> {
    /// The next event; `None` after the regular end. Safe to drop: no event is lost.
    pub async fn next(&mut self) -> Option<Result<V, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Reads the stream to its end, and gives all its events.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next) gives them; a stream that ends without its final event is one. What came before is lost.
    pub async fn into_events(mut self) -> Result<Vec<V>, Error> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event?);
        }
        Ok(events)
    }

    /// Ends the stream with an error, which is said once.
    fn fail(&mut self, error: Error) -> Poll<Option<Result<V, Error>>> {
        self.body = None;
        self.piece = Bytes::new();
        self.settled = true;
        Poll::Ready(Some(Err(error.during(self.operation, None))))
    }

    /// What a message is worth: an event, nothing, or a failure.
    fn read(&mut self, message: &Message) -> Result<Option<V>, Error> {
        let named_error = message.event.as_deref() == Some("error");
        let event = match V::decode(message.event.as_deref(), &message.data, &mut self.framing) {
            Ok(event) => event,
            Err(_) if named_error => None,
            Err(error) => return Err(Error::decode(error)),
        };
        if let Some(failure) = event.as_ref().and_then(V::failure) {
            return Err(Error::stream(failure));
        }
        if named_error {
            let said = ErrorBody::read(http::StatusCode::OK, message.data.as_bytes());
            let mut failure = StreamFailure::new(said.message);
            failure.code = Some(said.code).filter(|code| code != "HTTP_200");
            failure.retry_after_seconds = said.retry_after_seconds;
            return Err(Error::stream(failure));
        }
        self.settled |= event.as_ref().is_some_and(V::is_final);
        Ok(event)
    }

    /// The next event of what has been received.
    fn read_on(&mut self) -> Option<Result<V, Error>> {
        loop {
            let mut rest: &[u8] = &self.piece;
            let before = rest.len();
            let decoded = self.decoder.decode(&mut rest);
            let used = before - rest.len();
            bytes::Buf::advance(&mut self.piece, used);
            match decoded {
                Ok(Some(message)) => match self.read(&message) {
                    Ok(None) => {}
                    Ok(Some(event)) => return Some(Ok(event)),
                    Err(error) => return Some(Err(error)),
                },
                Ok(None) => return None,
                Err(error) => return Some(Err(Error::new(ErrorKind::Stream).because(error))),
            }
        }
    }

    /// The end of the body: regular, if the final event was seen.
    fn end(&mut self) -> Poll<Option<Result<V, Error>>> {
        self.body = None;
        let last = match self.decoder.finish() {
            Some(message) => match self.read(&message) {
                Ok(event) => event,
                // A last event that cannot be read was cut, which the check below says better.
                Err(error) if error.kind() == ErrorKind::Decode => None,
                Err(error) => return self.fail(error),
            },
            None => None,
        };
        if let Some(event) = last {
            // Judged by the next poll, which finds no body.
            return Poll::Ready(Some(Ok(event)));
        }
        self.judge()
    }

    /// Whether the end of the body has been waited for long enough after the final event.
    fn has_lingered(&mut self, cx: &mut Context<'_>) -> bool {
        let timer = match &mut self.linger {
            Some(timer) => timer,
            None => match clock::sleep(LINGER) {
                Ok(timer) => self.linger.insert(Box::pin(timer)),
                Err(_) => return true,
            },
        };
        timer.as_mut().poll(cx).is_ready()
    }

    fn judge(&mut self) -> Poll<Option<Result<V, Error>>> {
        if self.settled || V::may_end(&self.framing) {
            return Poll::Ready(None);
        }
        let error = Error::new(ErrorKind::Stream).note("the stream ended before its last event");
        self.fail(error)
    }
}

impl<V: Event> Unpin for EventStream<V> {}

impl<V: Event> Stream for EventStream<V> {
    type Item = Result<V, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match this.read_on() {
                Some(Ok(event)) => return Poll::Ready(Some(Ok(event))),
                Some(Err(error)) => return this.fail(error),
                None => {}
            }
            if this.settled && this.body.is_some() && this.has_lingered(cx) {
                this.body = None;
            }
            let Some(body) = &mut this.body else { return this.judge() };
            match this.allowance.exceeded() {
                // Nothing is missing once the final event was seen.
                Some(_) if this.settled => {
                    this.body = None;
                    return Poll::Ready(None);
                }
                Some(error) => return this.fail(error),
                None => {}
            }
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        this.piece = this.allowance.take(data);
                    }
                }
                // Nothing is missing once the final event was seen.
                Some(Err(_)) if this.settled => {
                    this.body = None;
                    return Poll::Ready(None);
                }
                Some(Err(failure)) => return this.fail(Error::of_body(failure)),
                None => return this.end(),
            }
        }
    }
}

impl<V: Event> fmt::Debug for EventStream<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("operation", &self.operation)
            .field("open", &self.body.is_some())
            .finish_non_exhaustive()
    }
}

impl<V: Event + Send> Receive<Streamed> for Events<V> {
    type Output = EventStream<V>;

    /// Checks status and content type; anything but a stream of events is an error, read like any other.
    async fn receive(
        answer: Response<ResponseBody>,
        limits: Limits<'_>,
        head: Option<&mut Parts>,
    ) -> Result<EventStream<V>, Error> {
        let (parts, body) = check(answer).await?.into_parts();
        // A server that says no type is believed.
        if !matches!(media_type(&parts).as_str(), "" | "text/event-stream") {
            return Err(not_a_stream(&parts, body, limits, "text/event-stream").await);
        }
        let stream = EventStream {
            body: Some(body),
            operation: limits.operation,
            decoder: Decoder::with_limit(limits.event),
            piece: Bytes::new(),
            allowance: Allowance::new(limits.stream),
            framing: V::Framing::default(),
            settled: false,
            linger: None,
        };
        keep(parts, head);
        Ok(stream)
    }
}
