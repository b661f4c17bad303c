//! [`Receive`]: how the answer of an operation is taken: read whole and decoded, or piece by piece.

use std::future::Future;

use bytes::Bytes;
use edgequake_types::{Decode, ErrorBody, Whole};
use http::Response;
use http::header::CONTENT_TYPE;
use http::response::Parts;

use crate::body::{Collected, ResponseBody, collect};
use crate::error::{Error, ErrorKind};
use crate::layers::error_body::ERROR_BODY_LIMIT;

/// What an answer becomes for whoever awaits the call. `Form` is that of the [`Answer`](edgequake_types::Answer); the implementations
/// here cover all of them.
pub trait Receive<Form>: Sized {
    /// What awaiting a call gives.
    type Output: Send;

    /// Whether the answer is taken piece by piece. Such a one has no limit of time as a whole, and is not compressed, which would let it
    /// come in bursts.
    const STREAMED: bool = true;

    /// Takes an answer of any status. `head` gets what stands above its body, where anybody asks for it.
    #[doc(hidden)]
    fn receive(
        answer: Response<ResponseBody>,
        limits: Limits,
        head: Option<&mut Parts>,
    ) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// What a call's answer is held to.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub(crate) operation: &'static str,
    /// The longest answer that is read whole, in bytes.
    pub(crate) answer: usize,
}

impl<T: Decode + Send> Receive<Whole> for T {
    type Output = T;

    const STREAMED: bool = false;

    async fn receive(
        answer: Response<ResponseBody>,
        limits: Limits,
        head: Option<&mut Parts>,
    ) -> Result<T, Error> {
        whole(answer, limits, head).await
    }
}

/// Reads an answer whole.
pub(super) async fn whole<T: Decode>(
    answer: Response<ResponseBody>,
    limits: Limits,
    head: Option<&mut Parts>,
) -> Result<T, Error> {
    let (parts, bytes) = success(answer, limits.answer).await?;
    let model = T::decode(&parts, bytes).map_err(|error| Error::decode(error).of_success(&parts))?;
    keep(parts, head);
    Ok(model)
}

/// Gives the head to whoever asks for it.
pub(super) fn keep(parts: Parts, head: Option<&mut Parts>) {
    if let Some(head) = head {
        *head = parts;
    }
}

/// Reads the body of a success, or makes an error of anything else.
async fn success(answer: Response<ResponseBody>, limit: usize) -> Result<(Parts, Bytes), Error> {
    let (parts, mut body) = check(answer).await?.into_parts();
    match collect(&mut body, limit).await {
        Ok(Collected::Whole(bytes)) => Ok((parts, bytes)),
        Ok(Collected::Cut(_)) => Err(Error::new(ErrorKind::Body)
            .note(format!("the answer is longer than {limit} bytes"))
            .of_success(&parts)),
        Err(failure) => Err(Error::of_body(failure).of_success(&parts)),
    }
}

/// The error of a success that carries something else than a stream, such as a web page.
pub(super) async fn not_a_stream(parts: &Parts, mut body: ResponseBody, expected: &str) -> Error {
    let bytes = match collect(&mut body, ERROR_BODY_LIMIT).await {
        Ok(Collected::Whole(bytes) | Collected::Cut(bytes)) => bytes,
        Err(_) => Bytes::new(),
    };
    Error::not_a_stream(parts, ErrorBody::read(parts.status, &bytes), expected)
}

/// The media type of an answer, in lower case and without parameters; empty where it says none.
pub(super) fn media_type(parts: &Parts) -> String {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Gives a success on, its body unread; reads the body of anything else into an error.
pub(crate) async fn check(answer: Response<ResponseBody>) -> Result<Response<ResponseBody>, Error> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let (parts, mut body) = answer.into_parts();
    let bytes = match collect(&mut body, ERROR_BODY_LIMIT).await {
        Ok(Collected::Whole(bytes) | Collected::Cut(bytes)) => Some(bytes),
        // The status speaks for itself.
        Err(_) => None,
    };
    Err(Error::of_answer(&parts, bytes.as_deref()))
}
