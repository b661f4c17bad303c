//! [`Event`]: one event of a stream, with the name that it came under.

use crate::error::{DecodeError, EncodeError};

/// One event of a stream.
pub trait Event: Sized {
    /// What a stream has shown of its form so far; begins with the default.
    type Framing: Default + Send;

    /// Reads one event: its name (the `event` field of server-sent events, `None` where it has none) and its payload.
    /// `None` when it carries nothing (an empty object, a probe).
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when the payload is not one of this stream's events.
    fn decode(
        name: Option<&str>,
        payload: &str,
        framing: &mut Self::Framing,
    ) -> Result<Option<Self>, DecodeError>;

    /// Writes the event, as a server does.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value has no JSON form.
    fn encode(&self) -> Result<EventText, EncodeError>;

    /// Whether this event is the regular last one: a stream that ends without it was cut.
    fn is_final(&self) -> bool;

    /// Whether the stream may end although no [final](Self::is_final) event was seen.
    fn may_end(_framing: &Self::Framing) -> bool {
        false
    }

    /// The failure that this event reports, if it does.
    fn failure(&self) -> Option<StreamFailure> {
        None
    }
}

/// An event as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventText {
    /// The name, for streams that tell their events apart by it.
    pub name: Option<&'static str>,
    /// The payload. A line end in it needs a `data` field of its own.
    pub payload: String,
}

impl EventText {
    /// An event without a name.
    pub fn unnamed(payload: impl Into<String>) -> Self {
        Self { name: None, payload: payload.into() }
    }

    /// An event of this name.
    pub fn named(name: &'static str, payload: impl Into<String>) -> Self {
        Self { name: Some(name), payload: payload.into() }
    }
}

/// A failure that a server reports inside a stream, after the status line said 200.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamFailure {
    /// The server's code, such as `STREAM_ERROR`; an open set.
    pub code: Option<String>,
    /// The server's text.
    pub message: String,
    /// How long to wait before another try, in seconds.
    pub retry_after_seconds: Option<u64>,
}

impl StreamFailure {
    /// A failure with this text and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into(), retry_after_seconds: None }
    }
}
