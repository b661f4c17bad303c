//! [`Error`]: why a call failed, and whether another one may help.

mod answer;
mod connect;
mod kind;
mod mock;
mod processing;
mod text;
mod tls;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use edgequake_auth::{CredentialsError, wait_in_body};
use edgequake_types::{DecodeError, EncodeError, ErrorBody, IdError, Origin, PageError, StreamFailure};
use http::StatusCode;

pub use kind::ErrorKind;
pub use processing::ProcessingFailure;

use crate::boxed::BoxError;
use crate::fault::Fault;
use crate::transport::{ConnectTimedOut, ConnectionLimitReached};

/// Why a call failed.
///
/// [`kind`](Self::kind) says what to do about it. `Display` is one line: the operation, the status and the server's words, or what
/// went wrong on this side. [`source`](StdError::source) goes on with the causes that this line leaves out, so that nothing is printed
/// twice; [`find`](Self::find) looks among all of them. `Debug` is both, as `main` prints an error that it returns; `{:#?}` is the
/// structure. No secret, no URL with a query and no unbounded body ever gets into any of it.
///
/// ```no_run
/// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
/// use edgequake_client::types::documents::GetDocument;
///
/// match client.send(GetDocument::new("d-1")).await {
///     Ok(document) => println!("{:?}", document.title),
///     Err(error) if error.is_not_found() => println!("no such document"),
///     Err(error) if error.is_retryable() => println!("later: {:?}", error.retry_after()),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    status: Option<StatusCode>,
    body: Option<ErrorBody>,
    note: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    /// The answer looks as if it came from the server's router, not from an operation: it has no body.
    unrouted: bool,
    /// The same call would fail in the same way again, although others of its kind might not.
    lasting: bool,
    processing: Option<ProcessingFailure>,
    /// Why the last question of a wait got no answer.
    last_failure: Option<Arc<Error>>,
    /// Where the call went, if no answer came back.
    server: Option<Box<Origin>>,
    source: Option<BoxError>,
}

impl Error {
    /// The error of an identifier that cannot be sent.
    pub(crate) fn malformed(error: IdError) -> Self {
        Self::new(ErrorKind::Request).because(error)
    }

    pub(crate) fn config(source: impl Into<BoxError>) -> Self {
        Self::new(ErrorKind::Config).because(source)
    }

    pub(crate) fn of_credentials(source: CredentialsError) -> Self {
        Self::of_failure(source.into())
    }

    pub(crate) fn decode(source: DecodeError) -> Self {
        Self::new(ErrorKind::Decode).because(source)
    }

    pub(crate) fn paging(source: PageError) -> Self {
        Self::new(ErrorKind::Paging).because(source)
    }

    pub(crate) fn stream(failure: StreamFailure) -> Self {
        let mut body = ErrorBody::new(failure.code.unwrap_or_default(), failure.message);
        body.retry_after_seconds = failure.retry_after_seconds;
        let mut error = Self::new(ErrorKind::Stream);
        error.0.retry_after = wait_in_body(&body);
        error.0.body = Some(body);
        error
    }

    pub(crate) fn because(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says that another try would be in vain.
    pub(crate) fn lasting(mut self) -> Self {
        self.0.lasting = true;
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.0.note = Some(note.into());
        self
    }

    /// A note behind another one.
    pub(crate) fn also(self, note: &str) -> Self {
        match &self.0.note {
            Some(first) => {
                let both = format!("{first}; {note}");
                self.note(both)
            }
            None => self.note(note),
        }
    }

    /// The error of a wait whose last question failed.
    pub(crate) fn after(mut self, failure: Arc<Self>) -> Self {
        self.0.last_failure = Some(failure);
        self
    }

    /// Says which operation failed, and, where the server seems not to know it, since when there is one.
    pub(crate) fn during(mut self, operation: &'static str, since: Option<&'static str>) -> Self {
        self.0.operation = operation;
        match since {
            Some(since) if self.0.unrouted => self.note(format!(
                "the server does not know this operation, which exists since {since}: is the server older, or is the base URL wrong?"
            )),
            _ => self,
        }
    }

    /// Says where a call went that got no answer: scheme, host and port, and never a path or a query.
    pub(crate) fn at(mut self, server: &Origin) -> Self {
        self.0.server = Some(Box::new(server.clone()));
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        let credentials = || self.credentials().and_then(CredentialsError::status);
        self.0.status.or_else(credentials)
    }

    /// The server's code, such as `NOT_FOUND`; an open set, in upper case.
    pub fn code(&self) -> Option<&str> {
        let credentials = || self.credentials().and_then(CredentialsError::code);
        self.0
            .body
            .as_ref()
            .map(|body| body.code.as_str())
            .filter(|code| !code.is_empty())
            .or_else(credentials)
    }

    /// The server's words.
    pub fn message(&self) -> Option<&str> {
        let credentials = || self.credentials().and_then(CredentialsError::message);
        self.0
            .body
            .as_ref()
            .map(|body| body.message.as_str())
            .filter(|text| !text.is_empty())
            .or_else(credentials)
    }

    /// The cause that the server gave for a 401 or 403, such as `account_inactive`; an open set.
    pub fn reason(&self) -> Option<&str> {
        self.0.body.as_ref()?.reason_text()
    }

    /// The server's `details`, as they came.
    pub fn details(&self) -> Option<&serde_json::Value> {
        self.0.body.as_ref()?.details.as_ref()
    }

    /// The id under which the server logged the request.
    pub fn request_id(&self) -> Option<&str> {
        self.0.body.as_ref()?.request_id.as_deref()
    }

    /// How long to wait before another try: the server's `Retry-After`, header or body, or the back-off of a login. For a locked
    /// account (423) the usual time of a lock, 15 minutes, if the server says nothing else.
    pub fn retry_after(&self) -> Option<Duration> {
        let credentials = || self.credentials().and_then(CredentialsError::retry_after);
        self.0.retry_after.or_else(credentials)
    }

    /// Why there was no credential to send, where a login or refresh failed, whatever the [`kind`](Self::kind).
    ///
    /// ```
    /// use edgequake_client::{Client, CredentialsErrorKind, ErrorKind};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use edgequake_client::auth::{AuthContext, Authorization, Credentials, CredentialsError};
    ///
    /// #[derive(Debug)]
    /// struct Vault;
    ///
    /// impl Credentials for Vault {
    ///     async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
    ///         Err(CredentialsError::new(CredentialsErrorKind::Invalid, "the vault is sealed: unseal it"))
    ///     }
    /// }
    ///
    /// let client = Client::builder().base_url("http://localhost:8080").credentials(Vault).build()?;
    /// let error = client.auth().me().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Credentials);
    /// assert_eq!(error.credentials().map(|error| error.kind()), Some(CredentialsErrorKind::Invalid));
    /// assert_eq!(error.to_string(), "/api/v1/auth/me: the vault is sealed: unseal it");
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials(&self) -> Option<&CredentialsError> {
        self.find()
    }

    /// The first cause of this type, also one that `Display` has told already, such as a
    /// [`FileUploadError`](crate::FileUploadError) or an [`io::Error`](std::io::Error).
    pub fn find<T: StdError + 'static>(&self) -> Option<&T> {
        crate::fault::find(self.0.source.as_deref()? as &(dyn StdError + 'static))
    }

    /// Why the server could not be asked, where the time of a [wait](crate::resources::Wait) was over and its last question had failed;
    /// `Display` tells it as well.
    pub fn last_failure(&self) -> Option<&Self> {
        self.0.last_failure.as_deref()
    }

    /// How many attempts were made, not counting a replay after a 401.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The operation that failed, such as `/api/v1/documents/{document_id}`; empty if it was none of the API's.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Whether credentials are the matter: a 401, or a login that was refused or has expired.
    #[doc(alias = "401")]
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
            || self.credentials().is_some_and(|error| {
                use edgequake_auth::CredentialsErrorKind as Kind;
                matches!(error.kind(), Kind::Refused | Kind::SessionExpired | Kind::NotConfigured)
            })
    }

    /// Whether the server answered 403: a role, a scope, or a tenant or workspace that the caller may not use.
    #[doc(alias = "403")]
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN)
    }

    /// Whether the server answered 403 because the login is bound to another tenant or workspace than the request names. The
    /// newest servers bind each login to one workspace; API keys are not bound.
    pub fn is_bound_elsewhere(&self) -> bool {
        self.is_forbidden() && self.0.body.as_ref().is_some_and(answer::names_scope_claim)
    }

    /// Whether the server answered 404.
    #[doc(alias = "404")]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the server answered 409: it exists already, or is in use.
    #[doc(alias = "409")]
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT)
    }

    /// Whether the server answered 429.
    #[doc(alias = "429")]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether the account is locked (423) after too many failed logins.
    #[doc(alias = "423")]
    pub fn is_locked(&self) -> bool {
        self.status() == Some(StatusCode::LOCKED)
    }

    /// Whether a limit of time was reached: ours, or the server's (408). Where none but the making of a connection, or the wait for one,
    /// took too long, the [`kind`](Self::kind) is [`Connect`](ErrorKind::Connect) or [`NotSent`](ErrorKind::NotSent).
    pub fn is_timeout(&self) -> bool {
        use edgequake_auth::CredentialsErrorKind as Kind;
        matches!(self.0.kind, ErrorKind::Timeout(_))
            || self.status() == Some(StatusCode::REQUEST_TIMEOUT)
            || self.find::<ConnectTimedOut>().is_some()
            || self.find::<ConnectionLimitReached>().is_some()
            || self.credentials().is_some_and(|error| error.kind() == Kind::TimedOut)
    }

    /// Whether the same call may succeed later. A body that broke off may; an answer that is longer than
    /// [`answer_limit`](crate::Call::answer_limit) is so again. Says nothing about whether the server has executed this one: see
    /// [`ErrorKind::Interrupted`].
    pub fn is_retryable(&self) -> bool {
        if let Some(retryable) = self.0.body.as_ref().and_then(|body| body.retryable) {
            return retryable;
        }
        let fault = self.0.source.as_deref().and_then(|source| Fault::of(source as _));
        if fault.is_some_and(|fault| !fault.is_transient()) {
            return false;
        }
        if let Some(error) = self.credentials() {
            return error.is_transient();
        }
        if self.0.lasting {
            return false;
        }
        match self.0.kind {
            ErrorKind::Connect | ErrorKind::NotSent | ErrorKind::Interrupted | ErrorKind::Body => true,
            ErrorKind::Timeout(_) | ErrorKind::RateLimited | ErrorKind::Unavailable => true,
            ErrorKind::Server | ErrorKind::Status => {
                matches!(self.0.status.map(|status| status.as_u16()), Some(408 | 502 | 504))
            }
            _ => false,
        }
    }
}

/// An identifier that cannot be sent.
impl From<IdError> for Error {
    fn from(error: IdError) -> Self {
        Self::malformed(error)
    }
}

/// A request that cannot be written.
impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::new(ErrorKind::Request).because(error)
    }
}

/// An answer that cannot be read.
impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::decode(error)
    }
}

/// A credential that cannot be used.
impl From<CredentialsError> for Error {
    fn from(error: CredentialsError) -> Self {
        Self::of_credentials(error)
    }
}

#[cfg(test)]
mod tests;
