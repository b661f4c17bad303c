//! [`CredentialsError`]: why there is no credential, in a form that can be given to every waiter.
//!
//! One failed refresh answers many callers, so the error is a cheap clone. Its `Display` is one sentence that
//! names the field or endpoint and the rule; it never prints its source and never holds a secret.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

/// What kind of thing went wrong. Decides what a caller, a chain and the retry layers do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialsErrorKind {
    /// Nothing is configured here. A chain goes on to its next source.
    NotConfigured,
    /// Something is configured and cannot work: a malformed key, an unreadable file. A chain stops.
    Invalid,
    /// The server refused the login (401). It is not repeated until the credentials change, since the server
    /// locks an account after a few wrong attempts.
    Refused,
    /// The account is locked (423). One more attempt is made after the time that the server says, else after its usual lock
    /// time, 15 minutes.
    Locked,
    /// The account is deactivated (403). One more attempt is made after the time that the server tells, or 15 minutes.
    Inactive,
    /// The login is over and nothing at hand can renew it: log in again.
    SessionExpired,
    /// The server cannot be reached or is overloaded (network, 408, 425, 429, 5xx). Transient.
    Unavailable,
    /// The login or refresh did not answer within its time limit. Transient.
    TimedOut,
    /// The refresh was lost half way, with its runtime or by a panic. Transient.
    Interrupted,
    /// The server answered, but not as a login endpoint does: a proxy's page, a wrong base URL.
    Unexpected,
    /// Plain `http` to another machine, which was not allowed.
    Insecure,
    /// The credential belongs to another origin than the one that asks for it.
    ForeignOrigin,
    /// The token store is unavailable, locked or damaged.
    Store,
}

/// Why no credential could be given. Cheap to clone; [`kind`](Self::kind) says what to do.
///
/// ```
/// use edgequake_auth::{CredentialsErrorKind, StaticKey};
///
/// let error = StaticKey::new("s3cr3t\u{200b}").unwrap_err();
/// assert_eq!(error.kind(), CredentialsErrorKind::Invalid);
/// assert_eq!(
///     error.to_string(),
///     "the API key has a character outside visible ASCII at position 7 (U+200B); copy it again"
/// );
/// ```
#[derive(Clone)]
pub struct CredentialsError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: CredentialsErrorKind,
    text: Cow<'static, str>,
    status: Option<StatusCode>,
    code: Option<Box<str>>,
    message: Option<Box<str>>,
    retry_after: Option<Duration>,
    during_login: bool,
    turned_away: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl CredentialsError {
    /// An error of a provider of your own. `text` is one sentence that names the field and the rule, without
    /// the secret.
    pub fn new(kind: CredentialsErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            text: text.into(),
            status: None,
            code: None,
            message: None,
            retry_after: None,
            during_login: false,
            turned_away: false,
            source: None,
        }))
    }

    /// Adds the cause, which [`source`](StdError::source) returns and `Display` leaves out.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = Arc::from(source.into());
        self.map(|inner| inner.source = Some(source))
    }

    /// Sets how long to wait before asking again.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.map(|inner| inner.retry_after = Some(wait))
    }

    /// Adds what the server answered: its status, and the `code` and `message` of its error body.
    pub(crate) fn with_answer(
        self,
        status: StatusCode,
        code: Option<Box<str>>,
        message: Option<Box<str>>,
    ) -> Self {
        self.map(|inner| {
            inner.status = Some(status);
            inner.code = code;
            inner.message = message;
        })
    }

    /// Marks the failure of an exchange that sent a password.
    pub(crate) fn during_login(self) -> Self {
        self.map(|inner| inner.during_login = true)
    }

    /// Marks an answer of the server's own that says that it did not look at the request.
    pub(crate) fn turned_away(self) -> Self {
        self.map(|inner| inner.turned_away = true)
    }

    /// Whether the server says that it did not look at the request.
    pub(crate) fn was_turned_away(&self) -> bool {
        self.0.turned_away
    }

    fn map(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> CredentialsErrorKind {
        self.0.kind
    }

    /// Whether asking again later can help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        use CredentialsErrorKind as Kind;
        matches!(self.0.kind, Kind::Unavailable | Kind::TimedOut | Kind::Interrupted)
    }

    /// Whether a login with name and password failed, and not a refresh. The server counts wrong passwords, so unless this one
    /// certainly was not looked at (it was not sent, 429, or a 503 whose body says `retryable`), or has been taken before, it is not sent
    /// again by itself for as long as [`retry_after`](Self::retry_after) says.
    pub fn is_login_failure(&self) -> bool {
        self.0.during_login
    }

    /// How long to wait before asking again, by the server's `Retry-After` or by our own back-off.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The HTTP status of the login or refresh answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The `code` of the server's error body, such as `ACCOUNT_LOCKED`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The `message` of the server's error body, cut to a few hundred characters.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}

/// As a program shows it that returns it from `main`: the text and its causes. `{:#?}` is the structure.
impl fmt::Debug for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if !f.alternate() {
            f.write_str(&inner.text)?;
            let mut next = self.source();
            if next.is_some() {
                f.write_str("\n\nCaused by:")?;
            }
            while let Some(cause) = next {
                write!(f, "\n    {cause}")?;
                next = cause.source();
            }
            return Ok(());
        }
        f.debug_struct("CredentialsError")
            .field("kind", &inner.kind)
            .field("text", &inner.text)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("message", &inner.message)
            .field("retry_after", &inner.retry_after)
            .field("source", &inner.source)
            .finish()
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl StdError for CredentialsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_leaves_the_source_to_source() {
        let error = CredentialsError::new(CredentialsErrorKind::Unavailable, "cannot reach the server")
            .with_source("connection refused")
            .with_retry_after(Duration::from_secs(3));
        assert_eq!(error.to_string(), "cannot reach the server");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("connection refused"));
        assert_eq!(error.clone().retry_after(), Some(Duration::from_secs(3)));
    }

    #[test]
    fn only_network_like_kinds_are_transient() {
        use CredentialsErrorKind as Kind;
        for (kind, transient) in [
            (Kind::NotConfigured, false),
            (Kind::Invalid, false),
            (Kind::Refused, false),
            (Kind::Locked, false),
            (Kind::Inactive, false),
            (Kind::SessionExpired, false),
            (Kind::Unavailable, true),
            (Kind::TimedOut, true),
            (Kind::Interrupted, true),
            (Kind::Unexpected, false),
            (Kind::Insecure, false),
            (Kind::ForeignOrigin, false),
            (Kind::Store, false),
        ] {
            assert_eq!(CredentialsError::new(kind, "x").is_transient(), transient, "{kind:?}");
        }
    }
}
