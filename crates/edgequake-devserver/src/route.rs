//! [`Route`]: a row of the table of operations, and [`Call`]: the context of a request.
//!
//! Only decoding the request and encoding the answer depend on the operation. Everything between is written, and
//! compiled, once, in [`pipeline`](crate::pipeline).

use std::pin::Pin;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use edgequake_types::multipart::Form;
use edgequake_types::{Auth, Endpoint, Payload, TenantId, UserId, WorkspaceId};
use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::permission::Permission;
use crate::auth::scope::{self, Binding, Scope};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::error::{Refusal, undecodable};
use crate::faults::Answers;
use crate::ledger::{SessionEvent, SessionId, TokenOf};
use crate::place::Place;
use crate::reply::Success;
use crate::state::space::Space;

/// The context of a request, for its handler.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) caller: Caller,
    pub(crate) scope: Scope,
    pub(crate) headers: HeaderMap,
    /// When the request arrived.
    pub(crate) now: Timestamp,
    /// The id that its response tells.
    #[cfg_attr(not(feature = "pdf"), expect(dead_code, reason = "only answers about PDF files tell it"))]
    pub(crate) request_id: String,
}

impl Call {
    /// The workspace to work in, which must exist.
    ///
    /// # Errors
    ///
    /// The refusal that `malformed` returns for a header that is not an id; 404 for a workspace that does not exist.
    pub(crate) fn workspace(&self, malformed: impl Fn(String) -> Refusal) -> Result<Place, Refusal> {
        let message =
            || malformed("X-Tenant-ID and X-Workspace-ID must be UUIDs or the word `default`".to_owned());
        let place = self.scope.place().ok_or_else(message)?;
        let directory = self.app.directory();
        directory
            .tenancy
            .workspace(place)
            .ok_or_else(|| Refusal::not_found(format!("workspace {}", place.workspace)))?;
        Ok(place.clone())
    }

    /// The place to list from, where parameters may name another one than the headers; `None` where nothing names one.
    ///
    /// # Errors
    ///
    /// 403 for a place of the parameters that the caller may not access.
    pub(crate) fn named_place(
        &self,
        tenant: Option<&TenantId>,
        workspace: Option<&WorkspaceId>,
    ) -> Result<Option<Place>, Refusal> {
        let Some(own) = self.scope.place().filter(|_| tenant.is_some() || workspace.is_some()) else {
            return Ok(self.scope.named_place().cloned());
        };
        let tenant = tenant.and_then(|id| scope::tenant_id(id.as_str()));
        let workspace = workspace.and_then(|id| scope::workspace_id(id.as_str()));
        let place = Place {
            tenant: tenant.unwrap_or_else(|| own.tenant.clone()),
            workspace: workspace.unwrap_or_else(|| own.workspace.clone()),
        };
        scope::check_place(&self.app.config, &self.app.directory().tenancy, &self.caller, &place)?;
        Ok(Some(place))
    }

    /// What is in the workspace of the request; `None` while there is nothing, and when a header is not an id.
    pub(crate) fn space(&self) -> Option<Arc<Space>> {
        self.app.spaces.get(self.scope.place()?)
    }

    /// Notes an event of a session in the ledger.
    pub(crate) fn record(&self, event: SessionEvent, token: Option<&TokenOf>) {
        self.app.ledger.record(self.now, event, token, self.agent());
    }

    /// Notes an event that concerns no refresh token.
    pub(crate) fn record_session(&self, event: SessionEvent, session: SessionId, user: &UserId) {
        self.app.ledger.record_session(self.now, event, (session, user.clone()), self.agent());
    }

    fn agent(&self) -> Option<&str> {
        self.headers.get(USER_AGENT).and_then(|value| value.to_str().ok())
    }

    /// # Errors
    ///
    /// 403 for callers that are not administrators.
    pub(crate) fn require_admin(&self) -> Result<(), Refusal> {
        if self.caller.role == edgequake_types::session::Role::Admin {
            Ok(())
        } else {
            Err(Refusal::forbidden("admin_required"))
        }
    }
}

/// An answer that is being made.
pub(crate) type Pending = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// Decodes a request whose body is there as a whole, and calls its handler, which encodes the answer. An error is the refusal of a
/// request that cannot be decoded.
type OfWhole = Box<dyn Fn(Call, &Parts, &Bytes) -> Result<Pending, Refusal> + Send + Sync>;

/// The same for a form that was read as it arrived.
type OfForm = Box<dyn Fn(Call, &Parts, Form) -> Result<Pending, Refusal> + Send + Sync>;

/// How a request is decoded and handled.
pub(crate) enum Handler {
    Whole(OfWhole),
    /// With the names of the parts that are read.
    Form(&'static [&'static str], OfForm),
}

/// A row of the table: an operation, what it requires of its caller, and its handler.
pub(crate) struct Route {
    /// The name of its request type; its method and path where the operation has no type.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// With `{name}` for a parameter.
    pub(crate) path: &'static str,
    pub(crate) payload: Payload,
    /// Whether a credential is needed, which may depend on the configuration.
    pub(crate) auth: fn(&Config) -> Auth,
    pub(crate) permission: Permission,
    pub(crate) binding: Binding,
    pub(crate) answers: Answers,
    /// The media type of a file that may come without a form around it.
    pub(crate) raw: Option<&'static str>,
    /// The codes of what is refused before the handler, where the operation has its own.
    pub(crate) codes: Option<fn(StatusCode) -> Option<&'static str>>,
    pub(crate) handler: Handler,
}

/// Decodes a request as its type defines.
///
/// # Errors
///
/// 422 for wrong fields in a JSON body, 400 for everything else that cannot be decoded.
pub(crate) fn decode<E: Endpoint>(_: &Call, parts: &Parts, body: &Bytes) -> Result<E, Refusal> {
    E::from_request(parts, body).map_err(|error| undecodable(&error, E::PAYLOAD == Payload::Json))
}

/// The maximum length of a text in a body of short fields, and the size of the whole of it, in bytes.
const FIELD_LIMIT: usize = 1024;
const SHORT_BODY_LIMIT: usize = 16 * 1024;

/// # Errors
///
/// 422 for a body, or a text in it, that is too long to be kept.
fn check_short(body: &[u8]) -> Result<(), Refusal> {
    if body.len() > SHORT_BODY_LIMIT {
        return Err(Refusal::validation(format!(
            "The body must not be larger than {SHORT_BODY_LIMIT} bytes here"
        )));
    }
    // The decoder refuses what is not JSON.
    let value = serde_json::from_slice(body).unwrap_or_default();
    match long_text(&value, "") {
        Some(field) => {
            Err(Refusal::validation(format!("{field} must not be longer than {FIELD_LIMIT} bytes")))
        }
        None => Ok(()),
    }
}

/// The field with a text, or a name, that is too long.
fn long_text<'a>(value: &'a Value, field: &'a str) -> Option<&'a str> {
    match value {
        Value::String(text) if text.len() > FIELD_LIMIT => Some(field),
        Value::Object(fields) if fields.keys().any(|name| name.len() > FIELD_LIMIT) => {
            Some("The name of a field")
        }
        Value::Object(fields) => fields.iter().find_map(|(name, value)| long_text(value, name)),
        Value::Array(items) => items.iter().find_map(|item| long_text(item, field)),
        _ => None,
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {} ({:?}, {:?})", self.name, self.method, self.path, self.permission, self.binding)
    }
}

impl Route {
    /// The row of the operation `E`.
    pub(crate) fn new<E, F, Fut, S>(handler: F, permission: Permission, binding: Binding) -> Self
    where
        E: Endpoint + 'static,
        F: Fn(Call, E) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, Refusal>> + Send + 'static,
        S: Success<E>,
    {
        Self::decoded(decode::<E>, handler, permission, binding)
    }

    /// The row of the operation `E`, with a decoder that knows more than its type.
    pub(crate) fn decoded<E, F, Fut, S>(
        decode: fn(&Call, &Parts, &Bytes) -> Result<E, Refusal>,
        handler: F,
        permission: Permission,
        binding: Binding,
    ) -> Self
    where
        E: Endpoint + 'static,
        F: Fn(Call, E) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, Refusal>> + Send + 'static,
        S: Success<E>,
    {
        let handler = move |call: Call, parts: &Parts, body: &Bytes| -> Result<Pending, Refusal> {
            let request = decode(&call, parts, body)?;
            Ok(pending::<E, S>(handler(call, request)))
        };
        Self::with::<E, S>(Handler::Whole(Box::new(handler)), permission, binding)
    }

    /// The row of the operation `E`, whose form may be large.
    pub(crate) fn form<E, F, Fut, S>(
        names: &'static [&'static str],
        decode: fn(&Parts, Form) -> Result<E, Refusal>,
        handler: F,
        permission: Permission,
        binding: Binding,
    ) -> Self
    where
        E: Endpoint + 'static,
        F: Fn(Call, E) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, Refusal>> + Send + 'static,
        S: Success<E>,
    {
        let handler = move |call: Call, parts: &Parts, form: Form| -> Result<Pending, Refusal> {
            Ok(pending::<E, S>(handler(call, decode(parts, form)?)))
        };
        Self::with::<E, S>(Handler::Form(names, Box::new(handler)), permission, binding)
    }

    fn with<E: Endpoint, S: Success<E>>(handler: Handler, permission: Permission, binding: Binding) -> Self {
        Self {
            name: E::NAME,
            method: E::METHOD,
            path: E::PATH,
            payload: E::PAYLOAD,
            auth: |_| E::AUTH,
            permission,
            binding,
            answers: S::ANSWERS,
            raw: None,
            codes: None,
            handler,
        }
    }

    /// The row of an operation that the real server has and this one does not: 501, after authentication.
    pub(crate) fn unserved(method: Method, path: &'static str, public: bool) -> Self {
        Self {
            name: path,
            payload: Payload::None,
            auth: if public { |_| Auth::Public } else { |_| Auth::Required },
            // Whoever is known is told that the operation is missing, whatever it would require.
            permission: Permission::Known,
            binding: Binding::Global,
            answers: Answers::Body,
            raw: None,
            codes: None,
            handler: Handler::Whole(Box::new({
                let operation = format!("{method} {path}");
                move |_, _, _| Err(Refusal::not_implemented(&operation))
            })),
            method,
            path,
        }
    }

    /// The row of a WebSocket, whose handler answers with the change of protocols.
    #[cfg(feature = "websocket")]
    pub(crate) fn socket(
        path: &'static str,
        open: impl Fn(Call, &Parts) -> Result<Response, Refusal> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: path,
            method: Method::GET,
            path,
            payload: Payload::None,
            auth: |_| Auth::Required,
            permission: Permission::Read,
            binding: Binding::Workspace,
            answers: Answers::Head,
            raw: None,
            codes: None,
            handler: Handler::Whole(Box::new(move |call, parts, _| {
                let response = open(call, parts)?;
                Ok(Box::pin(std::future::ready(Ok(response))))
            })),
        }
    }

    /// The same row with a need for a credential that depends on the configuration.
    pub(crate) fn auth(mut self, auth: fn(&Config) -> Auth) -> Self {
        self.auth = auth;
        self
    }

    /// The same row for a file that may also come without a form, as a body of this media type.
    #[cfg(feature = "pdf")]
    pub(crate) fn or_raw(mut self, media_type: &'static str) -> Self {
        self.raw = Some(media_type);
        self
    }

    /// The same row with codes of its own for what is refused before the handler.
    #[cfg(feature = "pdf")]
    pub(crate) fn codes(mut self, codes: fn(StatusCode) -> Option<&'static str>) -> Self {
        self.codes = Some(codes);
        self
    }

    /// A refusal with the code that the operation has for it.
    pub(crate) fn recode(&self, refusal: Refusal) -> Refusal {
        match self.codes {
            Some(codes) => refusal.recoded(codes),
            None => refusal,
        }
    }

    /// Whether the operation changes something.
    pub(crate) fn changes(&self) -> bool {
        matches!(self.permission, Permission::Write | Permission::Admin)
    }

    /// The same row for an operation of which the real server reads no body, though clients may send an empty object.
    pub(crate) fn without_body(mut self) -> Self {
        self.payload = Payload::None;
        if let Handler::Whole(handler) = self.handler {
            let empty = Bytes::from_static(b"{}");
            self.handler = Handler::Whole(Box::new(move |call, parts, _| handler(call, parts, &empty)));
        }
        self
    }

    /// The same row for a body of short fields only, because what they say is kept.
    pub(crate) fn short(mut self) -> Self {
        if let Handler::Whole(handler) = self.handler {
            self.handler = Handler::Whole(Box::new(move |call, parts, body| {
                check_short(body)?;
                handler(call, parts, body)
            }));
        }
        self
    }
}

/// The answer of a handler, encoded.
fn pending<E: Endpoint, S: Success<E>>(
    answer: impl Future<Output = Result<S, Refusal>> + Send + 'static,
) -> Pending {
    Box::pin(async move { answer.await?.into_response() })
}
