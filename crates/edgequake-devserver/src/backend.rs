//! [`Backend`]: the server without a socket.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use edgequake_types::session::{Role, User};
use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::CreateWorkspace;
use edgequake_types::{TenantId, UserId, WorkspaceId};
use tokio::task::JoinSet;

use crate::auth::caller::Caller;
use crate::auth::password;
use crate::auth::scope::Place;
use crate::auth::token::Signer;
use crate::clock::Clock;
use crate::limiter::Limiter;
use crate::log::{Counters, Log, LoggedRequest, Stats};
use crate::options::{NewUser, Options};
use crate::server::StartError;
use crate::state::models;
use crate::state::tenancy::MemberRole;
use crate::state::{BUILT_IN_USER, Store, new_user_id, user_id};

/// The server without a socket: what it knows, and the levers of a test.
///
/// A [`DevServer`](crate::DevServer) dereferences to it. [`DevServerBuilder::build`](crate::DevServerBuilder::build) makes
/// one alone, to be called in the same process:
///
/// ```
/// use edgequake_devserver::DevServer;
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let backend = DevServer::builder().build()?;
/// let request = http::Request::get("/live").body(String::new())?;
/// let response = backend.router().oneshot(request).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Backend(Arc<Shared>);

/// What all handlers share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) signer: Signer,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) counters: Counters,
    pub(crate) log: Log,
    store: Mutex<Store>,
    /// The jobs in the background; they end with the server.
    jobs: Mutex<JoinSet<()>>,
}

/// Options and statistics only: what the users have stored is nobody's business.
impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("Shared");
        fields.field("options", &self.options).field("stats", &self.counters.read()).finish_non_exhaustive()
    }
}

impl Shared {
    /// The tables. Held for moments only, never across an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a job in the background.
    pub(crate) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        while jobs.try_join_next().is_some() {}
        jobs.spawn(job);
    }

    /// Who everybody is when authentication is off.
    pub(crate) fn built_in_caller(&self) -> Caller {
        Caller::built_in(user_id(BUILT_IN_USER))
    }
}

impl Backend {
    pub(crate) fn new(options: Options, users: Vec<NewUser>) -> Result<Self, StartError> {
        let clock = Clock::start();
        let now = clock.now();
        let mut store = Store::default();
        let place = Place { tenant: TenantId::server_default(), workspace: WorkspaceId::server_default() };
        let tenant = models::tenant(CreateTenant::new("Default"), place.tenant.clone(), now);
        let workspace = CreateWorkspace::new(&place.tenant, "Default");
        let workspace = models::workspace(workspace, &tenant, place.workspace.clone(), now);
        // The tables are empty, so nothing can be taken yet.
        let _ = store.tenancy.insert_tenant(tenant);
        let _ = store.tenancy.insert_workspace(place.clone(), workspace);
        if !options.auth {
            let user = User::new(user_id(BUILT_IN_USER), "default", "default@localhost", Role::Admin);
            store.accounts.insert(user, None, now).map_err(|_| StartError::Users)?;
        }
        for NewUser { username, email, password, role } in users {
            let hash = password::hash(&password).map_err(|_| StartError::Randomness)?;
            let membership = MemberRole::of(&role);
            let user = User::new(new_user_id(), username, email, role);
            let user = store.accounts.insert(user, Some(hash), now).map_err(|_| StartError::Users)?;
            store.tenancy.admit(user.user_id, place.tenant.clone(), None, membership);
        }
        let limiter = options.rate_limit.map(|(burst, per_second)| Limiter::new(burst, per_second));
        Ok(Self(Arc::new(Shared {
            options,
            clock,
            signer: Signer::new().map_err(|_| StartError::Randomness)?,
            limiter,
            counters: Counters::default(),
            log: Log::default(),
            store: Mutex::new(store),
            jobs: Mutex::default(),
        })))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// The whole API as a tower service, over the state of this server.
    pub fn router(&self) -> axum::Router {
        crate::routes::router(Arc::clone(&self.0))
    }

    /// How often things have happened since the start.
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }

    /// The latest 10,000 requests, the oldest first. Credentials are not in it, only their kinds.
    pub fn request_log(&self) -> Vec<LoggedRequest> {
        self.0.log.read()
    }

    /// The id of a user, by name or e-mail address.
    pub fn user_id(&self, identifier: &str) -> Option<UserId> {
        self.0.store().accounts.find_mut(identifier).map(|account| account.user.user_id.clone())
    }

    /// Refuses every access token issued so far with 401, as if all of them had expired. Refresh tokens go on to work.
    pub fn expire_access_tokens(&self) {
        self.0.store().sessions.expire_access_tokens();
    }

    /// Ends all sessions: access tokens and refresh tokens are refused, only a login helps.
    pub fn revoke_sessions(&self) {
        self.0.store().sessions.close_all();
    }
}
