//! [`DevServerBuilder`]: configures a server and starts it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use edgequake_types::session::Role;
use edgequake_types::{Secret, TenantId, WorkspaceId};

use crate::backend::{Backend, StartError};
use crate::config::{CompletedStatus, Config, Era, InitialUser, RequestListener};
use crate::faults::Fault;
use crate::guard::Guard;
use crate::log::LoggedRequest;
use crate::place::Place;
use crate::seed::SeedDocument;
use crate::server::{DevServer, Listen};
use crate::stop::Stop;

/// Configures a [`DevServer`] and starts it. Every option has a default that suits first steps.
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
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct DevServerBuilder {
    port: u16,
    ip: Option<IpAddr>,
    guard: Guard,
    tls: bool,
    config: Config,
    users: Vec<InitialUser>,
    documents: Vec<SeedDocument>,
    faults: Vec<Fault>,
}

impl DevServer {
    /// A builder with every option at its default.
    pub fn builder() -> DevServerBuilder {
        DevServerBuilder::default()
    }
}

impl DevServerBuilder {
    /// The address to listen on. Default: 127.0.0.1. On any other one, whoever reaches it may try the users of the
    /// server, and names have to be [allowed](Self::allow_host); the endpoints below `/__dev` stay on this machine.
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// Serves TLS, with a certificate for loopback and the [allowed hosts](Self::allow_host) that is made at the start.
    /// [`DevServer::authority`] is the one to trust. Clients may choose HTTP/2.
    #[cfg(feature = "tls")]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Answers requests to this host, such as the name of a container. Addresses, `localhost` and names that end in
    /// `.localhost` are always answered; any other `Host` is refused with 403, so that no web page can reach the server
    /// by a name of its own (DNS rebinding).
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.guard.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Answers requests with this `Origin`, such as `http://localhost:3000`, and lets pages of it read the responses
    /// (CORS). By default every request with an origin is refused with 403, because it comes from a web page.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.guard.origins.push(origin.into());
        self
    }

    /// The port to listen on. Default: 0, which picks a free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Adds a user that exists from the start and belongs to the default tenant: as its owner with [`Role::Admin`],
    /// as a reader with [`Role::Readonly`], else as a member. Any password is accepted. [`Backend::user_id`] returns
    /// the id.
    pub fn user(
        mut self,
        username: impl Into<String>,
        email: impl Into<String>,
        password: impl Into<Secret>,
        role: Role,
    ) -> Self {
        let (username, email, password) = (username.into(), email.into(), password.into());
        self.users.push(InitialUser { username, email, password, role });
        self
    }

    /// Adds a workspace that is there from the start, and its tenant if that is not: each with an id of your own. Every user of
    /// this builder belongs to it. A login works in one workspace only, so reach several with a
    /// [`master_key`](Self::master_key) or with an API key for each.
    pub fn workspace(mut self, tenant: TenantId, workspace: WorkspaceId) -> Self {
        self.config.workspaces.push(Place { tenant, workspace });
        self
    }

    /// The generation to behave like. Default: [`Era::C`].
    pub fn era(mut self, era: Era) -> Self {
        self.config.era = era;
        self
    }

    /// Whether requests need credentials. Default: true. When false, credentials are ignored and every caller is the
    /// administrator `00000000-0000-0000-0000-000000000001`.
    pub fn auth(mut self, enabled: bool) -> Self {
        self.config.auth = enabled;
        self
    }

    /// The lifetime of access tokens. Default: 24 hours. It is exact to the millisecond, although `expires_in` and
    /// `exp` are whole seconds, rounded up.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.token_lifetime = lifetime;
        self
    }

    /// The lifetime of refresh tokens. Default: 30 days.
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.refresh_lifetime = lifetime;
        self
    }

    /// Delays each response to a refresh by this long after the tokens were exchanged, so that a test can observe other
    /// callers waiting or giving up. Default: none.
    pub fn refresh_delay(mut self, delay: Duration) -> Self {
        self.config.refresh_delay = delay;
        self
    }

    /// Whether a refresh token is replaced by a new one each time it is used; using it again then revokes the session.
    /// Default: true in [`Era::C`], false in [`Era::B`].
    pub fn rotate_refresh_tokens(mut self, rotate: bool) -> Self {
        self.config.rotate_refresh_tokens = Some(rotate);
        self
    }

    /// How long it takes to process a document. Default: none, so it is ready a moment after the upload.
    pub fn processing_delay(mut self, delay: Duration) -> Self {
        self.config.processing_delay = delay;
        self
    }

    /// How many documents are processed at once, in all workspaces together; the others wait as `pending`. Default: 1,024; 0
    /// counts as 1.
    pub fn workers(mut self, workers: usize) -> Self {
        self.config.workers = workers.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// Whether the status of a document that is being processed names its stage, as some servers do: `converting`, `chunking`,
    /// `extracting`, `embedding`, `indexing` or `projecting`. Default: false, which means `processing`.
    pub fn stage_as_status(mut self, named: bool) -> Self {
        self.config.stage_as_status = named;
        self
    }

    /// The word for the status of a document that is processed. Default: [`CompletedStatus::Completed`]. What the server tells
    /// besides, such as `ui_phase`, stays as it is, and so do the events of processing.
    pub fn completed_status(mut self, word: CompletedStatus) -> Self {
        self.config.completed_status = word;
        self
    }

    /// From how many waiting tasks of a workspace on its queue is under pressure, `elevated` and `critical`. While any queue is
    /// critical, `/ready` answers with 503. Default: 100 and 1,000; [`Era::B`] servers tell of none.
    pub fn queue_thresholds(mut self, warn: u64, critical: u64) -> Self {
        self.config.queue_thresholds = (warn, critical);
        self
    }

    /// The pause before each token of a streamed answer. Default: none.
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.config.token_delay = delay;
        self
    }

    /// Whether scope headers that contradict the claims of an access token are rejected with 403, as the newest servers
    /// do. Default: false: the headers win, so that one login can work in several workspaces. Membership is checked
    /// either way.
    pub fn strict_scope(mut self, strict: bool) -> Self {
        self.config.strict_scope = strict;
        self
    }

    /// The tenant and the workspace in the access token of a login. Default: the server's default ones,
    /// `00000000-0000-0000-0000-000000000002` and `...0003`.
    pub fn session_scope(mut self, tenant: TenantId, workspace: WorkspaceId) -> Self {
        self.config.session_scope = Place { tenant, workspace };
        self
    }

    /// Whether users may create their own accounts. Default: true.
    pub fn registration(mut self, open: bool) -> Self {
        self.config.registration = open;
        self
    }

    /// A key that may do everything and belongs to no user. Default: none.
    pub fn master_key(mut self, key: impl Into<Secret>) -> Self {
        self.config.master_key = Some(key.into());
        self
    }

    /// Adds a key that may read and query ([`Era::C`]) or do everything ([`Era::B`]), and belongs to no user.
    pub fn static_key(mut self, key: impl Into<Secret>) -> Self {
        self.config.static_keys.push(key.into());
        self
    }

    /// The token without which a server that has no users yet cannot be set up (`POST /api/v1/setup/initialize`). Default: none,
    /// so that whoever comes first sets it up.
    pub fn setup_token(mut self, token: impl Into<Secret>) -> Self {
        self.config.setup_token = Some(token.into());
        self
    }

    /// How many consecutive failed logins lock an account; the last of them is already answered with 423. Default: 5.
    pub fn max_login_attempts(mut self, attempts: u32) -> Self {
        self.config.max_login_attempts = attempts;
        self
    }

    /// How long an account stays locked. Default: 15 minutes.
    pub fn lockout(mut self, duration: Duration) -> Self {
        self.config.lockout = duration;
        self
    }

    /// Limits the requests of each caller: how many at once, and how many more per second. Default: no limit.
    pub fn rate_limit(mut self, burst_and_per_second: Option<(u32, f64)>) -> Self {
        self.config.rate_limit = burst_and_per_second;
        self
    }

    /// Lets clients have the files of this folder, and of those below it, ingested (`POST /api/v1/documents/scan`). Links are not
    /// followed. Default: no folder, so that every scan is refused with 403.
    pub fn scan_root(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.scan_roots.push(folder.into());
        self
    }

    /// Adds a document that is there from the start, processed.
    pub fn document(mut self, document: SeedDocument) -> Self {
        self.documents.push(document);
        self
    }

    /// Adds a failure that is in force from the start; see also [`Backend::faults`].
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Calls `listener` for each request, for a log of one's own, once its head is answered or a fault has ended or silenced
    /// its connection. That includes requests that are [refused to web pages](Self::allow_origin) and those of the endpoints
    /// for tests, neither of which [`Backend::request_log`] has. It runs on the runtime of the server, so it must not block.
    pub fn on_request(mut self, listener: impl Fn(&LoggedRequest) + Send + Sync + 'static) -> Self {
        self.config.on_request = Some(RequestListener::new(listener));
        self
    }

    /// Creates the server without a socket, to be called in the same process through [`Backend::service`].
    ///
    /// # Errors
    ///
    /// [`StartError::Users`] when two users share a name or an e-mail address, [`StartError::ScanRoot`] for a folder that is not
    /// there, [`StartError::Seed`] for a document and [`StartError::Fault`] for a fault that makes no sense.
    pub fn build(self) -> Result<Backend, StartError> {
        let backend = self.bare()?;
        backend.put_start(&Stop::default())?;
        Ok(backend)
    }

    fn bare(self) -> Result<Backend, StartError> {
        Backend::new(self.config, self.users, self.documents, self.faults)
    }

    /// Listens and serves until the handle is dropped. Documents are processed off the runtime's own threads, and dropping
    /// the future gives the start up. Needs a tokio runtime with I/O and time enabled.
    ///
    /// # Errors
    ///
    /// [`StartError::Bind`] when the port is in use, and the errors of [`build`](Self::build).
    pub async fn start(self) -> Result<DevServer, StartError> {
        let admin = self.users.iter().find(|user| user.role == Role::Admin);
        let listen = Listen {
            ip: self.ip.unwrap_or(Ipv4Addr::LOCALHOST.into()),
            port: self.port,
            guard: self.guard.clone(),
            admin: admin.map(|user| (user.username.clone(), user.password.clone())),
            tls: self.tls,
        };
        let backend = self.bare()?;
        backend.put_start_aside().await?;
        DevServer::listen(backend, listen).await
    }
}
