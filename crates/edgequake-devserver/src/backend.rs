//! [`Backend`]: the server without a socket.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edgequake_types::session::{Role, User};
use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::CreateWorkspace;
use edgequake_types::{DocumentId, UserId};

use crate::app::App;
use crate::auth::token::Signer;
use crate::bus::ProcessingEvents;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, InitialUser};
use crate::faults::{Fault, FaultError, Faults};
use crate::ledger::{Ledger, SessionId};
use crate::log::{LoggedRequest, Stats};
use crate::password::PasswordHash;
use crate::place::Place;
use crate::recorder::Recorder;
use crate::routes;
use crate::seed::{self, SeedDocument, SeedError};
use crate::service::BackendService;
use crate::state::tenancy::MemberRole;
use crate::state::{BUILT_IN_USER, Directory, new_user_id, resources, user_id};
use crate::stop::{Stop, StopOnDrop};

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be bound.
    #[non_exhaustive]
    #[error("cannot listen on {ip}, port {port}; choose another port, or 0 for any free one")]
    Bind {
        /// The requested address.
        ip: IpAddr,
        /// The requested port.
        port: u16,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// There is no certificate for TLS.
    #[cfg(feature = "tls")]
    #[non_exhaustive]
    #[error("TLS cannot be set up; are all allowed hosts names or addresses?")]
    Tls {
        /// The error of the library.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A folder whose files were to be ingested on request is not there.
    #[non_exhaustive]
    #[error("the folder {} cannot be scanned; is it there?", path.display())]
    ScanRoot {
        /// The folder.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// Two users share a name or an e-mail address.
    #[error("user names and e-mail addresses must be unique, ignoring case")]
    Users,
    /// A document that was to be there from the start.
    #[error("a document cannot be seeded")]
    Seed(#[from] SeedError),
    /// A fault that was to be in force from the start.
    #[error("a fault cannot be ordered")]
    Fault(#[from] FaultError),
    /// Documents were still being processed when the start was given up.
    #[error("the start was given up")]
    Stopped,
    /// No random numbers for keys and salts.
    #[error("the operating system provides no random numbers")]
    Randomness,
}

/// The server without a socket: its statistics, its request log, and controls for tests.
///
/// A [`DevServer`](crate::DevServer) dereferences to it. [`DevServerBuilder::build`](crate::DevServerBuilder::build)
/// creates one on its own, to be called in the same process:
///
/// ```
/// use edgequake_devserver::DevServer;
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let backend = DevServer::builder().build()?;
/// let request = http::Request::get("/live").body(String::new())?;
/// let response = backend.service().oneshot(request).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Backend {
    app: Arc<App>,
    /// What [`reset`](Self::reset) puts back.
    start: Arc<Start>,
}

/// What is there from the start.
#[derive(Debug)]
struct Start {
    documents: Vec<SeedDocument>,
    faults: Vec<Fault>,
    /// Held by a reset, and by whoever adds a list of documents: one after the other.
    turn: tokio::sync::Mutex<()>,
}

impl Backend {
    /// A server with nothing of the start but its users.
    pub(crate) fn new(
        mut config: Config,
        users: Vec<InitialUser>,
        documents: Vec<SeedDocument>,
        faults: Vec<Fault>,
    ) -> Result<Self, StartError> {
        for root in &mut config.scan_roots {
            *root = folder(root)?;
        }
        let clock = Clock::start();
        let directory = initial_directory(&config, users, clock.timestamp())?;
        let signer = Signer::new().map_err(|_| StartError::Randomness)?;
        let known = Faults::new(routes::operations());
        let app = Arc::new(App::new(config, clock, signer, known, directory));
        Ok(Self { app, start: Arc::new(Start { documents, faults, turn: tokio::sync::Mutex::default() }) })
    }

    /// [`put_start`](Self::put_start) off the threads of the runtime. Dropping it stops the work.
    pub(crate) async fn put_start_aside(&self) -> Result<(), StartError> {
        let stop = Stop::default();
        if self.start.documents.is_empty() {
            return self.put_start(&stop);
        }
        let _guard = StopOnDrop(stop.clone());
        let backend = self.clone();
        let put = tokio::task::spawn_blocking(move || backend.put_start(&stop));
        put.await.unwrap_or(Err(StartError::Stopped))
    }

    /// Adds what is there from the start, which blocks the thread while documents are processed.
    pub(crate) fn put_start(&self, stop: &Stop) -> Result<(), StartError> {
        for fault in &self.start.faults {
            self.app.faults.add(fault.clone())?;
        }
        for document in &self.start.documents {
            seed::seed(&self.app, document.clone(), stop)?;
            if stop.is_stopped() {
                return Err(StartError::Stopped);
            }
        }
        Ok(())
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The whole API as a tower service, on the state of this server. Clone it rather than asking for another one.
    pub fn service(&self) -> BackendService {
        BackendService::new(Arc::clone(&self.app))
    }

    /// The failures to order.
    pub fn faults(&self) -> Faults {
        self.app.faults.clone()
    }

    /// The clock of the server, which a test can move.
    pub fn clock(&self) -> Clock {
        self.app.clock.clone()
    }

    /// What has happened to the sessions.
    pub fn ledger(&self) -> Ledger {
        self.app.ledger.clone()
    }

    /// The recorder of requests, which is off until it is started.
    pub fn recorder(&self) -> Recorder {
        self.app.recorder.clone()
    }

    /// What happens to documents from now on.
    pub fn processing_events(&self) -> ProcessingEvents {
        self.app.bus.subscribe()
    }

    /// Adds a document that is processed already, as if it had been uploaded. One with the same content is replaced.
    ///
    /// # Errors
    ///
    /// [`SeedError`] for a blank document, an unknown workspace, and a server that is full.
    pub async fn seed(&self, document: SeedDocument) -> Result<DocumentId, SeedError> {
        let app = Arc::clone(&self.app);
        let title = document.title.clone();
        let seeded = tokio::task::spawn_blocking(move || seed::seed(&app, document, &Stop::default()));
        seeded.await.unwrap_or(Err(SeedError::Unprocessed { title }))
    }

    /// Adds documents one after the other, up to the first that is refused; also when nobody waits any more.
    pub(crate) async fn seed_all(&self, documents: Vec<SeedDocument>) -> Result<Vec<DocumentId>, SeedError> {
        let title = documents.first().map(|document| document.title.clone()).unwrap_or_default();
        let backend = self.clone();
        let seeded = tokio::spawn(async move {
            let _turn = backend.start.turn.lock().await;
            // All or none, but for their size and for what others do meanwhile.
            documents.iter().try_for_each(|document| backend.check_seed(document))?;
            let mut ids = Vec::new();
            for document in documents {
                ids.push(backend.seed(document).await?);
            }
            Ok(ids)
        });
        seeded.await.unwrap_or(Err(SeedError::Unprocessed { title }))
    }

    /// Whether a document could be seeded now, its size aside.
    fn check_seed(&self, document: &SeedDocument) -> Result<(), SeedError> {
        seed::check(&self.app, document).map(drop)
    }

    /// Puts the server back to its start: users, tenants, documents and faults are those of the builder, all sessions
    /// are over, rate limits are unused, and the ledger, the recorder, the request log and the counts are empty.
    /// Connections and the clock stay. Once it has begun, it goes to its end, also when nobody waits for it any more; resets
    /// at the same time follow one another.
    pub async fn reset(&self) {
        let backend = self.clone();
        // Only the end of the runtime stops it.
        let reset = tokio::spawn(async move {
            let _turn = backend.start.turn.lock().await;
            backend.app.reset();
            // Nothing that was accepted at the start is refused now.
            let _ = backend.put_start_aside().await;
        });
        let _ = reset.await;
    }

    /// The session of a refresh token or of an access token, valid or not; `None` for a token that is not of this
    /// server, and for one that was forgotten after its expiry.
    pub fn session_of(&self, token: &str) -> Option<SessionId> {
        let by_refresh_token = self.app.directory().sessions.of_token(token).map(|token| token.session);
        by_refresh_token.or_else(|| self.app.signer.read(token).map(|claims| claims.session()))
    }

    /// Event counts since the start.
    pub fn stats(&self) -> Stats {
        self.app.counters.read()
    }

    /// The latest 10,000 requests, oldest first; fewer if they would take more than 16 MiB of memory. They contain the kinds of
    /// credentials, never the credentials.
    pub fn request_log(&self) -> Vec<LoggedRequest> {
        self.app.log.read()
    }

    /// The id of a user, by name or e-mail address.
    pub fn user_id(&self, identifier: &str) -> Option<UserId> {
        self.app.directory().accounts.id(identifier).cloned()
    }

    /// Rejects every access token issued so far with 401, as if all of them had expired. Refresh tokens stay valid.
    pub fn expire_access_tokens(&self) {
        self.app.expire_access_tokens();
    }

    /// Ends all sessions: access tokens and refresh tokens are rejected, and users have to log in again.
    pub fn revoke_sessions(&self) {
        self.app.revoke_sessions();
    }
}

/// The folder without links.
fn folder(path: &Path) -> Result<PathBuf, StartError> {
    let real = path.canonicalize().and_then(|real| std::fs::read_dir(&real).map(|_| real));
    real.map_err(|source| StartError::ScanRoot { path: path.to_owned(), source })
}

/// The tables at the start: the default tenant with the default workspace, and the users.
fn initial_directory(
    config: &Config,
    users: Vec<InitialUser>,
    now: Timestamp,
) -> Result<Directory, StartError> {
    let mut directory = Directory::default();
    let place = Place::server_default();
    let tenant = resources::new_tenant(CreateTenant::new("Default"), place.tenant.clone(), now);
    let workspace = CreateWorkspace::new(&place.tenant, "Default");
    let workspace = resources::new_workspace(workspace, &tenant, place.workspace.clone(), now);
    // The tables are empty, so nothing can conflict.
    let _ = directory.tenancy.insert_tenant(tenant);
    let _ = directory.tenancy.insert_workspace(place.clone(), workspace);
    for place in &config.workspaces {
        if directory.tenancy.tenant(&place.tenant).is_none() {
            let tenant = CreateTenant::new(format!("Tenant {}", place.tenant));
            let tenant = resources::new_tenant(tenant, place.tenant.clone(), now);
            // A server has room for more than a test names.
            let _ = directory.tenancy.insert_tenant(tenant);
        }
        if let Some(tenant) = directory.tenancy.tenant(&place.tenant) {
            let workspace = CreateWorkspace::new(&place.tenant, format!("Workspace {}", place.workspace));
            let workspace = resources::new_workspace(workspace, tenant, place.workspace.clone(), now);
            // One that is named twice is there.
            let _ = directory.tenancy.insert_workspace(place.clone(), workspace);
        }
    }
    if !config.auth {
        let user = User::new(user_id(BUILT_IN_USER), "default", "default@localhost", Role::Admin);
        directory.accounts.insert(user, None, now).map_err(|_| StartError::Users)?;
    }
    for InitialUser { username, email, password, role } in users {
        let hash = PasswordHash::new(&password).map_err(|_| StartError::Randomness)?;
        let membership = MemberRole::from_role(&role);
        let user = User::new(new_user_id(), username, email, role);
        let user = directory.accounts.insert(user, Some(hash), now).map_err(|_| StartError::Users)?;
        let tenants = std::iter::once(&place).chain(&config.workspaces);
        for tenant in tenants.map(|place| &place.tenant) {
            directory.tenancy.add_member(user.user_id.clone(), tenant.clone(), None, membership);
        }
    }
    Ok(directory)
}
