//! [`JwtBuilder`]: everything a [`Jwt`] can be told.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::{Origin, Secret};
use tokio::runtime::Handle;

use super::access::{self, Access};
use super::handle::Jwt;
use super::inner::{Inner, Settings};
use super::notes::{Login, Notes, empty};
use super::state::State;
use super::wire::Tokens;
use crate::clock::{Clock, SystemClock};
use crate::driver::Driver;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::protocol::Limits;
use crate::providers::Password;
use crate::store::{MemoryStore, ServerKey, TokenStore};
use crate::transport::TokenTransport;

/// Builds a [`Jwt`]. Every source of a session is optional; what is there is tried in this order: tokens given here, the
/// store, the password.
///
/// ```
/// use edgequake_auth::{Jwt, MemoryStore, TokenTransport};
///
/// fn provider(transport: impl TokenTransport) -> Result<Jwt, edgequake_auth::CredentialsError> {
///     Jwt::builder("https://api.example.com".parse().unwrap(), transport)
///         .login("mona@corp.test", "correct horse")
///         .retain_password(false)
///         .store(MemoryStore::new())
///         .build()
/// }
/// ```
#[must_use = "call build"]
pub struct JwtBuilder {
    server: ServerKey,
    transport: Arc<dyn TokenTransport>,
    store: Option<Arc<dyn TokenStore>>,
    driver: Driver,
    clock: Arc<dyn Clock>,
    login: Option<Login>,
    account: Option<String>,
    tokens: Option<Tokens>,
    refresh: Option<Secret>,
    early: Duration,
    timeout: Duration,
    lease_margin: Option<Duration>,
    store_timeout: Duration,
    retain_password: bool,
    allow_http: bool,
}

impl JwtBuilder {
    pub(crate) fn new(origin: Origin, transport: impl TokenTransport) -> Self {
        Self {
            server: origin.into(),
            transport: Arc::new(transport),
            store: None,
            driver: Driver::default(),
            clock: Arc::new(SystemClock::new()),
            login: None,
            account: None,
            tokens: None,
            refresh: None,
            early: Duration::from_secs(300),
            timeout: Duration::from_secs(30),
            lease_margin: None,
            store_timeout: Duration::from_secs(10),
            retain_password: true,
            allow_http: false,
        }
    }

    /// The path below which the server stands, such as `/edgequake` behind a proxy; by default none. Logins of servers with
    /// different prefixes are kept apart. The transport puts it in front of the paths of requests.
    pub fn path_prefix(mut self, prefix: &str) -> Self {
        self.server = ServerKey::new(self.server.origin().clone(), prefix);
        self
    }

    /// The name or e-mail address, and the password. Used for the first login, and again whenever the refresh token is
    /// refused. The name also says which login of a store is meant.
    ///
    /// A password in a [`SecretFile`](crate::SecretFile) is read for each login. One that the server refused is sent again once the
    /// file holds another.
    pub fn login(mut self, identifier: impl Into<String>, password: impl Into<Password>) -> Self {
        self.login = Some(Login { identifier: identifier.into(), password: password.into() });
        self
    }

    /// Which login of the store is meant, when no password is given; by default the one that began last and has not
    /// ended, but never one that a program's own tokens began without an account. With [tokens](Self::tokens) or a
    /// [refresh token](Self::refresh_token) in hand the default is the empty account instead, so that they never mix with the login of
    /// somebody else.
    pub fn account(mut self, user: impl Into<String>) -> Self {
        self.account = Some(user.into());
        self
    }

    /// A refresh token in hand; it is exchanged when a credential is first needed. In the store its session takes the place of what
    /// the [account](Self::account) had there; once it is spent, or may be, the account's session in the store is used before it.
    /// Without an account that is the empty one, which holds one such session at a time: programs with tokens of several people in one
    /// store name the account of each. Without an account only a session that this token began is taken up from the store, and one
    /// that another program's token replaced is over, with an error that says so.
    pub fn refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh = Some(token.into());
        self
    }

    /// Tokens that the server issued a moment ago. In the store they belong to the [account](Self::account); without one, to the
    /// empty account, as with a [refresh token](Self::refresh_token).
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Where the login is kept between runs and shared between processes. Without one it lives in memory.
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// How long before its expiry an access token is renewed, while it is still in use: 300 seconds, but never more
    /// than a fifth of the token's lifetime.
    pub fn early_refresh(mut self, early: Duration) -> Self {
        self.early = early;
        self
    }

    /// The time limit of one login, refresh or logout: 30 seconds. It does not depend on the time limits of callers. The lease
    /// under which others who share the store wait is twice as long, and the [margin](Self::lease_margin). More than 10 minutes counts
    /// as 10 minutes: others would not wait for longer.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How much those who share the store allow for pauses of a process and for clocks that run at different speeds: a sixth of the
    /// [time limit](Self::timeout), from 50 milliseconds to 5 seconds; 5 seconds with the default limit.
    ///
    /// Whoever vanishes in the middle of a refresh delays others by three time limits and three margins: 105 seconds with the
    /// defaults. A shorter margin shortens that, and a process that stands still for longer than the margin between its last look at
    /// the lease and its request may present a spent refresh token, which ends the session. All who share a login should use the same
    /// margin; the longer one of holder and waiter counts. More than 5 minutes counts as 5 minutes.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use edgequake_auth::{Jwt, TokenStore, TokenTransport};
    ///
    /// fn shared(
    ///     transport: impl TokenTransport,
    ///     store: impl TokenStore,
    /// ) -> Result<Jwt, edgequake_auth::CredentialsError> {
    ///     // A process that was killed delays the others by 33 seconds at most.
    ///     Jwt::builder("https://api.example.com".parse().unwrap(), transport)
    ///         .timeout(Duration::from_secs(10))
    ///         .lease_margin(Duration::from_secs(1))
    ///         .account("mona@corp.test")
    ///         .store(store)
    ///         .build()
    /// }
    /// ```
    pub fn lease_margin(mut self, margin: Duration) -> Self {
        self.lease_margin = Some(margin);
        self
    }

    /// The time limit of one operation of the store: 10 seconds.
    pub fn store_timeout(mut self, limit: Duration) -> Self {
        self.store_timeout = limit;
        self
    }

    /// Runs logins, refreshes and logouts on this runtime, instead of a thread that this crate starts for them. Somebody has
    /// to drive it until they are done, whatever becomes of who asked; see [`Jwt::settle`]. For tests with paused time.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.driver = Driver::Runtime(runtime);
        self
    }

    /// Whether the password is kept for later logins: yes. If not, it is wiped, or its file forgotten, once it was exchanged for
    /// tokens.
    pub fn retain_password(mut self, retain: bool) -> Self {
        self.retain_password = retain;
        self
    }

    /// Whether credentials may go over plain `http` to another machine: no. To this machine they always may.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    #[cfg(test)]
    pub(crate) fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The provider. Sends nothing, reads nothing, starts nothing.
    ///
    /// # Errors
    ///
    /// [`Insecure`](Kind::Insecure) for an origin with plain `http` on another machine;
    /// [`Invalid`](Kind::Invalid) for an empty name, password or refresh token; [`Unexpected`](Kind::Unexpected) for an
    /// access token that fits no header.
    pub fn build(self) -> Result<Jwt, CredentialsError> {
        let origin = self.server.origin();
        if !(origin.is_secure() || origin.is_loopback() || self.allow_http) {
            let text = format!(
                "{origin} would get the password over plain http: use https, or set allow_http(true) (EDGEQUAKE_ALLOW_HTTP=true) if the network is trusted"
            );
            return Err(CredentialsError::new(Kind::Insecure, text));
        }
        let login = self.login.map(Login::checked).transpose()?;
        let now = self.clock.now();
        let (access, mut refresh) = match self.tokens {
            Some(tokens) => {
                let lifetime = access::lifetime(tokens.expires_in, &tokens.access_token, now);
                let access = Access::new(tokens.access_token)?.with_lifetime(
                    lifetime,
                    now,
                    self.early,
                    fastrand::f64(),
                );
                (Some(access), tokens.refresh_token)
            }
            None => (None, None),
        };
        refresh = refresh.or(self.refresh);
        if refresh.as_ref().is_some_and(|token| token.expose().trim().is_empty()) {
            return Err(empty("the refresh token"));
        }
        // Nobody knows whose tokens these are, so they are not mixed with the login of somebody whose name is known.
        let unnamed = (access.is_some() || refresh.is_some()).then(String::new);
        let named = self.account.is_some();
        let account = self.account.or_else(|| login.as_ref().map(|login| login.identifier.clone()));
        let account = account.or(unnamed);
        let state = State::new(self.store.is_some(), login.is_some(), self.retain_password)
            .with_session(access, refresh);
        let notes = Notes { login, account, ..Notes::default() };
        let settings = Settings {
            server: self.server,
            transport: self.transport,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            clock: self.clock,
            driver: self.driver,
            early: self.early,
            limits: Limits::new(self.timeout, self.lease_margin),
            store_timeout: self.store_timeout,
            retain_password: self.retain_password,
            named,
        };
        let inner = Inner::new(settings, state, notes);
        Ok(Jwt::from_inner(inner))
    }
}

impl fmt::Debug for JwtBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtBuilder")
            .field("server", &format_args!("{}", self.server))
            .field("transport", &self.transport)
            .field("store", &self.store)
            .field("login", &self.login)
            .field("account", &self.account)
            .field("tokens", &self.tokens)
            .field("refresh_token", &self.refresh)
            .field("early_refresh", &self.early)
            .field("timeout", &self.timeout)
            .field("lease_margin", &self.lease_margin)
            .field("allow_http", &self.allow_http)
            .finish_non_exhaustive()
    }
}
