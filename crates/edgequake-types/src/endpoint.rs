//! [`Endpoint`]: the one declaration of an operation, used by whoever sends it and by whoever serves it.
//!
//! A request type knows its method, path, answer, and how safe it is to repeat. Clients turn it into a request with
//! [`Endpoint::to_request`]; servers route by [`Endpoint::METHOD`] and [`Endpoint::PATH`] and read it back with
//! [`Endpoint::from_request`]. The attribute [`operation`](crate::operation) writes all of it.

mod answer;
mod body;
mod event;
mod multipart;
mod operation;
mod request;
#[cfg(feature = "__samples")]
pub(crate) mod sample;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{DecodeError, EncodeError};
use crate::id::{TenantId, WorkspaceId};

pub use answer::{Answer, AnswerHead, Decode, Download, Events, Json, Lines, Streamed, Whole};
pub use body::Body;
pub use event::{Event, EventText, StreamFailure};
pub use multipart::Multipart;
pub use operation::Operation;
pub(crate) use operation::operations;

pub use answer::json_answer;
pub use request::{from_form, from_request, tenant};

/// Whether an operation needs a credential when the server has authentication on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auth {
    /// Works without a credential and takes none (login, refresh). A client sends none.
    Public,
    /// Works without a credential (probes, setup status). A client sends one if it has one at hand, and waits for none.
    Optional,
    /// Answers 401 without a credential.
    Required,
}

/// When an operation may be repeated after it failed on the way (RFC 9110, 9.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Safe or idempotent: retried after any transient failure.
    Safe,
    /// Retried only if it was certainly not executed: never sent, or refused with 429, or with 503 and the server's own word that
    /// it may be.
    Refused,
    /// Never retried: single-use tokens, and operations that destroy before they build.
    Never,
}

/// Where the fields that are not path parameters travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Payload {
    /// Nowhere: there are none.
    None,
    /// In the query string.
    Query,
    /// In a JSON object, sent even when it is empty, because the server demands one.
    Json,
    /// In a form, `application/x-www-form-urlencoded`.
    Form,
    /// In a `multipart/form-data` body.
    Multipart,
    /// One field is the body as it is; the others travel in the query string.
    Raw,
}

/// The scope an operation must be sent in, whatever the client's own scope is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// The value for `X-Tenant-ID`.
    pub tenant: Option<TenantId>,
    /// The value for `X-Workspace-ID`.
    pub workspace: Option<WorkspaceId>,
}

/// An operation of the API, declared once for both sides.
///
/// ```
/// use edgequake_types::Endpoint;
/// use edgequake_types::documents::GetDocument;
///
/// let request = GetDocument::new("report 1").to_request()?;
/// assert_eq!(request.method(), GetDocument::METHOD);
/// assert_eq!(request.uri(), "/api/v1/documents/report%201");
///
/// let (parts, _) = request.into_parts();
/// let served = GetDocument::from_request(&parts, b"")?;
/// assert_eq!(served.document_id, "report 1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Endpoint: Serialize + DeserializeOwned + Send + Sync {
    /// Its name: that of the request type.
    const NAME: &'static str;
    /// The method.
    const METHOD: Method;
    /// The route, with `{name}` for a parameter and `{*name}` for the rest of the path, as axum writes it.
    const PATH: &'static str;
    /// Whether a credential is needed.
    const AUTH: Auth;
    /// When it may be repeated.
    const RETRY: Retry;
    /// Where the fields travel.
    const PAYLOAD: Payload;
    /// The status of a success, where it is neither 200 (204 without a body) nor told by the answer itself: 201 for what makes
    /// something.
    const STATUS: Option<u16> = None;
    /// The first server that has it, such as `0.30`; `None` where that is not known, or all of them do.
    const SINCE: Option<&'static str> = None;
    /// What a success carries: a model, `()` for none, a list, `Bytes`, text, [`Events`] or [`Lines`] for a stream,
    /// [`Download`] for a body that is passed on as it comes.
    type Response: Answer;

    /// The path with its parameters filled in, each one percent-encoded segment.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Segment`] when a parameter is blank, `.` or `..`.
    fn path(&self) -> Result<Cow<'static, str>, EncodeError>;

    /// The query string without its question mark; `None` when there is nothing to say.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Nested`] when a field is a list or an object, [`EncodeError::Serialize`] when a value cannot be
    /// written.
    // These methods are compiled where they are called: whoever uses three operations does not pay for all of them.
    #[inline]
    fn query(&self) -> Result<Option<String>, EncodeError> {
        match Self::PAYLOAD {
            Payload::Query | Payload::Raw => request::query(self),
            _ => Ok(None),
        }
    }

    /// The body.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value cannot be written, [`EncodeError::Nested`] when a field of an URL-encoded
    /// form is a list or an object.
    #[inline]
    fn body(&self) -> Result<Body, EncodeError> {
        match Self::PAYLOAD {
            Payload::Json => Body::json(self),
            Payload::Form => Ok(Body::UrlEncoded(request::query(self)?.unwrap_or_default().into())),
            _ => Ok(Body::Empty),
        }
    }

    /// Adds the headers that this operation needs beyond the usual ones.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Header`] when a field that travels in a header has control characters.
    #[inline]
    fn headers(&self, _headers: &mut HeaderMap) -> Result<(), EncodeError> {
        Ok(())
    }

    /// The scope that this operation must be sent in, where it names one itself: on paths below
    /// `/workspaces/{workspace_id}` the server demands that `X-Workspace-ID` says the same.
    fn scope(&self) -> Scope {
        Scope::default()
    }

    /// The whole answer, as a server writes it: status, content type and body.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value has no JSON form.
    #[inline]
    fn respond(answer: &Self::Response) -> Result<http::Response<Bytes>, EncodeError>
    where
        Self::Response: Decode,
    {
        let mut answer = answer.encode()?;
        let plain = matches!(answer.status(), StatusCode::OK | StatusCode::NO_CONTENT);
        if let Some(status) = Self::STATUS.filter(|_| plain) {
            *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        }
        Ok(answer)
    }

    /// The whole request, its URI in origin form (path and query, no host). It carries the headers of its own
    /// [`scope`](Self::scope).
    ///
    /// # Errors
    ///
    /// Those of [`path`](Self::path), [`query`](Self::query), [`body`](Self::body) and [`headers`](Self::headers);
    /// [`EncodeError::Uri`] when path and query are too long for a URI.
    #[inline]
    fn to_request(&self) -> Result<http::Request<Body>, EncodeError> {
        request::to_request(self)
    }

    /// Reads the request back, as a server does. Fields are taken from the path, the query and the body together.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when method or path are another operation's, or a field is missing or of the wrong type.
    #[inline]
    fn from_request(parts: &http::request::Parts, body: &[u8]) -> Result<Self, DecodeError> {
        request::from_request(parts, body)
    }
}
