//! The bodies of requests: what they may be, how they are read, and how they are drained where nobody wants them.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use edgequake_types::multipart::{Content, Form, Part};
use edgequake_types::{DecodeError, Payload};
use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderValue};
use http::request::Parts;
use http_body_util::BodyExt;

use crate::error::{Refusal, undecodable};
use crate::form::{FormReader, ReadError};
use crate::link::Link;

/// The maximum size of a body that is read as a whole, and of a form that is read as it arrives, in bytes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
pub(crate) const FORM_LIMIT: usize = 50 * 1024 * 1024;

/// How much of the body of a refused request is read, in bytes, and for how long. Whoever sends more is answered at once, on a
/// connection that ends then.
const DRAIN_SIZE: usize = 1024 * 1024;
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// Drains the body of a request that is refused without it.
pub(crate) async fn refuse(parts: &Parts, body: &mut Body, refusal: Refusal) -> Refusal {
    close_unless(drain(parts, body).await, refusal)
}

/// Drains the rest of the body of a request that is refused for what has arrived of it.
async fn refuse_midway(parts: &Parts, body: &mut Body, refusal: Refusal) -> Refusal {
    close_unless(drain_rest(parts, body).await, refusal)
}

fn close_unless(drained: bool, refusal: Refusal) -> Refusal {
    if drained { refusal } else { refusal.header(CONNECTION, HeaderValue::from_static("close")) }
}

/// Reads and discards a body of which nothing was read, so that the client sees the response: closing a connection with unread data resets it.
/// Returns false for a body that is too large or too slow; the connection ends after the response then.
pub(crate) async fn drain<B>(parts: &Parts, body: &mut B) -> bool
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    // The client waits for the response, and sends nothing.
    if parts.headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return true;
    }
    drain_rest(parts, body).await
}

/// [`drain`] for a body that is on its way, whatever the client waited for before.
async fn drain_rest<B>(parts: &Parts, body: &mut B) -> bool
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let rest = async {
        let mut length = 0;
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, Bytes::len);
            if length > DRAIN_SIZE {
                return false;
            }
        }
        true
    };
    let is_small = declared_length(parts).is_none_or(|length| length <= DRAIN_SIZE);
    let drained = is_small && tokio::time::timeout(DRAIN_LIMIT, rest).await.unwrap_or(false);
    if let (false, Some(link)) = (drained, parts.extensions.get::<Link>()) {
        link.linger();
    }
    drained
}

/// The media type of a body; `None` for an operation without one.
pub(crate) fn media_type(payload: Payload) -> Option<&'static str> {
    match payload {
        Payload::Json => Some("application/json"),
        Payload::Multipart => Some("multipart/form-data"),
        Payload::Form => Some("application/x-www-form-urlencoded"),
        // No served operation has another kind of body.
        _ => None,
    }
}

pub(crate) fn content_type(parts: &Parts) -> &str {
    parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// # Errors
///
/// 415 for a body of another type; the multipart extractor of the real server answers with 400. A file that may come without a form
/// is of the type `raw`.
pub(crate) fn check_media_type(
    payload: Payload,
    raw: Option<&'static str>,
    parts: &Parts,
) -> Result<(), Refusal> {
    match media_type(payload) {
        Some(_) if raw.is_some_and(|raw| is_of(parts, raw)) => Ok(()),
        Some(expected) if !is_media_type(content_type(parts), expected) => {
            let status = match payload {
                Payload::Multipart if raw.is_none() => StatusCode::BAD_REQUEST,
                _ => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            };
            Err(Refusal::text(status, format!("Expected request with `Content-Type: {expected}`")))
        }
        _ => Ok(()),
    }
}

/// Whether the body of a request is of a media type.
pub(crate) fn is_of(parts: &Parts, media_type: &str) -> bool {
    is_media_type(content_type(parts), media_type)
}

/// Reads the body, if the operation has one.
pub(crate) async fn read_body(payload: Payload, parts: &Parts, body: &mut Body) -> Result<Bytes, Refusal> {
    match media_type(payload) {
        Some(_) => read_whole(parts, body, BODY_LIMIT).await,
        None => Ok(Bytes::new()),
    }
}

/// The header with the name of a file that comes without a form.
const FILE_NAME: &str = "x-filename";

/// Reads a file that comes without a form, as the form of this file, and tells its length.
pub(crate) async fn read_file(parts: &Parts, body: &mut Body) -> Result<(Form, usize), Refusal> {
    let bytes = read_whole(parts, body, FORM_LIMIT).await?;
    let length = bytes.len();
    let name = parts.headers.get(FILE_NAME).and_then(|value| value.to_str().ok()).unwrap_or("document.pdf");
    Ok((Form::new(vec![Part::file("file", name, Content::Bytes(bytes))]), length))
}

/// Reads a body of at most `limit` bytes.
async fn read_whole(parts: &Parts, body: &mut Body, limit: usize) -> Result<Bytes, Refusal> {
    let declared = declared_length(parts).unwrap_or(0);
    if declared > limit {
        return Err(refuse(parts, body, too_large(limit)).await);
    }
    // Collected in place: the pieces of a large body are not kept beside the whole of it.
    let mut read = BytesMut::with_capacity(declared);
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| cut())?.into_data() else { continue };
        if read.len() + piece.len() > limit {
            return Err(refuse_midway(parts, body, too_large(limit)).await);
        }
        read.extend_from_slice(&piece);
    }
    Ok(read.freeze())
}

/// Reads the parts of a form that have these names, and tells the length of all of it.
pub(crate) async fn read_form(
    names: &'static [&'static str],
    parts: &Parts,
    body: &mut Body,
) -> Result<(Form, usize), Refusal> {
    if declared_length(parts).is_some_and(|length| length > FORM_LIMIT) {
        return Err(refuse(parts, body, too_large(FORM_LIMIT)).await);
    }
    let mut length = 0;
    let read = async {
        let mut reader = FormReader::new(content_type(parts), names).map_err(malformed)?;
        while let Some(frame) = body.frame().await {
            let Ok(piece) = frame.map_err(|_| cut())?.into_data() else { continue };
            length += piece.len();
            if length > FORM_LIMIT {
                return Err(too_large(FORM_LIMIT));
            }
            reader.push(&piece).map_err(malformed)?;
        }
        reader.finish().map_err(malformed)
    };
    match read.await {
        Ok(form) => Ok((form, length)),
        Err(refusal) if length == 0 => Err(refuse(parts, body, refusal).await),
        Err(refusal) => Err(refuse_midway(parts, body, refusal).await),
    }
}

fn malformed(error: ReadError) -> Refusal {
    match error {
        ReadError::Form(error) => undecodable(&DecodeError::Form(error), false),
        ReadError::Field { .. } => Refusal::text(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        error => {
            let message = format!("Failed to deserialize the request: the form cannot be read: {error}");
            Refusal::text(StatusCode::BAD_REQUEST, message)
        }
    }
}

fn cut() -> Refusal {
    Refusal::text(StatusCode::BAD_REQUEST, "Failed to buffer the request body")
}

fn declared_length(parts: &Parts) -> Option<usize> {
    parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// Whether a content type is `expected`; every type that ends in `+json` is JSON (RFC 6839).
fn is_media_type(content_type: &str, expected: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let suffix = essence.strip_prefix("application/").is_some_and(|subtype| subtype.ends_with("+json"));
    essence == expected || (expected == "application/json" && suffix)
}

fn too_large(limit: usize) -> Refusal {
    Refusal::text(StatusCode::PAYLOAD_TOO_LARGE, format!("The request body is larger than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for (content_type, expected, fits) in [
            ("application/json", "application/json", true),
            ("Application/JSON; charset=utf-8", "application/json", true),
            ("application/vnd.x+json", "application/json", true),
            ("application/problem+json;v=1", "application/json", true),
            ("text/vnd.x+json", "application/json", false),
            ("text/json", "application/json", false),
            ("", "application/json", false),
            ("multipart/form-data; boundary=b", "multipart/form-data", true),
            ("application/json", "multipart/form-data", false),
            ("application/vnd.x+json", "multipart/form-data", false),
        ] {
            assert_eq!(is_media_type(content_type, expected), fits, "{content_type} {expected}");
        }
    }
}
