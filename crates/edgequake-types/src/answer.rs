//! [`Answer`]: what a success carries and how its bytes are read and written.

use std::marker::PhantomData;

use bytes::Bytes;

use crate::request::{DecodeError, EncodeError};

/// What an operation answers with.
pub trait Answer {
    /// The value for `Accept`, and the content type a server writes.
    const MEDIA_TYPE: &'static str;
}

/// An answer that is complete when its bytes are.
pub trait Decode: Answer + Sized {
    /// Reads the body of a 2xx answer.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] naming the place that does not fit.
    fn decode(body: Bytes) -> Result<Self, DecodeError>;

    /// Writes the body, as a server does; empty where the answer is a bare status.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value has no JSON form.
    fn encode(&self) -> Result<Bytes, EncodeError>;
}

/// One event of a stream.
pub trait Event: Sized {
    /// What a stream has shown of its form so far; begins with the default.
    type Framing: Default + Send;

    /// Reads the payload of one event; `None` when it carries nothing (an empty object, a probe).
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when the payload is not one of this stream's events.
    fn decode(payload: &str, framing: &mut Self::Framing) -> Result<Option<Self>, DecodeError>;

    /// Writes the payload, as a server does.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value has no JSON form.
    fn encode(&self) -> Result<String, EncodeError>;

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

/// A failure that a server reports inside a stream, after the status line said 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFailure {
    /// The server's code, such as `STREAM_ERROR`; an open set.
    pub code: Option<String>,
    /// The server's text.
    pub message: String,
    /// How long to wait before another try, in seconds.
    pub retry_after_seconds: Option<u64>,
}

/// Marks an operation whose answer is a stream of server-sent events of type `E`.
#[derive(Debug)]
pub struct Events<E>(PhantomData<fn() -> E>);

impl<E> Answer for Events<E> {
    const MEDIA_TYPE: &'static str = "text/event-stream";
}

/// No body: 204, or any other success whose body says nothing.
impl Answer for () {
    const MEDIA_TYPE: &'static str = "*/*";
}

impl Decode for () {
    fn decode(_body: Bytes) -> Result<Self, DecodeError> {
        Ok(())
    }

    fn encode(&self) -> Result<Bytes, EncodeError> {
        Ok(Bytes::new())
    }
}

/// An answer that may be left out (204).
impl<T: Answer> Answer for Option<T> {
    const MEDIA_TYPE: &'static str = T::MEDIA_TYPE;
}

impl<T: Decode> Decode for Option<T> {
    fn decode(body: Bytes) -> Result<Self, DecodeError> {
        if body.is_empty() { Ok(None) } else { T::decode(body).map(Some) }
    }

    fn encode(&self) -> Result<Bytes, EncodeError> {
        self.as_ref().map_or(Ok(Bytes::new()), T::encode)
    }
}

/// A download.
impl Answer for Bytes {
    const MEDIA_TYPE: &'static str = "*/*";
}

impl Decode for Bytes {
    fn decode(body: Bytes) -> Result<Self, DecodeError> {
        Ok(body)
    }

    fn encode(&self) -> Result<Bytes, EncodeError> {
        Ok(self.clone())
    }
}

/// A plain text.
impl Answer for String {
    const MEDIA_TYPE: &'static str = "text/plain";
}

impl Decode for String {
    fn decode(body: Bytes) -> Result<Self, DecodeError> {
        std::str::from_utf8(&body).map(str::to_owned).map_err(DecodeError::Utf8)
    }

    fn encode(&self) -> Result<Bytes, EncodeError> {
        Ok(Bytes::copy_from_slice(self.as_bytes()))
    }
}

/// Any JSON value, for answers whose shape is not known.
impl Answer for serde_json::Value {
    const MEDIA_TYPE: &'static str = "application/json";
}

impl Decode for serde_json::Value {
    fn decode(body: Bytes) -> Result<Self, DecodeError> {
        if body.is_empty() { Ok(Self::Null) } else { crate::from_json(&body) }
    }

    fn encode(&self) -> Result<Bytes, EncodeError> {
        serde_json::to_vec(self).map(Into::into).map_err(EncodeError::Serialize)
    }
}

/// Declares models that are answers in JSON. After `or_empty:` stand those that a server may also leave out
/// altogether (204): they read as their default then.
macro_rules! json_answers {
    ($($model:ty),+ $(,)?) => {$(
        $crate::answer::json_answers!(@ $model, |body: bytes::Bytes| $crate::from_json(&body));
    )+};
    (or_empty: $($model:ty),+ $(,)?) => {$(
        $crate::answer::json_answers!(@ $model, |body: bytes::Bytes| {
            if body.is_empty() { Ok(<$model>::default()) } else { $crate::from_json(&body) }
        });
    )+};
    (@ $model:ty, $decode:expr) => {
        impl $crate::Answer for $model {
            const MEDIA_TYPE: &'static str = "application/json";
        }

        impl $crate::Decode for $model {
            // Compiled where it is called: whoever uses three operations does not pay for the models of all.
            #[inline]
            fn decode(body: bytes::Bytes) -> Result<Self, $crate::DecodeError> {
                ($decode)(body)
            }

            #[inline]
            fn encode(&self) -> Result<bytes::Bytes, $crate::EncodeError> {
                serde_json::to_vec(self).map(Into::into).map_err($crate::EncodeError::Serialize)
            }
        }
    };
}

pub(crate) use json_answers;
