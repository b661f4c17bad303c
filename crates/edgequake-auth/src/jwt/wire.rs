//! Login, refresh and logout on the wire: requests, answers, and what each failure means.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use edgequake_types::session::{Login, LoginResponse, Logout, Refresh, RefreshResponse, User};
use edgequake_types::{Answer, Decode, Endpoint, ErrorBody, Origin, Secret, first_words};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use http::response::Parts;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use zeroize::Zeroizing;

use super::access::Access;
use super::state::ACCOUNT_PAUSE;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::retry_after::{retry_after, wait_in_body};
use crate::transport::{TokenTransport, TransportError, TransportErrorKind};

/// Tokens as a server issues them: what a session begins with that did not log in itself.
///
/// ```
/// use std::time::Duration;
/// use edgequake_auth::Tokens;
///
/// let tokens = Tokens::new("eyJhbGciOiJIUzI1NiJ9...").refresh_token("r-1").expires_in(Duration::from_secs(3600));
/// // No output shows them.
/// assert!(!format!("{tokens:?}").contains("eyJ"));
/// ```
///
/// [`JwtBuilder::tokens`](crate::JwtBuilder::tokens) takes them. The answers to
/// [`Login`](edgequake_types::session::Login) and [`Refresh`](edgequake_types::session::Refresh) convert into them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Tokens {
    /// The token that authorizes requests.
    pub access_token: Secret,
    /// The token for the next refresh; `None` in the answer to a refresh keeps the old one.
    pub refresh_token: Option<Secret>,
    /// Lifetime of the access token from now on; `None` or zero when the server did not say.
    pub expires_in: Option<Duration>,
}

impl Tokens {
    /// An access token of unknown lifetime and nothing else.
    pub fn new(access_token: impl Into<Secret>) -> Self {
        Self { access_token: access_token.into(), refresh_token: None, expires_in: None }
    }

    /// Adds a refresh token.
    #[must_use]
    pub fn refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// Sets the lifetime of the access token.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime);
        self
    }

    fn issued(access_token: Secret, refresh_token: Option<Secret>, seconds: Option<i64>) -> Self {
        let expires_in = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        let refresh_token = refresh_token.filter(|token| !token.expose().trim().is_empty());
        Self { access_token, refresh_token, expires_in }
    }
}

impl From<LoginResponse> for Tokens {
    fn from(answer: LoginResponse) -> Self {
        Self::issued(answer.access_token, answer.refresh_token, answer.expires_in)
    }
}

impl From<RefreshResponse> for Tokens {
    fn from(answer: RefreshResponse) -> Self {
        Self::issued(answer.access_token, answer.refresh_token, answer.expires_in)
    }
}

/// Which exchange failed, for the texts and for what a 401 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Login,
    Refresh,
    Logout,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
        }
    }
}

/// Sends the three requests over a transport, each with a time limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) transport: &'a dyn TokenTransport,
    pub(crate) limit: Duration,
}

impl Wire<'_> {
    pub(crate) async fn login(
        self,
        identifier: &str,
        password: &Secret,
    ) -> Result<(Tokens, Option<User>), CredentialsError> {
        let request = Login::new(identifier, password.clone());
        let answer = self.exchange(Step::Login, &request, &[password], None).await;
        let answer: LoginResponse = answer.map_err(CredentialsError::during_login)?;
        let user = answer.user.clone();
        Ok((answer.into(), user))
    }

    pub(crate) async fn refresh(self, token: &Secret) -> Result<Tokens, CredentialsError> {
        let request = Refresh::new(token.clone());
        let answer: RefreshResponse = self.exchange(Step::Refresh, &request, &[token], None).await?;
        Ok(answer.into())
    }

    /// Revokes the session. The access token authorizes the request, if there is one.
    pub(crate) async fn logout(
        self,
        access: Option<&Access>,
        refresh: Option<&Secret>,
    ) -> Result<(), CredentialsError> {
        let request = Logout::new(refresh.cloned());
        let secrets: Vec<_> = refresh.into_iter().chain(access.map(|access| &access.token)).collect();
        self.exchange::<_, ()>(Step::Logout, &request, &secrets, access).await
    }

    /// Sends one request and reads its answer. `secrets` are what must not come back in an error text.
    async fn exchange<E, R>(
        self,
        step: Step,
        endpoint: &E,
        secrets: &[&Secret],
        access: Option<&Access>,
    ) -> Result<R, CredentialsError>
    where
        E: Endpoint<Response = R> + Serialize,
        R: Decode,
    {
        let mut request = request::<E>(endpoint)?;
        if let Some(access) = access {
            access.authorization.apply(request.headers_mut());
        }
        let response = match tokio::time::timeout(self.limit, self.transport.send(request)).await {
            Ok(answer) => answer.map_err(|error| transport_failure(step, self.origin, error))?,
            Err(_) => return Err(timed_out(step, self.origin)),
        };
        if !response.status().is_success() {
            return Err(error_answer(step, &response, secrets));
        }
        let (head, body) = response.into_parts();
        R::decode(&head, body.clone())
            .map_err(|error| unreadable(step, self.origin, &head, &body, secrets).with_source(error))
    }
}

/// The error of a success that is no answer to the exchange: what came, and from whom.
fn unreadable(
    step: Step,
    origin: &Origin,
    head: &Parts,
    body: &[u8],
    secrets: &[&Secret],
) -> CredentialsError {
    let name = step.name();
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.and_then(|text| text.get(..CONTENT_TYPE_LIMIT).or(Some(text)));
    let begins = first_words(body).filter(|words| !repeats(words, secrets));
    let begins = begins.map(|words| format!(" (\"{words}\")")).unwrap_or_default();
    let text = format!(
        "{origin} answered the {name} with {}, {}{begins}, which is not a {name} answer{CHECK} and any proxy in front of the server",
        head.status,
        content_type.unwrap_or("no content type"),
    );
    CredentialsError::new(Kind::Unexpected, text)
}

/// The longest content type that is shown, in bytes.
const CONTENT_TYPE_LIMIT: usize = 100;

/// The request of an endpoint; the body's bytes are wiped once it is sent.
fn request<E: Endpoint + Serialize>(endpoint: &E) -> Result<Request<Bytes>, CredentialsError> {
    let invalid = |what| CredentialsError::new(Kind::Invalid, what);
    let mut body = Zeroizing::new(Vec::with_capacity(512));
    serde_json::to_writer(&mut *body, endpoint)
        .map_err(|error| invalid("the request cannot be written as JSON").with_source(error))?;
    Request::builder()
        .method(E::METHOD)
        .uri(E::PATH)
        .header(ACCEPT, <E::Response as Answer>::MEDIA_TYPE)
        .header(CONTENT_TYPE, "application/json")
        .body(Bytes::from_owner(body))
        .map_err(|error| invalid("the request cannot be built").with_source(error))
}

fn timed_out(step: Step, origin: &Origin) -> CredentialsError {
    CredentialsError::new(Kind::TimedOut, format!("{origin} did not answer the {} in time", step.name()))
}

fn transport_failure(step: Step, origin: &Origin, error: TransportError) -> CredentialsError {
    let name = step.name();
    let kind = match error.kind() {
        TransportErrorKind::NotSent => Kind::Unavailable,
        TransportErrorKind::Interrupted => Kind::Interrupted,
        TransportErrorKind::TimedOut => return timed_out(step, origin).with_source(error),
        TransportErrorKind::Insecure => Kind::Insecure,
        TransportErrorKind::ForeignOrigin => Kind::ForeignOrigin,
    };
    let text = match kind {
        Kind::Unavailable => format!("the {name} could not be sent to {origin}"),
        Kind::Interrupted => format!("the connection to {origin} was lost before the {name} was answered"),
        _ => format!("the {name} was not sent to {origin}, to protect the credential"),
    };
    CredentialsError::new(kind, text).with_source(error)
}

/// What a failed refresh says about the token that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It does not work, and never will.
    Refused,
    /// The server did not look at it.
    NotExecuted,
    /// It may have been spent.
    Unknown,
}

impl Answered {
    pub(crate) fn of(error: &CredentialsError) -> Self {
        match error.kind() {
            Kind::SessionExpired => Self::Refused,
            Kind::Insecure | Kind::ForeignOrigin => Self::NotExecuted,
            Kind::Unavailable => match error.status() {
                None | Some(StatusCode::TOO_MANY_REQUESTS) => Self::NotExecuted,
                Some(_) => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

/// Whether a text has one of the secrets in it that were sent.
fn repeats(text: &str, secrets: &[&Secret]) -> bool {
    secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret.expose()))
}

/// What to do about an answer that is none of a login endpoint's.
const CHECK: &str = ": check the base URL";

/// Whether an answer is for people, not for programs.
fn is_web_page(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| text.to_ascii_lowercase().starts_with("text/html"))
}

/// What an answer outside 2xx means.
fn error_answer(step: Step, response: &Response<Bytes>, secrets: &[&Secret]) -> CredentialsError {
    let status = response.status();
    let body = ErrorBody::read(status, response.body());
    let repeats = |text: &str| repeats(text, secrets);
    let name = step.name();
    let invalid_grant = status == StatusCode::BAD_REQUEST && body.code.eq_ignore_ascii_case("invalid_grant");
    let (kind, text) = match status.as_u16() {
        401 if step == Step::Login => {
            (Kind::Refused, "the login was refused: the name or the password is wrong".to_owned())
        }
        401 => (Kind::SessionExpired, format!("the {name} was refused: the session is over")),
        400 if invalid_grant && step == Step::Refresh => {
            (Kind::SessionExpired, format!("the {name} was refused: the session is over"))
        }
        400 if invalid_grant => (Kind::Refused, format!("the {name} was refused")),
        403 => forbidden(step, body.reason_text().filter(|reason| is_word(reason) && !repeats(reason))),
        423 => (
            Kind::Locked,
            "the account is locked after too many wrong logins; wait, then log in again".to_owned(),
        ),
        429 => (
            Kind::Unavailable,
            format!("the server limits the rate of {name} requests; wait, then try again"),
        ),
        408 | 425 | 500..=599 => {
            (Kind::Unavailable, format!("the server could not answer the {name} ({status})"))
        }
        _ => (Kind::Unexpected, format!("the server answered the {name} with {status}{CHECK}")),
    };
    let text = match kind {
        Kind::Unavailable | Kind::Unexpected if is_web_page(response.headers()) => {
            format!(
                "{}, with a web page, perhaps from a proxy: check the base URL",
                text.trim_end_matches(CHECK)
            )
        }
        _ => text,
    };
    let wait = retry_after(response.headers(), SystemTime::now())
        .or_else(|| wait_in_body(&body))
        .or((kind == Kind::Locked).then_some(ACCOUNT_PAUSE));
    let turned_away = status == StatusCode::SERVICE_UNAVAILABLE && body.retryable == Some(true);
    let message = Some(body.message).filter(|text| !repeats(text));
    let error = CredentialsError::new(kind, text).with_answer(
        status,
        Some(body.code.into_boxed_str()).filter(|code| !repeats(code)),
        message.map(String::into_boxed_str),
    );
    let error = if turned_away { error.turned_away() } else { error };
    match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// What a 403 means, by the server's reason. A refresh that is refused for a reason is refused for good
/// (`POST /auth/refresh`); one without may be the word of a machine in front of the server.
fn forbidden(step: Step, reason: Option<&str>) -> (Kind, String) {
    let name = step.name();
    let kind = if step == Step::Refresh { Kind::SessionExpired } else { Kind::Inactive };
    match reason {
        Some("account_inactive") => {
            (Kind::Inactive, format!("the {name} was forbidden: the account is not active"))
        }
        Some("tenant_suspended") => (kind, format!("the {name} was forbidden: the tenant is suspended")),
        Some("membership_revoked") => {
            (kind, format!("the {name} was forbidden: the account is no longer a member of its tenant"))
        }
        Some(other) => (kind, format!("the {name} was forbidden, with the reason {other}")),
        None => (
            Kind::Inactive,
            format!("the {name} was forbidden: the account is not active, or a proxy forbids it"),
        ),
    }
}

/// Whether a reason is one word of bounded length, and so can stand in an error.
fn is_word(reason: &str) -> bool {
    (1..=64).contains(&reason.len())
        && reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
