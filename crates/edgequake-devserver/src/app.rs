//! [`App`]: the state that all handlers share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::request::Parts;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::auth::caller::Caller;
use crate::auth::credential::Credential;
use crate::auth::token::Signer;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::faults::Faults;
use crate::ledger::{Ledger, SessionEvent};
use crate::limiter::Limiter;
use crate::log::{Counters, CredentialKind, Log, LoggedRequest};
use crate::recorder::Recorder;
use crate::state::space::Spaces;
use crate::state::{BUILT_IN_USER, Directory, user_id};

/// The maximum number of open WebSockets.
#[cfg(feature = "websocket")]
const MAX_SOCKETS: usize = 256;

/// The state that all handlers share.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) signer: Signer,
    pub(crate) faults: Faults,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) counters: Counters,
    pub(crate) log: Log,
    pub(crate) ledger: Ledger,
    pub(crate) recorder: Recorder,
    pub(crate) bus: Bus,
    pub(crate) spaces: Spaces,
    /// The threads that read PDF files.
    #[cfg(feature = "pdf")]
    pub(crate) readers: crate::pdf::Readers,
    #[cfg(feature = "pdf")]
    pub(crate) parse_jobs: crate::state::parse_jobs::ParseJobs,
    /// One permit for each WebSocket that may be open.
    #[cfg(feature = "websocket")]
    pub(crate) sockets: Arc<Semaphore>,
    /// One permit for each document that may be processed.
    pub(crate) workers: Arc<Semaphore>,
    directory: Mutex<Directory>,
    /// The directory at the start.
    initial: Directory,
    /// The background jobs; they end with the server.
    jobs: Mutex<JoinSet<()>>,
}

/// Shows the configuration and the statistics only, never what users have stored.
impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("App");
        fields.field("config", &self.config).field("stats", &self.counters.read()).finish_non_exhaustive()
    }
}

impl App {
    pub(crate) fn new(
        config: Config,
        clock: Clock,
        signer: Signer,
        faults: Faults,
        directory: Directory,
    ) -> Self {
        let workers = config.workers;
        let spaces = Spaces::default();
        let limiter = config.rate_limit.map(|(burst, per_second)| Limiter::new(burst, per_second));
        Self {
            config,
            clock,
            signer,
            faults,
            limiter,
            counters: Counters::default(),
            log: Log::default(),
            ledger: Ledger::default(),
            recorder: Recorder::default(),
            bus: Bus::default(),
            #[cfg(feature = "pdf")]
            readers: crate::pdf::Readers::default(),
            #[cfg(feature = "pdf")]
            parse_jobs: crate::state::parse_jobs::ParseJobs::new(spaces.usage()),
            spaces,
            #[cfg(feature = "websocket")]
            sockets: Arc::new(Semaphore::new(MAX_SOCKETS)),
            workers: Arc::new(Semaphore::new(workers)),
            directory: Mutex::new(directory.clone()),
            initial: directory,
            jobs: Mutex::default(),
        }
    }

    /// Users, keys, sessions and tenants. Lock them briefly, and never across an await.
    pub(crate) fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the log says of a request, before it is answered.
    pub(crate) fn seen(&self, parts: &Parts) -> LoggedRequest {
        let credential = Credential::from_headers(&parts.headers, self.config.era);
        let kind = credential.map_or(CredentialKind::None, |credential| credential.kind(&self.config));
        LoggedRequest::new(parts.method.clone(), parts.uri.path(), &parts.headers, kind)
    }

    /// Tells the listener of a request, if there is one.
    pub(crate) fn tell(&self, request: &LoggedRequest) {
        if let Some(listener) = &self.config.on_request {
            listener.call(request);
        }
    }

    /// Starts a background job.
    pub(crate) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        while jobs.try_join_next().is_some() {}
        jobs.spawn(job);
    }

    /// Rejects every access token issued so far.
    pub(crate) fn expire_access_tokens(&self) {
        self.directory().sessions.expire_access_tokens();
        self.ledger.record(self.clock.timestamp(), SessionEvent::AccessTokensExpired, None, None);
    }

    /// Ends all sessions.
    pub(crate) fn revoke_sessions(&self) {
        let now = self.clock.timestamp();
        for token in self.directory().sessions.close_all() {
            self.ledger.record(now, SessionEvent::Revoked, Some(&token), None);
        }
    }

    /// Forgets everything that has happened since the start: what users have stored and changed, sessions, faults, the
    /// ledger, the request log, the rate limits and the counts. The clock stays.
    pub(crate) fn reset(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        {
            let mut directory = self.directory();
            let sessions = directory.sessions.renewed();
            *directory = self.initial.clone();
            directory.sessions = sessions;
        }
        self.spaces.clear();
        #[cfg(feature = "pdf")]
        self.parse_jobs.clear();
        if let Some(limiter) = &self.limiter {
            limiter.clear();
        }
        self.faults.forget();
        self.ledger.clear();
        self.recorder.clear();
        self.log.clear();
        self.counters.reset();
    }

    /// The caller of every request when authentication is off.
    pub(crate) fn built_in_caller(&self) -> Caller {
        Caller::built_in(user_id(BUILT_IN_USER))
    }
}
