//! [`Endpoint`]: the one declaration of an operation, used by whoever sends it and by whoever serves it.
//!
//! A request type knows its method, path, answer, and how safe it is to repeat. Clients turn it into a request with
//! [`Endpoint::to_request`]; servers route by [`Endpoint::METHOD`] and [`Endpoint::PATH`] and read it back with
//! [`Endpoint::from_request`].

use std::borrow::Cow;

use http::{HeaderMap, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::body::Body;
use crate::request::{self, DecodeError, EncodeError};
use crate::{TenantId, WorkspaceId};

/// Whether an operation needs a credential when the server has authentication on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
pub enum Retry {
    /// Safe or idempotent: may be repeated after any transient failure.
    Safe,
    /// May be repeated only when it surely was not executed: never sent, or refused with 429 or 503.
    Refused,
    /// Never repeated: single-use tokens, and operations that destroy before they build.
    Never,
}

/// Where the fields that are not path parameters travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nowhere: there are none.
    None,
    /// In the query string.
    Query,
    /// In a JSON object, sent even when it is empty, because the server demands one.
    Json,
    /// In a `multipart/form-data` body.
    Multipart,
}

/// The scope an operation must be sent in, whatever the client's own scope is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// The method.
    const METHOD: Method;
    /// The route, with `{name}` for a parameter, as axum writes it.
    const PATH: &'static str;
    /// Whether a credential is needed.
    const AUTH: Auth;
    /// When it may be repeated.
    const RETRY: Retry;
    /// Where the fields travel.
    const PAYLOAD: Payload;
    /// What a success carries: a model, `()` for none, `Bytes`, text, or [`Events`](crate::Events) for a stream.
    type Response: Answer;

    /// The path with its parameters filled in, each one percent-encoded segment.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Segment`] when a parameter is empty, `.` or `..`.
    fn path(&self) -> Result<Cow<'static, str>, EncodeError>;

    /// The query string without its question mark; `None` when there is nothing to say.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value cannot be written.
    // These methods are compiled where they are called: whoever uses three operations does not pay for all of them.
    #[inline]
    fn query(&self) -> Result<Option<String>, EncodeError> {
        if Self::PAYLOAD == Payload::Query { request::query(self) } else { Ok(None) }
    }

    /// The body.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a value cannot be written.
    #[inline]
    fn body(&self) -> Result<Body, EncodeError> {
        if Self::PAYLOAD == Payload::Json { Body::json(self) } else { Ok(Body::Empty) }
    }

    /// Adds the headers that this operation needs beyond the usual ones.
    fn headers(&self, _headers: &mut HeaderMap) {}

    /// The scope that this operation must be sent in, where it names one itself: on paths below
    /// `/workspaces/{workspace_id}` the server demands that `X-Workspace-ID` says the same.
    fn scope(&self) -> Scope {
        Scope::default()
    }

    /// The whole request, its URI in origin form (path and query, no host).
    ///
    /// # Errors
    ///
    /// Those of [`path`](Self::path), [`query`](Self::query) and [`body`](Self::body).
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

/// Declares the [`Endpoint`] of a request type; one line holds all there is to know.
///
/// `endpoint! { GET "/documents/{document_id}" (document_id) => GetDocument, Document where Required, Safe, None }`
///
/// The names in brackets are the fields for the path, in its order. They carry `#[serde(skip_serializing)]`. A block may
/// follow with methods to override.
macro_rules! endpoint {
    (
        $method:ident $path:literal $(($($field:ident),+))? => $request:ty, $response:ty
        where $auth:ident, $retry:ident, $payload:ident $({ $($overrides:item)* })?
    ) => {
        impl $crate::Endpoint for $request {
            const METHOD: http::Method = http::Method::$method;
            const PATH: &'static str = $path;
            const AUTH: $crate::Auth = $crate::Auth::$auth;
            const RETRY: $crate::Retry = $crate::Retry::$retry;
            const PAYLOAD: $crate::Payload = $crate::Payload::$payload;
            type Response = $response;

            fn path(&self) -> Result<std::borrow::Cow<'static, str>, $crate::EncodeError> {
                $crate::path::expand(Self::PATH, &[$($((stringify!($field), self.$field.as_ref())),+)?])
            }

            $($($overrides)*)?
        }
    };
}

/// Declares setters for optional fields: `setters! { ListDocuments { page: u64, document_pattern: String } }`.
///
/// Numbers and flags are taken as they are, so that literals need no suffix; everything else by `impl Into`. A field of
/// options in common is reached as `setters! { StreamQuery.query { ... } }`.
macro_rules! setters {
    ($request:ident { $($fields:tt)* }) => {
        $crate::endpoint::setters! { @all $request () $($fields)* }
    };
    ($request:ident.$inner:ident { $($fields:tt)* }) => {
        $crate::endpoint::setters! { @all $request ($inner) $($fields)* }
    };
    (@all $request:ident $at:tt $($field:ident: $type:tt $(<$($of:tt),+>)?),* $(,)?) => {
        impl $request {
            $($crate::endpoint::setters! { @one $at $field $type $(<$($of),+>)? })*
        }
    };
    (@one $at:tt $field:ident u64) => { $crate::endpoint::setters! { @plain $at $field u64 } };
    (@one $at:tt $field:ident f64) => { $crate::endpoint::setters! { @plain $at $field f64 } };
    (@one $at:tt $field:ident bool) => { $crate::endpoint::setters! { @plain $at $field bool } };
    (@one ($($inner:ident)?) $field:ident $type:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$($inner.)?$field = Some($field.into());
            self
        }
    };
    (@plain ($($inner:ident)?) $field:ident $type:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$($inner.)?$field = Some($field);
            self
        }
    };
}

pub(crate) use {endpoint, setters};
