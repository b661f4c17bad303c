//! [`Backend`]: the server without a socket.

use std::sync::Arc;

use edgequake_types::UserId;
use edgequake_types::session::{Role, User};
use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::CreateWorkspace;

use crate::app::App;
use crate::auth::password;
use crate::auth::token::Signer;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, InitialUser};
use crate::faults::Faults;
use crate::ledger::{Ledger, SessionId};
use crate::log::{LoggedRequest, Stats};
use crate::place::Place;
use crate::recorder::Recorder;
use crate::routes;
use crate::service::BackendService;
use crate::state::tenancy::MemberRole;
use crate::state::{BUILT_IN_USER, Store, new_user_id, resources, user_id};

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be bound.
    #[error("cannot listen on 127.0.0.1:{port}; choose another port, or 0 for any free one")]
    #[non_exhaustive]
    Bind {
        /// The requested port.
        port: u16,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// Two users share a name or an e-mail address.
    #[error("user names and e-mail addresses must be unique, ignoring case")]
    Users,
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
pub struct Backend(Arc<App>);

impl Backend {
    pub(crate) fn new(config: Config, users: Vec<InitialUser>) -> Result<Self, StartError> {
        let clock = Clock::start();
        let store = initial_store(&config, users, clock.timestamp())?;
        let signer = Signer::new().map_err(|_| StartError::Randomness)?;
        let faults = Faults::new(routes::operations());
        Ok(Self(Arc::new(App::new(config, clock, signer, faults, store))))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0
    }

    /// The whole API as a tower service, on the state of this server. Clone it rather than asking for another one.
    pub fn service(&self) -> BackendService {
        BackendService::new(Arc::clone(&self.0))
    }

    /// The failures to order.
    pub fn faults(&self) -> Faults {
        self.0.faults.clone()
    }

    /// The clock of the server, which a test can move.
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// What has happened to the sessions.
    pub fn ledger(&self) -> Ledger {
        self.0.ledger.clone()
    }

    /// The recorder of requests, which is off until it is started.
    pub fn recorder(&self) -> Recorder {
        self.0.recorder.clone()
    }

    /// The session of a refresh token or of an access token, valid or not; `None` for a token that is not of this
    /// server, and for one that was forgotten after its expiry.
    pub fn session_of(&self, token: &str) -> Option<SessionId> {
        let by_refresh_token = self.0.store().sessions.of_token(token).map(|token| token.session);
        by_refresh_token.or_else(|| self.0.signer.read(token).map(|claims| claims.session()))
    }

    /// Event counts since the start.
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }

    /// The latest 10,000 requests, oldest first. They contain the kinds of credentials, never the credentials.
    pub fn request_log(&self) -> Vec<LoggedRequest> {
        self.0.log.read()
    }

    /// The id of a user, by name or e-mail address.
    pub fn user_id(&self, identifier: &str) -> Option<UserId> {
        self.0.store().accounts.find_mut(identifier).map(|account| account.user.user_id.clone())
    }

    /// Rejects every access token issued so far with 401, as if all of them had expired. Refresh tokens stay valid.
    pub fn expire_access_tokens(&self) {
        self.0.expire_access_tokens();
    }

    /// Ends all sessions: access tokens and refresh tokens are rejected, and users have to log in again.
    pub fn revoke_sessions(&self) {
        self.0.revoke_sessions();
    }
}

/// The tables at the start: the default tenant with the default workspace, and the users.
fn initial_store(config: &Config, users: Vec<InitialUser>, now: Timestamp) -> Result<Store, StartError> {
    let mut store = Store::default();
    let place = Place::server_default();
    let tenant = resources::new_tenant(CreateTenant::new("Default"), place.tenant.clone(), now);
    let workspace = CreateWorkspace::new(&place.tenant, "Default");
    let workspace = resources::new_workspace(workspace, &tenant, place.workspace.clone(), now);
    store.tenancy.insert_tenant(tenant);
    // The tables are empty, so nothing can conflict.
    let _ = store.tenancy.insert_workspace(place.clone(), workspace);
    if !config.auth {
        let user = User::new(user_id(BUILT_IN_USER), "default", "default@localhost", Role::Admin);
        store.accounts.insert(user, None, now).map_err(|_| StartError::Users)?;
    }
    for InitialUser { username, email, password, role } in users {
        let hash = password::hash(&password).map_err(|_| StartError::Randomness)?;
        let membership = MemberRole::from_role(&role);
        let user = User::new(new_user_id(), username, email, role);
        let user = store.accounts.insert(user, Some(hash), now).map_err(|_| StartError::Users)?;
        store.tenancy.add_member(user.user_id, place.tenant.clone(), None, membership);
    }
    Ok(store)
}
