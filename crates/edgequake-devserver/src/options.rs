//! [`DevServerBuilder`]: everything that can be chosen before the start.

use std::time::Duration;

use edgequake_types::session::Role;
use edgequake_types::{Secret, TenantId, WorkspaceId};

use crate::backend::Backend;
use crate::server::{DevServer, StartError};

/// The generation of servers to behave like, where a client sees a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Era {
    /// The middle line: refresh tokens are used again and again, scopes of keys are not enforced, static keys are
    /// administrators, no membership, deletions are finished when they are answered.
    B,
    /// The latest line: refresh tokens are used once, scopes of keys and membership are enforced, deletions are queued.
    C,
}

/// Chooses how a [`DevServer`] behaves. Every option has a default that suits first steps.
///
/// ```
/// use std::time::Duration;
/// use edgequake_devserver::{DevServer, Role};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::builder()
///     .user("mona", "mona@corp.test", "correct horse", Role::User)
///     .token_lifetime(Duration::from_millis(200))
///     .max_login_attempts(3)
///     .start()
///     .await?;
/// assert!(server.user_id("mona").is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct DevServerBuilder {
    port: u16,
    options: Options,
    users: Vec<NewUser>,
}

/// A user that exists from the start.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) password: Secret,
    pub(crate) role: Role,
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) era: Era,
    pub(crate) auth: bool,
    pub(crate) token_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) refresh_delay: Duration,
    pub(crate) processing_delay: Duration,
    pub(crate) token_delay: Duration,
    rotate: Option<bool>,
    pub(crate) strict_scope: bool,
    pub(crate) session_scope: (TenantId, WorkspaceId),
    pub(crate) registration: bool,
    pub(crate) master_key: Option<Secret>,
    pub(crate) static_keys: Vec<Secret>,
    pub(crate) max_login_attempts: u32,
    pub(crate) lockout: Duration,
    pub(crate) rate_limit: Option<(u32, f64)>,
}

impl Options {
    /// Whether a refresh token is used once and replaced by a successor.
    pub(crate) fn rotates(&self) -> bool {
        self.rotate.unwrap_or(self.era == Era::C)
    }
}

impl Default for DevServerBuilder {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        Self {
            port: 0,
            users: Vec::new(),
            options: Options {
                era: Era::C,
                auth: true,
                token_lifetime: day,
                refresh_lifetime: 30 * day,
                refresh_delay: Duration::ZERO,
                processing_delay: Duration::ZERO,
                token_delay: Duration::ZERO,
                rotate: None,
                strict_scope: false,
                session_scope: (TenantId::server_default(), WorkspaceId::server_default()),
                registration: true,
                master_key: None,
                static_keys: Vec::new(),
                max_login_attempts: 5,
                lockout: Duration::from_secs(15 * 60),
                rate_limit: None,
            },
        }
    }
}

impl DevServerBuilder {
    /// The port to listen on, on 127.0.0.1. Default: 0, which takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// A user that exists from the start, member of the default tenant: its owner with [`Role::Admin`], a reader with
    /// [`Role::Readonly`], else a member. Any password is taken. [`Backend::user_id`] tells the id.
    pub fn user(
        mut self,
        username: impl Into<String>,
        email: impl Into<String>,
        password: impl Into<Secret>,
        role: Role,
    ) -> Self {
        let (username, email, password) = (username.into(), email.into(), password.into());
        self.users.push(NewUser { username, email, password, role });
        self
    }

    /// The generation to behave like. Default: [`Era::C`].
    pub fn era(mut self, era: Era) -> Self {
        self.options.era = era;
        self
    }

    /// Whether credentials are demanded. Default: true. When false, credentials are ignored and everybody is the
    /// administrator `00000000-0000-0000-0000-000000000001`.
    pub fn auth(mut self, enabled: bool) -> Self {
        self.options.auth = enabled;
        self
    }

    /// How long an access token lives. Default: 24 hours. Fractions of a second count, although `expires_in` and `exp`
    /// are whole seconds, rounded up.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.token_lifetime = lifetime;
        self
    }

    /// How long a refresh token lives. Default: 30 days.
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.refresh_lifetime = lifetime;
        self
    }

    /// Holds each answer to a refresh for this long after the tokens were exchanged, so that other callers can be seen to
    /// wait, or to give up. Default: none.
    pub fn refresh_delay(mut self, delay: Duration) -> Self {
        self.options.refresh_delay = delay;
        self
    }

    /// Whether a refresh token is used once and replaced by a successor; a second use then revokes the session. Default:
    /// true in [`Era::C`], false in [`Era::B`].
    pub fn rotate_refresh_tokens(mut self, rotate: bool) -> Self {
        self.options.rotate = Some(rotate);
        self
    }

    /// How long the processing of a document takes. Default: none, it is done a moment after the upload.
    pub fn processing_delay(mut self, delay: Duration) -> Self {
        self.options.processing_delay = delay;
        self
    }

    /// The pause before each token of a streamed answer. Default: none.
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.options.token_delay = delay;
        self
    }

    /// Whether scope headers that differ from the claims of a session's token are refused with 403, as the newest servers
    /// do. Default: false: the header wins, and membership is checked all the same, so that one login can work in
    /// several workspaces.
    pub fn strict_scope(mut self, strict: bool) -> Self {
        self.options.strict_scope = strict;
        self
    }

    /// The tenant and the workspace that the token of a password login is bound to. Default: the server's default ones,
    /// `00000000-0000-0000-0000-000000000002` and `...0003`.
    pub fn session_scope(mut self, tenant: TenantId, workspace: WorkspaceId) -> Self {
        self.options.session_scope = (tenant, workspace);
        self
    }

    /// Whether anybody may create an account for themselves. Default: true.
    pub fn registration(mut self, open: bool) -> Self {
        self.options.registration = open;
        self
    }

    /// A key that may do everything, without a user behind it. Default: none.
    pub fn master_key(mut self, key: impl Into<Secret>) -> Self {
        self.options.master_key = Some(key.into());
        self
    }

    /// Adds a key that may read and query ([`Era::C`]) or do everything ([`Era::B`]), without a user behind it.
    pub fn static_key(mut self, key: impl Into<Secret>) -> Self {
        self.options.static_keys.push(key.into());
        self
    }

    /// How many failed logins in a row lock an account; the last of them is answered with 423 already. Default: 5.
    pub fn max_login_attempts(mut self, attempts: u32) -> Self {
        self.options.max_login_attempts = attempts;
        self
    }

    /// How long an account stays locked. Default: 15 minutes.
    pub fn lockout(mut self, duration: Duration) -> Self {
        self.options.lockout = duration;
        self
    }

    /// Limits the requests of each caller: how many at once, and how many more per second. Default: no limit.
    pub fn rate_limit(mut self, burst_and_per_second: Option<(u32, f64)>) -> Self {
        self.options.rate_limit = burst_and_per_second;
        self
    }

    #[cfg(test)]
    pub(crate) fn into_options(self) -> Options {
        self.options
    }

    /// Sets the server up without a socket, for calls in the same process through [`Backend::router`].
    ///
    /// # Errors
    ///
    /// [`StartError::Users`] when two users share a name or an e-mail address.
    pub fn build(self) -> Result<Backend, StartError> {
        Backend::new(self.options, self.users)
    }

    /// Binds 127.0.0.1 and serves until the handle is dropped. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    ///
    /// [`StartError::Bind`] when the port is taken, and those of [`build`](Self::build).
    pub async fn start(self) -> Result<DevServer, StartError> {
        let port = self.port;
        DevServer::listen(self.build()?, port).await
    }
}
