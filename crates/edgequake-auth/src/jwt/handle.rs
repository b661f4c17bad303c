//! [`Jwt`] itself: the handle that programs hold.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use edgequake_types::Origin;
use edgequake_types::session::User;

use super::builder::JwtBuilder;
use super::inner::Inner;
use super::logout::{LogoutOutcome, Removal, Revocation};
use super::notes::Login;
use super::state;
use super::watch::{AccessToken, LostSessions, SessionCounters, SessionWatch};
use crate::authorization::{Authorization, Generation};
use crate::credentials::{AuthContext, Credentials, Recourse};
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::providers::Password;
use crate::store::{ServerKey, StoreError, StoreErrorKind};
use crate::transport::TokenTransport;

/// A login that keeps itself alive.
///
/// An access token is used until shortly before its expiry, renewed in the background while it still works, and renewed
/// in the foreground when it does not. However many requests and clones ask, one refresh is under way at a time, and
/// all of them get its result; a caller who gives up does not cancel it, since a refresh token works only once. When a
/// refresh is refused, the password is used, if there is one; a refused password is not sent again. The server counts attempts
/// until one succeeds, and locks the account at the fifth: so a password that it has never taken from this provider, and that may have
/// been counted since its answer was lost or told nothing, rests for 10 seconds, then for a minute, then for 15 minutes each time.
///
/// A token that the server refuses before its expiry (401) is renewed as well, three times within 60 seconds at most: a server that
/// refuses every fresh token is not asked for more of them. Until that time is over, [`Recourse::After`] says how long to wait.
///
/// ```
/// use bytes::Bytes;
/// use edgequake_auth::{AuthContext, BoxFuture, Credentials, Jwt, TokenTransport, TransportError};
/// use http::{Request, Response};
///
/// /// Stands for an HTTP client that knows the base URL.
/// #[derive(Debug)]
/// struct Transport;
///
/// impl TokenTransport for Transport {
///     fn send(&self, _: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
///         let answer = r#"{"access_token":"a1","refresh_token":"r1","expires_in":3600}"#;
///         Box::pin(async move { Ok(Response::new(Bytes::from(answer))) })
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let origin: edgequake_types::Origin = "https://api.example.com".parse().unwrap();
/// let jwt = Jwt::builder(origin.clone(), Transport).login("mona@corp.test", "correct horse").build()?;
///
/// let authorization = jwt.authorize(&AuthContext::new(origin)).await?;
/// assert_eq!(authorization.header().unwrap().1, "Bearer a1");
/// assert_eq!((jwt.logins(), jwt.refreshes()), (1, 0));
/// # Ok::<(), edgequake_auth::CredentialsError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Jwt(Arc<Inner>);

/// What may be known about a session. The tokens may not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Session {
    /// Who logged in, as the server described them then: at the last login of this process, or at that of another whose session was
    /// found in the store. `None` if the server did not say, or the session began with tokens of the program's own or with an earlier
    /// version of this crate.
    pub user: Option<User>,
    /// How long the access token still works; `None` when nobody knows.
    pub expires_in: Option<Duration>,
    /// Whether there is a refresh token.
    pub has_refresh_token: bool,
}

impl Jwt {
    /// Starts a provider for `origin`, whose requests go over `transport`.
    pub fn builder(origin: Origin, transport: impl TokenTransport) -> JwtBuilder {
        JwtBuilder::new(origin, transport)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Logs in now, with the name and password given to the builder, whatever session there is; also after a logout or a
    /// refused login. Gives the user as the server describes them. A refresh or logout under way is waited for first; once the
    /// login itself is under way it goes on if this future is dropped. A logout that is asked for meanwhile ends what it began.
    ///
    /// # Errors
    ///
    /// [`Refused`](Kind::Refused) (401), [`Inactive`](Kind::Inactive) (403), [`Locked`](Kind::Locked) (423), or a
    /// transient failure. An existing session is left as it is.
    pub async fn login(&self) -> Result<Option<User>, CredentialsError> {
        self.0.login_now(None).await?;
        Ok(self.0.notes().user.clone())
    }

    /// Logs in now as somebody, who takes the place of the name and password held if the server agrees.
    ///
    /// # Errors
    ///
    /// Those of [`login`](Self::login).
    pub async fn login_as(
        &self,
        identifier: impl Into<String>,
        password: impl Into<Password>,
    ) -> Result<Option<User>, CredentialsError> {
        let login = Login { identifier: identifier.into(), password: password.into() };
        self.0.login_now(Some(login.checked()?)).await?;
        Ok(self.0.notes().user.clone())
    }

    /// Ends the session: from the first poll on nobody gets a token any more. A refresh under way is waited for, so that
    /// its tokens are revoked too; then the server is told and the store cleared, each whatever becomes of the other.
    /// It goes on if this future is dropped. Until [`login`](Self::login) every request fails with
    /// [`SessionExpired`](Kind::SessionExpired).
    pub async fn logout(&self) -> LogoutOutcome {
        let asked = {
            let mut core = self.0.write();
            core.state.close();
            self.0.process.logouts.begin()
        };
        let inner = Arc::clone(&self.0);
        let logout = async move {
            let _asked = asked;
            let (task, _, in_hand) = inner.begin_when_idle(|state| state.begin_logout()).await;
            let ticket = task.ticket;
            let outcome = task.inner.end_session(in_hand).await;
            task.finish(|state, _, _| {
                state.abandon(ticket);
                Err(state::logged_out())
            });
            outcome
        };
        let lost = |error| LogoutOutcome {
            server: Revocation::NotRevoked(error),
            store: Removal::Failed(StoreError::new(
                StoreErrorKind::Unavailable,
                "the logout was interrupted",
            )),
        };
        match self.0.driver.spawn(logout) {
            Ok(running) => running.wait().await.unwrap_or_else(|| {
                let text = "the logout was interrupted: its runtime is gone";
                lost(CredentialsError::new(Kind::Interrupted, text))
            }),
            Err(error) => lost(error),
        }
    }

    /// Waits until no login, refresh, logout or revocation is under way and new tokens are stored, at most as long as `limit`: the one
    /// call before a process ends. `false` if that was not enough; [`last_store_error`](Self::last_store_error) says why new
    /// tokens could not be stored. It takes a second more at most where nobody drives the [runtime](crate::JwtBuilder::runtime) of logins.
    pub async fn settle(&self, limit: Duration) -> bool {
        let inner = Arc::clone(&self.0);
        let settled = async move { tokio::time::timeout(limit, inner.settled()).await.is_ok() };
        match self.0.driver.spawn(settled) {
            Ok(running) => running.wait_at_most(limit).await.unwrap_or(false),
            Err(_) => false,
        }
    }

    /// Refreshes now, however long the access token still works; joins a refresh that is under way. Where the store cannot be
    /// written, no refresh token is used: with a password in hand this is another login, a session of its own beside the stored one.
    ///
    /// # Errors
    ///
    /// Those of [`authorize`](Credentials::authorize). The token in hand stays in use then, while it works; and while it does, a refresh
    /// token that may be spent, since its last use was not answered, is not sent again ([`Interrupted`](Kind::Interrupted)).
    pub async fn refresh_now(&self) -> Result<(), CredentialsError> {
        self.0.refresh_now().await.map(drop)
    }

    /// A good access token, for a program that hands it on, after whatever it takes.
    ///
    /// # Errors
    ///
    /// Those of [`authorize`](Credentials::authorize).
    pub async fn token(&self) -> Result<AccessToken, CredentialsError> {
        loop {
            let authorization = self.0.authorize().await?;
            let now = self.0.clock.now();
            let core = self.0.read();
            // Another flight may have ended in between.
            if let Some(access) =
                core.state.access().filter(|access| access.generation() == authorization.generation())
            {
                let wall = UNIX_EPOCH.checked_add(now.wall);
                let expires_at = access.remaining(now).and_then(|left| wall?.checked_add(left));
                return Ok(AccessToken { token: access.token.clone(), expires_at });
            }
        }
    }

    /// Watches the session: every change of its token, its end, what could not be stored.
    pub fn watch(&self) -> SessionWatch {
        self.0.board.watch()
    }

    /// The sessions that are lost from now on, each with the reason: where to ask the user to log in again.
    pub fn lost_sessions(&self) -> LostSessions {
        self.0.board.lost_sessions()
    }

    /// What this provider has done so far, over all clones.
    pub fn counters(&self) -> SessionCounters {
        self.0.counts.read()
    }

    /// The origin that the session belongs to.
    pub fn origin(&self) -> &Origin {
        self.0.server.origin()
    }

    /// The server that the session belongs to: its origin and path prefix.
    pub fn server(&self) -> &ServerKey {
        &self.0.server
    }

    /// What may be known about the session; `None` when there is none in this process yet.
    pub fn session(&self) -> Option<Session> {
        let now = self.0.clock.now();
        let user = self.0.notes().user.clone();
        let core = self.0.read();
        let access = core.state.access()?;
        Some(Session {
            user,
            expires_in: access.remaining(now),
            has_refresh_token: core.state.has_refresh_token(),
        })
    }

    /// How long the access token still works; `None` when there is none or nobody knows.
    pub fn expires_in(&self) -> Option<Duration> {
        self.session()?.expires_in
    }

    /// How many refreshes have succeeded, over all clones.
    pub fn refreshes(&self) -> u64 {
        self.0.counts.refreshes.load(Ordering::Relaxed)
    }

    /// How many logins have succeeded, over all clones.
    pub fn logins(&self) -> u64 {
        self.0.counts.logins.load(Ordering::Relaxed)
    }

    /// How often the store has failed, whether or not that stopped what was being done, over all clones.
    pub fn store_errors(&self) -> u64 {
        self.0.counts.store_errors.load(Ordering::Relaxed)
    }

    /// The last failure of the store.
    pub fn last_store_error(&self) -> Option<Arc<StoreError>> {
        self.0.notes().last_store_error.clone()
    }

    /// What a child of this process would find.
    #[cfg(test)]
    pub(crate) fn as_if_forked(&self) {
        self.0.process.as_if_forked();
    }

    fn belongs_to(&self, cx: &AuthContext) -> bool {
        cx.origin() == self.0.server.origin()
    }
}

impl Credentials for Jwt {
    fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        if self.belongs_to(cx) { self.0.ready() } else { None }
    }

    async fn authorize(&self, cx: &AuthContext) -> Result<Authorization, CredentialsError> {
        if !self.belongs_to(cx) {
            let text =
                format!("the login belongs to {} and is not sent to {}", self.0.server.origin(), cx.origin());
            return Err(CredentialsError::new(Kind::ForeignOrigin, text));
        }
        self.0.authorize().await
    }

    fn rejected(&self, used: Generation) -> Recourse {
        let now = self.0.clock.now();
        let recourse = self.0.write().state.rejected(now, used);
        self.0.publish();
        recourse
    }
}

/// Whose session it is and where it stands.
impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("server", &format_args!("{}", self.0.server))
            .field("user", &self.0.notes().account)
            .field("phase", &self.0.phase())
            .finish_non_exhaustive()
    }
}
