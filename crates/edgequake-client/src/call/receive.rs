//! [`Receive`]: how the answer of an operation is taken: read whole and decoded, or piece by piece.

use std::future::Future;

use bytes::Bytes;
use edgequake_types::{Decode, Origin, Whole};
use http::Response;
use http::header::CONTENT_TYPE;
use http::response::Parts;

use crate::body::{Collected, ResponseBody, collect};
use crate::error::{Error, ErrorKind};
use crate::layers::error_body::read_error_body;

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
        limits: Limits<'_>,
        head: Option<&mut Parts>,
    ) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// What a call's answer is held to.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    pub(crate) operation: &'static str,
    /// Whose answer it is, or should be.
    pub(crate) server: &'a Origin,
    /// The longest answer that is read whole, in bytes.
    pub(crate) answer: usize,
    /// The longest stream of events or lines, in bytes.
    pub(crate) stream: Option<u64>,
    /// The longest event or line, in bytes.
    pub(crate) event: usize,
}

/// How much of a stream may still come.
#[derive(Debug)]
pub(super) struct Allowance {
    limit: Option<u64>,
    left: u64,
    exceeded: bool,
}

impl Allowance {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { limit, left: limit.unwrap_or(0), exceeded: false }
    }

    /// As much of a piece as is allowed; all before the limit is good, however the stream was cut into pieces.
    pub(super) fn take(&mut self, mut piece: Bytes) -> Bytes {
        if self.limit.is_some() {
            let length = usize::try_from(self.left).unwrap_or(usize::MAX);
            self.exceeded = piece.len() > length;
            piece.truncate(length);
            self.left -= piece.len() as u64;
        }
        piece
    }

    /// The error of a stream that is longer.
    pub(super) fn exceeded(&self) -> Option<Error> {
        let limit = self.limit.filter(|_| self.exceeded)?;
        let note = format!("the stream is longer than {limit} bytes: its limit can be set per call");
        Some(Error::new(ErrorKind::Stream).note(note))
    }
}

impl<T: Decode + Send> Receive<Whole> for T {
    type Output = T;

    const STREAMED: bool = false;

    fn receive(
        answer: Response<ResponseBody>,
        limits: Limits<'_>,
        head: Option<&mut Parts>,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        whole(answer, limits, head)
    }
}

/// Reads an answer whole: the body of a success, or the error of anything else.
pub(super) async fn whole<T: Decode>(
    answer: Response<ResponseBody>,
    limits: Limits<'_>,
    head: Option<&mut Parts>,
) -> Result<T, Error> {
    if !answer.status().is_success() {
        // Rare and large: boxed, or every call would carry its room.
        return Err(Box::pin(refusal(answer)).await);
    }
    let (parts, mut body) = answer.into_parts();
    let bytes = match collect(&mut body, limits.answer).await {
        Ok(Collected::Whole(bytes)) => bytes,
        Ok(Collected::Cut(_)) => {
            let note = format!("the answer is longer than {} bytes", limits.answer);
            return Err(Error::new(ErrorKind::Body).lasting().note(note).of_success(&parts));
        }
        Err(failure) => return Err(Error::of_body(failure).of_success(&parts)),
    };
    let model = T::decode(&parts, bytes.clone()).map_err(|error| {
        Error::decode(error).of_success(&parts).unless_json(&parts, &bytes, limits.server)
    })?;
    keep(parts, head);
    Ok(model)
}

/// Gives the head to whoever asks for it.
pub(super) fn keep(parts: Parts, head: Option<&mut Parts>) {
    if let Some(head) = head {
        *head = parts;
    }
}

/// The error of a success that carries something else than a stream, such as a web page.
pub(super) async fn not_a_stream(
    parts: &Parts,
    mut body: ResponseBody,
    limits: Limits<'_>,
    expected: &str,
) -> Error {
    let bytes = read_error_body(&mut body).await.unwrap_or_default();
    Error::not_a_stream(parts, &bytes, limits.server, expected)
}

/// The media type of an answer, in lower case and without parameters; empty where it says none.
pub(super) fn media_type(parts: &Parts) -> String {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Gives a success on, its body unread; reads the body of anything else into an error.
pub(crate) async fn check(answer: Response<ResponseBody>) -> Result<Response<ResponseBody>, Error> {
    if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer).await) }
}

/// The error of an answer that is no success.
async fn refusal(answer: Response<ResponseBody>) -> Error {
    let (parts, mut body) = answer.into_parts();
    let bytes = read_error_body(&mut body).await;
    Error::of_answer(&parts, bytes.as_deref())
}
