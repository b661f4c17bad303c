//! Applies a [`Fault`](crate::faults::Fault) to a response.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;

use crate::error::Refusal;
use crate::faults::{Effect, Fault};
use crate::link::Link;

/// The time for what was written to leave before the connection ends.
const FLUSH_TIME: Duration = Duration::from_millis(10);

/// Marks a response that is not sent: what becomes of the connection instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    Reset,
    Silent,
}

/// Why the body of a response ends early.
#[derive(Debug, thiserror::Error)]
#[error("a fault ends the connection")]
struct Ended;

impl Fault {
    /// The response instead of the answer, for a fault that hides it.
    pub(crate) fn replace(self: &Arc<Self>, link: Option<&Link>, request_id: &str) -> Response {
        match &self.effect {
            Effect::Status { code, body, retry_after, headers } => {
                let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = match body {
                    Some(_) => text_response(status, Bytes::from_owner(OrderedBody(Arc::clone(self)))),
                    None if status.is_client_error() || status.is_server_error() => {
                        Refusal::of_status(status).into_response(request_id)
                    }
                    None => status.into_response(),
                };
                // What it was made of has been checked.
                if let Some(Ok(value)) = retry_after.as_deref().map(HeaderValue::from_str) {
                    response.headers_mut().insert(RETRY_AFTER, value);
                }
                for (name, value) in headers {
                    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
                        response.headers_mut().insert(name, value);
                    }
                }
                response
            }
            Effect::Html { code } => {
                let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::BAD_GATEWAY);
                let page = format!(
                    "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
                     <hr><center>gateway</center>\r\n</body>\r\n</html>\r\n"
                );
                (status, [(CONTENT_TYPE, "text/html")], page).into_response()
            }
            Effect::Unauthorized => Refusal::not_authenticated().into_response(request_id),
            Effect::RateLimited { seconds } => Refusal::rate_limited(*seconds).into_response(request_id),
            Effect::ReadOnly => {
                let refusal = Refusal::of_status(StatusCode::SERVICE_UNAVAILABLE);
                refusal.header(RETRY_AFTER, HeaderValue::from(5)).into_response(request_id)
            }
            Effect::Silence => {
                if let Some(link) = link {
                    link.silence();
                }
                let mut response = StatusCode::OK.into_response();
                response.extensions_mut().insert(Unanswered::Silent);
                response
            }
            // Everything else follows the answer.
            _ => {
                if let Some(link) = link {
                    link.reset();
                }
                // Without a connection of ours, a good answer begins and its body fails: what a lost connection looks like.
                let failure = stream::iter([Err::<Bytes, _>(Ended)]);
                let head = [(CONTENT_TYPE, "application/json")];
                let mut response = (StatusCode::OK, head, Body::from_stream(failure)).into_response();
                response.extensions_mut().insert(Unanswered::Reset);
                response
            }
        }
    }
}

/// The body that a fault orders, which is not copied for each response.
struct OrderedBody(Arc<Fault>);

impl AsRef<[u8]> for OrderedBody {
    fn as_ref(&self) -> &[u8] {
        match &self.0.effect {
            Effect::Status { body: Some(body), .. } => body.as_bytes(),
            _ => &[],
        }
    }
}

impl Effect {
    /// Whether the answer of the operation is not seen, so that it need not be made.
    pub(crate) fn hides_answer(&self) -> bool {
        matches!(
            self,
            Self::Status { .. }
                | Self::Html { .. }
                | Self::Unauthorized
                | Self::RateLimited { .. }
                | Self::ReadOnly
                | Self::Reset
                | Self::Silence
        )
    }

    /// Whether the client gets no response at all.
    pub(crate) fn disconnects(&self) -> bool {
        matches!(self, Self::Reset | Self::Silence)
    }

    /// Spoils the body of an answer.
    pub(crate) fn spoil(&self, response: Response, link: Option<Link>) -> Response {
        let spoiled = match *self {
            Self::ResetAfterHead => Spoiled::Reset,
            Self::Truncate { keep } => {
                // The last byte would make it whole.
                let whole = response.body().size_hint().exact();
                Spoiled::Truncated { left: whole.map_or(keep, |length| keep.min(length.saturating_sub(1))) }
            }
            Self::SlowBody { bytes, pause_ms } => Spoiled::Slow {
                bytes: usize::try_from(bytes).unwrap_or(usize::MAX).max(1),
                pause: Duration::from_millis(pause_ms),
                rest: Bytes::new(),
            },
            Self::CutStream { after } => Spoiled::Stream { left: after, silent: false },
            Self::SilentStream { after } => Spoiled::Stream { left: after, silent: true },
            _ => return response,
        };
        let (mut parts, body) = response.into_parts();
        declare_length(&mut parts.headers, &body);
        let start = (body, spoiled, link);
        let pieces = stream::unfold(Some(start), |state| async {
            let (mut body, mut spoiled, link) = state?;
            match spoiled.next(&mut body, link.as_ref()).await {
                Some(Ok(piece)) => Some((Ok(piece), Some((body, spoiled, link)))),
                Some(Err(error)) => Some((Err(error), None)),
                None => None,
            }
        });
        Response::from_parts(parts, Body::from_stream(pieces))
    }
}

fn text_response(status: StatusCode, text: Bytes) -> Response {
    let is_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
    let content_type = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
    (status, [(CONTENT_TYPE, content_type)], text).into_response()
}

/// Declares the length of the whole body, if it is known, whatever will arrive of it.
fn declare_length(headers: &mut HeaderMap, body: &Body) {
    if let Some(length) = body.size_hint().exact() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

/// How a body is spoiled.
enum Spoiled {
    Reset,
    Truncated { left: u64 },
    Slow { bytes: usize, pause: Duration, rest: Bytes },
    Stream { left: u64, silent: bool },
}

impl Spoiled {
    async fn next(&mut self, body: &mut Body, link: Option<&Link>) -> Option<Result<Bytes, Ended>> {
        match self {
            Self::Reset => {
                tokio::time::sleep(FLUSH_TIME).await;
                if let Some(link) = link {
                    link.reset();
                }
                Some(Err(Ended))
            }
            Self::Truncated { left } => {
                if *left == 0 {
                    tokio::time::sleep(FLUSH_TIME).await;
                    return Some(Err(Ended));
                }
                let Some(mut piece) = next_data(body).await else {
                    tokio::time::sleep(FLUSH_TIME).await;
                    return Some(Err(Ended));
                };
                piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= piece.len() as u64;
                Some(Ok(piece))
            }
            Self::Slow { bytes, pause, rest } => {
                if rest.is_empty() {
                    *rest = next_data(body).await?;
                }
                let piece = rest.split_to((*bytes).min(rest.len()));
                tokio::time::sleep(*pause).await;
                Some(Ok(piece))
            }
            Self::Stream { left, silent } => {
                if *left == 0 && *silent {
                    std::future::pending::<()>().await;
                }
                if *left == 0 {
                    tokio::time::sleep(FLUSH_TIME).await;
                    return Some(Err(Ended));
                }
                let Some(piece) = next_data(body).await else {
                    if *silent {
                        std::future::pending::<()>().await;
                    }
                    tokio::time::sleep(FLUSH_TIME).await;
                    return Some(Err(Ended));
                };
                // A comment, which keeps the connection alive, is no event.
                if !piece.starts_with(b":") {
                    *left -= 1;
                }
                Some(Ok(piece))
            }
        }
    }
}

/// The next data of a body that is not empty.
async fn next_data(body: &mut Body) -> Option<Bytes> {
    loop {
        let data = body.frame().await?.ok()?.into_data().unwrap_or_default();
        if !data.is_empty() {
            return Some(data);
        }
    }
}
