//! [`EventStream`]: a reply that is sent event by event.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use edgequake_types::{Endpoint, Event, EventText, Events};
use futures_util::{Stream, StreamExt};

use crate::error::Refusal;
use crate::faults::Answers;
use crate::reply::Success;

/// How long a stream may be silent before a comment is sent to keep the connection alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A stream of server-sent events of type `E`.
pub(crate) struct EventStream<E> {
    texts: Pin<Box<dyn Stream<Item = EventText> + Send>>,
    events: std::marker::PhantomData<fn() -> E>,
}

impl<E: Event + 'static> EventStream<E> {
    /// One JSON object per event.
    pub(crate) fn events(events: impl Stream<Item = E> + Send + 'static) -> Self {
        // An event that cannot be encoded becomes an empty object, as on the real server.
        Self::of(events.map(|event| event.encode().unwrap_or_else(|_| EventText::unnamed("{}"))))
    }

    /// Raw text.
    pub(crate) fn text(payloads: impl Stream<Item = String> + Send + 'static) -> Self {
        Self::of(payloads.map(EventText::unnamed))
    }

    fn of(texts: impl Stream<Item = EventText> + Send + 'static) -> Self {
        Self { texts: Box::pin(texts), events: std::marker::PhantomData }
    }
}

impl<R, E> Success<R> for EventStream<E>
where
    R: Endpoint<Response = Events<E>>,
{
    const ANSWERS: Answers = Answers::Events;

    fn into_response(self) -> Result<Response, Refusal> {
        let events = self.texts.map(|text| {
            let event = sse::Event::default().data(text.payload);
            Ok::<_, Infallible>(match text.name {
                Some(name) => event.event(name),
                None => event,
            })
        });
        let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
        Ok(Sse::new(events).keep_alive(keep_alive).into_response())
    }
}
