//! Making an [`Error`] of an answer that is not a success, and of a failure without an answer.

use std::time::{Duration, SystemTime};

use edgequake_auth::{CredentialsError, wait_in_body};
use edgequake_types::{ErrorBody, Origin, first_words};
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::response::Parts;
use http::uri::Authority;

use super::{Error, ErrorKind};
use crate::body::FileUploadError;
use crate::boxed::BoxError;
use crate::fault::{Fault, NoRuntime, find};
use crate::layers::auth::Rejected;
use crate::layers::guard::OriginViolation;
use crate::layers::retry::{Attempts, Retried, retry_after};
use crate::layers::timeout::{TimedOut, TimeoutScope};
use crate::layers::unauthorized::{RenewalPaused, Replayed};

/// How long an account is locked after too many wrong logins, where the server does not say.
const USUAL_LOCK: Duration = Duration::from_secs(15 * 60);

impl Error {
    /// The error of an answer whose status is not a success; `body` is `None` where it could not be read.
    pub(crate) fn of_answer(parts: &Parts, body: Option<&[u8]>) -> Self {
        let mut said = ErrorBody::read(parts.status, body.unwrap_or_default());
        said.request_id = request_id(parts).or(said.request_id);
        let mut error = Self::new(kind_of(parts, &said));
        error.0.status = Some(parts.status);
        error.0.note = note_of(parts, error.0.kind, &said);
        error.0.retry_after = retry_after(&parts.headers, SystemTime::now())
            .or_else(|| wait_in_body(&said))
            .or_else(|| parts.extensions.get().map(|RenewalPaused(wait)| *wait))
            .or_else(|| (parts.status == StatusCode::LOCKED).then_some(USUAL_LOCK));
        error.0.attempts = attempts(parts);
        // A router that knows no such path or method answers without a body; an operation says what it did not find.
        error.0.unrouted = matches!(parts.status.as_u16(), 404 | 405) && body.is_some_and(<[u8]>::is_empty);
        error.0.body = Some(said);
        error
    }

    /// Adds what is known of an answer that was a success by its status.
    pub(crate) fn of_success(mut self, parts: &Parts) -> Self {
        self.0.attempts = attempts(parts);
        self.0.body = request_id(parts).map(|id| ErrorBody::new("", "").request_id(id));
        self
    }

    /// Says what came, and from whom, in place of JSON.
    pub(crate) fn unless_json(self, parts: &Parts, body: &[u8], server: &Origin) -> Self {
        if let Some(coding) = text_of(parts, CONTENT_ENCODING) {
            return self.note(format!(
                "the answer is encoded with {}, which this client does not decode",
                excerpt(coding)
            ));
        }
        let content_type = text_of(parts, CONTENT_TYPE);
        let words = first_words(body);
        // What is JSON by its type and its beginning has another form; the cause says where.
        let named_json = content_type.is_none_or(|text| text.contains("json"));
        if named_json && words.is_none() {
            return self;
        }
        self.note(format!("{}, not JSON: is the base URL right?", came(parts, server, words)))
    }

    /// The error of an answer of `server` that should have been a stream of type `expected`.
    pub(crate) fn not_a_stream(parts: &Parts, body: &[u8], server: &Origin, expected: &str) -> Self {
        let mut error = Self::new(ErrorKind::Stream).of_success(parts);
        error.0.status = Some(parts.status);
        // Of JSON its words, as of any failure; of anything else the first words.
        let words = first_words(body);
        let mut said = ErrorBody::read(parts.status, if words.is_some() { &[] } else { body });
        if said.code.starts_with("HTTP_") {
            said.code.clear();
        }
        said.request_id = request_id(parts).or(said.request_id);
        error.0.body = Some(said);
        error.note(format!("{}, not {expected}", came(parts, server, words)))
    }

    /// The error of a call that got no answer.
    pub(crate) fn of_failure(failure: BoxError) -> Self {
        let note = super::connect::note(&failure);
        let (kind, attempts) = {
            let attempts = find::<Retried>(&*failure).map_or(1, |retried| retried.attempts);
            let kind = if let Some(error) = find::<CredentialsError>(&*failure) {
                kind_of_credentials(error)
            } else if let Some(violation) = find::<OriginViolation>(&*failure) {
                match violation {
                    OriginViolation::Insecure { .. } => ErrorKind::Insecure,
                    OriginViolation::Foreign { .. } => ErrorKind::ForeignOrigin,
                }
            } else if let Some(timed_out) = find::<TimedOut>(&*failure) {
                ErrorKind::Timeout(timed_out.scope)
            } else if let Some(error) = find::<NoRuntime>(&*failure) {
                // An attempt of it may have been executed.
                if error.is_gone() || attempts > 1 { ErrorKind::Interrupted } else { ErrorKind::Config }
            } else if find::<FileUploadError>(&*failure).is_some() {
                ErrorKind::Request
            } else {
                match Fault::of(&*failure) {
                    Some(Fault::Connect | Fault::Certificate | Fault::Tls | Fault::Proxy) => {
                        ErrorKind::Connect
                    }
                    Some(Fault::NotSent) => ErrorKind::NotSent,
                    Some(Fault::Interrupted) => ErrorKind::Interrupted,
                    None => ErrorKind::Other,
                }
            };
            (kind, attempts)
        };
        // What was to be done on the way is of no interest then.
        let failure = match find::<NoRuntime>(&*failure) {
            Some(error) if kind == ErrorKind::Config => BoxError::from(*error),
            _ => failure,
        };
        let mut error = Self::new(kind).because(failure);
        // The status of a login's answer is that of the login, not of the call.
        error.0.status = None;
        error.0.note = note;
        error.0.attempts = attempts;
        error
    }

    /// The error of a body that could not be read to its end.
    pub(crate) fn of_body(failure: BoxError) -> Self {
        let kind = match find::<TimedOut>(&*failure) {
            Some(timed_out) => ErrorKind::Timeout(timed_out.scope),
            None => ErrorKind::Body,
        };
        Self::new(kind).because(failure)
    }
}

/// Who answered with what.
fn came(parts: &Parts, server: &Origin, words: Option<String>) -> String {
    let content_type = text_of(parts, CONTENT_TYPE).map_or("no content type", excerpt);
    let words = words.map(|words| format!(" (\"{words}\")")).unwrap_or_default();
    format!("{server} answered {} with {content_type}{words}", parts.status)
}

/// A header that is a text.
fn text_of(parts: &Parts, name: HeaderName) -> Option<&str> {
    parts.headers.get(name)?.to_str().ok()
}

fn attempts(parts: &Parts) -> u32 {
    parts.extensions.get().map_or(1, |Attempts(attempts)| *attempts)
}

/// The id from the header, cut to a length that no honest id has.
fn request_id(parts: &Parts) -> Option<String> {
    let id = parts.headers.get("x-request-id")?.to_str().ok()?;
    (!id.is_empty() && id != "unknown").then(|| id.chars().take(128).collect())
}

fn kind_of(parts: &Parts, said: &ErrorBody) -> ErrorKind {
    match parts.status.as_u16() {
        300..=399 => ErrorKind::Redirect,
        // Some servers report the size limit as a bad request.
        400 if said.message.to_ascii_lowercase().contains("too large")
            || said.message.to_ascii_lowercase().contains("maximum size") =>
        {
            ErrorKind::TooLarge
        }
        400 | 422 => ErrorKind::Invalid,
        401 => ErrorKind::Unauthorized {
            configured: parts
                .extensions
                .get::<Rejected>()
                .is_some_and(|rejected| rejected.generation.is_some()),
            replayed: parts.extensions.get::<Replayed>().is_some(),
        },
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        410 => ErrorKind::Gone,
        413 => ErrorKind::TooLarge,
        415 => ErrorKind::UnsupportedMediaType,
        423 => ErrorKind::Locked,
        429 => ErrorKind::RateLimited,
        501 => ErrorKind::NotImplemented,
        503 => ErrorKind::Unavailable,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Status,
    }
}

/// A login or refresh that failed for reasons of the network or the server is told as a call that does.
fn kind_of_credentials(error: &CredentialsError) -> ErrorKind {
    use edgequake_auth::CredentialsErrorKind as Kind;
    match (error.kind(), error.status().map(|status| status.as_u16())) {
        (Kind::Unavailable, Some(429)) => ErrorKind::RateLimited,
        (Kind::Unavailable, Some(503)) => ErrorKind::Unavailable,
        (Kind::Unavailable, Some(500..=599)) => ErrorKind::Server,
        (Kind::Unavailable, Some(_)) => ErrorKind::Status,
        (Kind::Unavailable, None) => match Fault::of(error) {
            Some(Fault::Connect | Fault::Certificate | Fault::Tls | Fault::Proxy) => ErrorKind::Connect,
            _ => ErrorKind::NotSent,
        },
        (Kind::TimedOut, _) => ErrorKind::Timeout(TimeoutScope::Attempt),
        (Kind::Interrupted, _) => ErrorKind::Interrupted,
        (Kind::Insecure, _) => ErrorKind::Insecure,
        (Kind::ForeignOrigin, _) => ErrorKind::ForeignOrigin,
        _ => ErrorKind::Credentials,
    }
}

/// What the caller should know beyond the server's words.
fn note_of(parts: &Parts, kind: ErrorKind, said: &ErrorBody) -> Option<String> {
    match kind {
        ErrorKind::Forbidden if names_scope_claim(said) => Some(
            "on this server a login is bound to one workspace: work in others with an API key".to_owned(),
        ),
        // An answer that went through no credentials layer does not tell.
        ErrorKind::Unauthorized { configured: false, .. } => {
            parts.extensions.get::<Rejected>()?;
            Some("no credential was configured: set an API key (EDGEQUAKE_API_KEY) or log in".to_owned())
        }
        ErrorKind::Unauthorized { configured: true, replayed: true } => {
            Some("the credential was refused, and so was the one that replaced it".to_owned())
        }
        ErrorKind::Unauthorized { .. } if parts.extensions.get::<RenewalPaused>().is_some() => Some(
            "the server has refused one fresh token after another, so no other is asked for now".to_owned(),
        ),
        ErrorKind::Unauthorized { configured: true, replayed: false } => {
            Some("the credential was refused, and there is no other to try now".to_owned())
        }
        // Of most refusals the message is the phrase of the status, and this says more.
        ErrorKind::Forbidden if reason_word(said).is_some() => {
            Some(format!("reason: {}", reason_word(said).unwrap_or_default()))
        }
        ErrorKind::Redirect => {
            let location = parts.headers.get(http::header::LOCATION)?.to_str().ok()?;
            Some(format!(
                "it points to {}, which is not followed: correct the base URL",
                without_query(location)
            ))
        }
        ErrorKind::Status if parts.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            Some("a proxy requires a user and a password: put them in its URL".to_owned())
        }
        _ => {
            let content_type = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
            let html = content_type.to_ascii_lowercase().starts_with("text/html");
            let status = parts.status;
            (html && status != StatusCode::NOT_FOUND)
                .then(|| "the answer is a web page, perhaps from a proxy: check the base URL".to_owned())
        }
    }
}

/// Whether a 403 comes from the check of a token's claims: it names the one that differs, and gives no other reason.
pub(super) fn names_scope_claim(said: &ErrorBody) -> bool {
    let named = ["tenant_id", "workspace_id"].iter().any(|claim| said.message.contains(claim));
    named && said.reason_text().is_none()
}

/// The server's word for why it refused, if it is one word of bounded length.
fn reason_word(said: &ErrorBody) -> Option<&str> {
    let is_word = |reason: &&str| {
        (1..=64).contains(&reason.len()) && reason.bytes().all(|byte| byte.is_ascii_graphic())
    };
    said.reason_text().filter(is_word)
}

/// The longest header of an answer that is shown, in bytes.
const HEADER_LIMIT: usize = 256;

/// The beginning of a header's text, which is ASCII.
fn excerpt(text: &str) -> &str {
    text.get(..HEADER_LIMIT).unwrap_or(text)
}

/// A location without what may be secret: user-info, query and fragment. It may be relative (RFC 9110, 10.2.2).
fn without_query(location: &str) -> String {
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let (scheme, rest) = match location[..end].split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => (Some(scheme), rest),
        _ => (None, &location[..end]),
    };
    let (first, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let shown = match (scheme, first.parse::<Authority>()) {
        (Some(scheme), Ok(authority)) => {
            let host = authority.as_str().rsplit('@').next().unwrap_or_default();
            format!("{scheme}//{host}{path}")
        }
        (None, _) if !first.contains([':', '@', '\\']) => rest.to_owned(),
        _ => return "a place that is no URI".to_owned(),
    };
    match shown.get(..HEADER_LIMIT) {
        Some(begin) => format!("{begin}..."),
        None if shown.is_empty() => "the same path".to_owned(),
        None => shown,
    }
}
