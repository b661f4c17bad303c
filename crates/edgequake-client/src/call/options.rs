//! [`CallOptions`]: what one call may have of its own.

use std::fmt;
use std::time::Duration;

use edgequake_types::{IdError, Retry, TenantId, UserId, WorkspaceId};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::dispatch::Dispatcher;
use super::receive::Limits;
use crate::body::RequestBody;
use crate::error::{Error, ErrorKind};
use crate::layers::scope::{X_TENANT_ID, X_USER_ID, X_WORKSPACE_ID};

/// Headers that carry credentials: a caller gives those to the client instead.
const CREDENTIALS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, HeaderName::from_static("x-api-key")];

/// Headers that frame the message: they follow from it.
const FRAMING: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

#[derive(Default)]
pub(super) struct CallOptions {
    pub(super) timeout: Option<Option<Duration>>,
    pub(super) attempt_timeout: Option<Option<Duration>>,
    pub(super) retry: Option<Retry>,
    pub(super) answer_limit: Option<usize>,
    pub(super) stream_limit: Option<Option<u64>>,
    pub(super) event_limit: Option<usize>,
    /// Headers of the caller's own, scope headers included.
    pub(super) headers: HeaderMap,
    // Boxed, or every call would carry its room.
    pub(super) form: Option<Box<(HeaderValue, RequestBody)>>,
    /// What the default limits are extended by.
    pub(super) patience: Duration,
    /// What of the limit is gone before there is a request.
    pub(super) spent: Duration,
    /// What could not be taken: the first of it is the error of the call.
    pub(super) refused: Option<Error>,
}

impl CallOptions {
    pub(super) fn tenant(&mut self, tenant: impl TryInto<TenantId, Error: Into<IdError>>) {
        self.scope(X_TENANT_ID, tenant.try_into().map_err(Into::into).as_ref().map(HeaderValue::from));
    }

    pub(super) fn workspace(&mut self, workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>) {
        self.scope(X_WORKSPACE_ID, workspace.try_into().map_err(Into::into).as_ref().map(HeaderValue::from));
    }

    pub(super) fn user(&mut self, user: impl TryInto<UserId, Error: Into<IdError>>) {
        self.scope(X_USER_ID, user.try_into().map_err(Into::into).as_ref().map(HeaderValue::from));
    }

    fn scope(&mut self, name: HeaderName, value: Result<HeaderValue, &IdError>) {
        match value {
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(error) => self.refuse(Error::malformed(error.clone())),
        }
    }

    pub(super) fn header(
        &mut self,
        name: impl TryInto<HeaderName, Error: Into<http::Error>>,
        value: impl TryInto<HeaderValue, Error: Into<http::Error>>,
    ) {
        let request = || Error::new(ErrorKind::Request);
        let name = match name.try_into() {
            Ok(name) if CREDENTIALS.contains(&name) => {
                let note =
                    format!("the client sends the header `{name}` itself: give the credential to the client");
                return self.refuse(request().note(note));
            }
            Ok(name) if FRAMING.contains(&name) => {
                let note =
                    format!("the client sends the header `{name}` itself: it follows from the request");
                return self.refuse(request().note(note));
            }
            Ok(name) => name,
            Err(error) => {
                return self.refuse(request().because(error.into()).note("a header has a malformed name"));
            }
        };
        match value.try_into() {
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(error) => {
                let note = format!("the header `{name}` has a value that no header can carry");
                self.refuse(request().because(error.into()).note(note));
            }
        }
    }

    /// What the answer is held to.
    pub(super) fn limits<'a>(&self, operation: &'static str, dispatcher: &'a Dispatcher) -> Limits<'a> {
        let default = dispatcher.limits();
        Limits {
            operation,
            server: dispatcher.origin(),
            answer: self.answer_limit.unwrap_or(default.answer),
            stream: self.stream_limit.unwrap_or(default.stream),
            event: self.event_limit.unwrap_or(default.event),
        }
    }

    pub(super) fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    /// The same options for another page.
    pub(super) fn again(&self) -> Self {
        Self {
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            retry: self.retry,
            answer_limit: self.answer_limit,
            stream_limit: self.stream_limit,
            event_limit: self.event_limit,
            headers: self.headers.clone(),
            patience: self.patience,
            spent: Duration::ZERO,
            form: None,
            refused: None,
        }
    }
}

/// Names headers without their values: any of them may be secret.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .field("answer_limit", &self.answer_limit)
            .field("stream_limit", &self.stream_limit)
            .field("event_limit", &self.event_limit)
            .field("headers", &self.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>())
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

/// The setters that all calls have alike, over a field with [`CallOptions`].
macro_rules! setters {
    ($($field:ident).+) => {
        /// Limits the whole call, all attempts and the answer's body included; `None` is no limit. Default: that of the client, 300 s
        /// unless it was set. Streams have none.
        pub fn timeout(mut self, limit: impl Into<Option<std::time::Duration>>) -> Self {
            self.$($field).+.timeout = Some(limit.into());
            self
        }

        /// Limits each attempt up to the head of its answer; `None` is no limit. Default: that of the client, 120 s.
        pub fn attempt_timeout(mut self, limit: impl Into<Option<std::time::Duration>>) -> Self {
            self.$($field).+.attempt_timeout = Some(limit.into());
            self
        }

        /// Makes this call in another tenant than the client's.
        pub fn tenant(
            mut self,
            tenant: impl TryInto<edgequake_types::TenantId, Error: Into<edgequake_types::IdError>>,
        ) -> Self {
            self.$($field).+.tenant(tenant);
            self
        }

        /// Makes this call in another workspace than the client's.
        pub fn workspace(
            mut self,
            workspace: impl TryInto<edgequake_types::WorkspaceId, Error: Into<edgequake_types::IdError>>,
        ) -> Self {
            self.$($field).+.workspace(workspace);
            self
        }

        /// Makes this call for another user than the client's; only servers with authentication off read it.
        pub fn user(
            mut self,
            user: impl TryInto<edgequake_types::UserId, Error: Into<edgequake_types::IdError>>,
        ) -> Self {
            self.$($field).+.user(user);
            self
        }

        /// Sends a header of your own, in place of one that the client would send. Headers that carry credentials or frame the message
        /// (`Authorization`, `Host`, `Content-Length`, ...) are refused: they belong to the client.
        pub fn header(
            mut self,
            name: impl TryInto<http::HeaderName, Error: Into<http::Error>>,
            value: impl TryInto<http::HeaderValue, Error: Into<http::Error>>,
        ) -> Self {
            self.$($field).+.header(name, value);
            self
        }
    };
}

pub(super) use setters;
