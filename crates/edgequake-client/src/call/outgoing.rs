//! [`Outgoing`]: a request that knows all but where the server is. Typed and untyped calls alike become one.

use std::borrow::Cow;

use edgequake_types::{Auth, Body, Retry, Scope};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request};

use super::dispatch::{DefaultLimits, Dispatcher};
use super::options::CallOptions;
use crate::body::RequestBody;
use crate::error::{Error, ErrorKind};
use crate::layers::scope::{X_TENANT_ID, X_WORKSPACE_ID};
use crate::policy::Policy;

pub(super) struct Outgoing {
    /// The path's template, or empty.
    pub(super) operation: &'static str,
    pub(super) method: Method,
    pub(super) path: Cow<'static, str>,
    pub(super) query: Option<String>,
    /// The content type and the body.
    pub(super) body: (Option<HeaderValue>, RequestBody),
    /// For `Accept`.
    pub(super) media_type: &'static str,
    /// Whether the answer is taken piece by piece.
    pub(super) streamed: bool,
    /// Those of the operation itself.
    pub(super) headers: HeaderMap,
    /// What the operation has to be sent in, whatever else is said.
    pub(super) scope: Scope,
    pub(super) auth: Auth,
    pub(super) retry: Retry,
}

impl Outgoing {
    /// The request, and how it is to be treated.
    pub(super) fn into_request(
        self,
        dispatcher: &Dispatcher,
        options: &mut CallOptions,
    ) -> Result<(Request<RequestBody>, Policy), Error> {
        if let Some(refused) = options.refused.take() {
            return Err(refused);
        }
        dispatcher.check_scope()?;
        let mut headers = self.headers;
        if self.media_type != "application/json" {
            headers.insert(ACCEPT, HeaderValue::from_static(self.media_type));
        }
        let streamed = self.streamed;
        if streamed {
            // A compressed stream would come in bursts.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        // A caller's header wins over the operation's, the scope that an operation names itself over both.
        let own_content_type = options.headers.get(CONTENT_TYPE).or(headers.get(CONTENT_TYPE)).cloned();
        if !options.headers.is_empty() {
            headers.extend(options.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        if let Some(tenant) = &self.scope.tenant {
            headers.insert(X_TENANT_ID, tenant.into());
        }
        if let Some(workspace) = &self.scope.workspace {
            headers.insert(X_WORKSPACE_ID, workspace.into());
        }
        let patience = options.patience;
        let extended = |own: Option<Option<_>>, default: Option<_>| match own {
            None if !patience.is_zero() => Some(default.map(|limit| patience.saturating_add(limit))),
            own => own,
        };
        let DefaultLimits { timeout, attempt_timeout, .. } = dispatcher.limits();
        let (content_type, body) = self.body;
        headers.remove(CONTENT_TYPE);
        let content_type = own_content_type.or(content_type);
        let policy = Policy {
            operation: self.operation,
            auth: self.auth,
            retry: options.retry.unwrap_or(self.retry),
            timeout: extended(options.timeout.or(streamed.then_some(None)), timeout),
            attempt_timeout: extended(options.attempt_timeout, attempt_timeout),
            spent: options.spent,
            deadline: None,
            limit: None,
            attempt_deadline: None,
            headers: dispatcher.headers(headers, content_type),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = dispatcher.uri(self.path, self.query.as_deref())?;
        Ok((request, policy))
    }
}

/// The body as an endpoint writes it, and its content type.
pub(super) fn own_body(body: Body) -> Result<(Option<HeaderValue>, RequestBody), Error> {
    match body {
        Body::Empty => Ok((None, RequestBody::empty())),
        Body::Json(json) => Ok((Some(HeaderValue::from_static("application/json")), json.into())),
        other => {
            let bytes = other.bytes().ok_or_else(|| {
                Error::new(ErrorKind::Request).note("the form has a file whose content was not supplied")
            })?;
            Ok((other.content_type(), bytes.into()))
        }
    }
}
