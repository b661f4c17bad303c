//! [`Answer`]: what a success carries, how it is read and how a server writes it.

use std::marker::PhantomData;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::response::Parts;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{DecodeError, EncodeError};
use crate::json::{from_json, says_nothing};
use crate::tolerant::Tolerant;

/// What an operation answers with.
pub trait Answer {
    /// The value for `Accept`, and the content type a server writes.
    const MEDIA_TYPE: &'static str;
    /// Whether the answer has a type of its own, and is not any JSON.
    const TYPED: bool = true;
    /// Whether it is taken piece by piece.
    const STREAMED: bool = false;
    /// [`Whole`] or [`Streamed`].
    type Form;
}

/// Marks an [`Answer`] that is complete when its bytes are: one that is [`Decode`].
#[derive(Debug)]
pub enum Whole {}

/// Marks an [`Answer`] that is taken piece by piece: [`Events`], [`Lines`] or a [`Download`].
#[derive(Debug)]
pub enum Streamed {}

/// An answer that is complete when its bytes are.
pub trait Decode: Answer<Form = Whole> + Sized {
    /// Reads a 2xx answer: status and headers, and the whole body.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] naming the place that does not fit.
    fn decode(head: &Parts, body: Bytes) -> Result<Self, DecodeError>;

    /// Writes the whole answer, as a server does: status, content type and body.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value has no JSON form.
    fn encode(&self) -> Result<Response<Bytes>, EncodeError>;

    /// Reads a body that came with 200 and no headers, for tests and tools.
    ///
    /// # Errors
    ///
    /// Those of [`decode`](Self::decode).
    #[inline]
    fn from_body(body: impl Into<Bytes>) -> Result<Self, DecodeError> {
        Self::decode(&Response::new(()).into_parts().0, body.into())
    }
}

/// For a model declared with `#[model(answer(head))]`: what it takes from status and headers, and gives to them.
pub trait AnswerHead {
    /// Adds what the head says to a model that was read from the body.
    fn read(&mut self, head: &Parts);

    /// Adds what the model says to an answer of status 200 that carries it.
    fn write(&self, answer: &mut Response<Bytes>);
}

/// Marks an operation whose answer is a stream of server-sent events of type `E`.
#[derive(Debug)]
pub struct Events<E>(PhantomData<fn() -> E>);

impl<E> Answer for Events<E> {
    const MEDIA_TYPE: &'static str = "text/event-stream";
    const STREAMED: bool = true;
    type Form = Streamed;
}

/// Marks an operation whose answer is a stream of JSON texts, one a line (`application/x-ndjson`), each a `T`.
#[derive(Debug)]
pub struct Lines<T>(PhantomData<fn() -> T>);

impl<T> Answer for Lines<T> {
    const MEDIA_TYPE: &'static str = "application/x-ndjson";
    const STREAMED: bool = true;
    type Form = Streamed;
}

/// Marks an operation whose answer is passed on as it comes, in constant memory: a file.
#[derive(Debug)]
pub enum Download {}

impl Answer for Download {
    const MEDIA_TYPE: &'static str = "*/*";
    const STREAMED: bool = true;
    type Form = Streamed;
}

/// An answer without a content type.
fn plain(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
}

/// A success of this status that carries a value as JSON.
pub fn json_answer(status: u16, value: &(impl Serialize + ?Sized)) -> Result<Response<Bytes>, EncodeError> {
    let body = serde_json::to_vec(value).map_err(EncodeError::Serialize)?;
    let mut answer = plain(StatusCode::from_u16(status).unwrap_or_default(), body.into());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

/// No body: 204, or any other success whose body says nothing.
impl Answer for () {
    const MEDIA_TYPE: &'static str = "*/*";
    type Form = Whole;
}

impl Decode for () {
    fn decode(_head: &Parts, _body: Bytes) -> Result<Self, DecodeError> {
        Ok(())
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        Ok(plain(StatusCode::NO_CONTENT, Bytes::new()))
    }
}

/// An answer that may be left out (204). In JSON a blank body and `null` leave it out as well.
impl<T: Answer<Form = Whole>> Answer for Option<T> {
    const MEDIA_TYPE: &'static str = T::MEDIA_TYPE;
    const TYPED: bool = T::TYPED;
    type Form = Whole;
}

impl<T: Decode> Decode for Option<T> {
    fn decode(head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        // In a text or a file, blanks are content.
        let is_absent = body.is_empty() || (T::MEDIA_TYPE == "application/json" && says_nothing(&body));
        if is_absent { Ok(None) } else { T::decode(head, body).map(Some) }
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        self.as_ref().map_or_else(|| ().encode(), T::encode)
    }
}

/// A bare list of models, in JSON. `null` and no body are the empty one.
impl<T> Answer for Vec<T> {
    const MEDIA_TYPE: &'static str = "application/json";
    type Form = Whole;
}

impl<T: Tolerant + Serialize> Decode for Vec<T> {
    fn decode(_head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        struct List<T>(Vec<T>);

        impl<'de, T: Tolerant> Deserialize<'de> for List<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Tolerant::read(deserializer).map(List)
            }
        }

        if says_nothing(&body) { Ok(Self::new()) } else { from_json(&body).map(|List(list)| list) }
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        json_answer(200, self)
    }
}

/// A file that is read whole. For large ones there is [`Download`].
impl Answer for Bytes {
    const MEDIA_TYPE: &'static str = "*/*";
    type Form = Whole;
}

impl Decode for Bytes {
    fn decode(_head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        Ok(body)
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        let mut answer = plain(StatusCode::OK, self.clone());
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        Ok(answer)
    }
}

/// A plain text.
impl Answer for String {
    const MEDIA_TYPE: &'static str = "text/plain";
    type Form = Whole;
}

impl Decode for String {
    fn decode(_head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        std::str::from_utf8(&body).map(str::to_owned).map_err(DecodeError::Utf8)
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        let mut answer = plain(StatusCode::OK, Bytes::copy_from_slice(self.as_bytes()));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        Ok(answer)
    }
}

/// Any JSON value, for answers whose shape is not known. No body is `null`.
impl Answer for serde_json::Value {
    const MEDIA_TYPE: &'static str = "application/json";
    const TYPED: bool = false;
    type Form = Whole;
}

impl Decode for serde_json::Value {
    fn decode(_head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        if says_nothing(&body) { Ok(Self::Null) } else { from_json(&body) }
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        json_answer(200, self)
    }
}

/// A JSON answer or field of a type that knows serde and nothing of this crate.
///
/// ```
/// use edgequake_types::{Decode, Json};
///
/// let Json(pair) = Json::<(u8, u8)>::from_body("[1,2]")?;
/// assert_eq!(pair, (1, 2));
/// # Ok::<(), edgequake_types::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Answer for Json<T> {
    const MEDIA_TYPE: &'static str = "application/json";
    type Form = Whole;
}

impl<T: Serialize + DeserializeOwned> Decode for Json<T> {
    fn decode(_head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        from_json(&body)
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        json_answer(200, self)
    }
}

impl<T: DeserializeOwned> Tolerant for Json<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}
