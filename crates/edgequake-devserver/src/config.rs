//! [`Config`]: how a server behaves, as plain data.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::Secret;
use edgequake_types::documents::{DocumentStatus, StatusCounts};
use edgequake_types::session::Role;

use crate::log::LoggedRequest;
use crate::place::Place;

/// The generation of servers to behave like, where a client sees a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Era {
    /// The middle generation: refresh tokens are reusable, scopes of keys are not enforced, static keys are
    /// administrators, membership is not checked, and a deletion is complete when it is answered.
    B,
    /// The latest generation: refresh tokens are single-use, scopes of keys and membership are enforced, and deletions
    /// are queued.
    C,
}

impl Era {
    /// From which silence on a document is stuck, unless it is said.
    pub(crate) fn stuck_after(self) -> Duration {
        let minutes = if self == Self::B { 10 } else { 15 };
        Duration::from_secs(minutes * 60)
    }
}

/// The word for the status of a document that is processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CompletedStatus {
    /// `completed`, as of today's servers.
    #[default]
    Completed,
    /// `processed`, as of the first servers.
    Processed,
    /// `indexed`, as of the first servers.
    Indexed,
    /// None at all, as of documents that are older than their status. They are counted as unknown.
    Absent,
}

impl CompletedStatus {
    /// What clients are told of a status.
    pub(crate) fn shown(self, status: &DocumentStatus) -> Option<DocumentStatus> {
        match (status, self) {
            (DocumentStatus::Completed, Self::Processed) => Some(DocumentStatus::Other("processed".into())),
            (DocumentStatus::Completed, Self::Indexed) => Some(DocumentStatus::Other("indexed".into())),
            (DocumentStatus::Completed, Self::Absent) => None,
            (status, _) => Some(status.clone()),
        }
    }

    /// What clients are told of the number of documents in each state.
    pub(crate) fn counted(self, mut counts: StatusCounts) -> StatusCounts {
        if self == Self::Absent {
            counts.unknown += std::mem::take(&mut counts.completed);
        }
        counts
    }

    /// Whether documents of a status are found by it.
    pub(crate) fn is_found(self, status: &DocumentStatus) -> bool {
        self.shown(status).is_some()
    }
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) era: Era,
    pub(crate) auth: bool,
    pub(crate) token_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) refresh_delay: Duration,
    pub(crate) processing_delay: Duration,
    pub(crate) token_delay: Duration,
    /// `None` leaves it to the era.
    pub(crate) rotate_refresh_tokens: Option<bool>,
    pub(crate) strict_scope: bool,
    pub(crate) session_scope: Place,
    /// What is there besides the default one.
    pub(crate) workspaces: Vec<Place>,
    pub(crate) registration: bool,
    pub(crate) master_key: Option<Secret>,
    pub(crate) static_keys: Vec<Secret>,
    /// What the setup of a server without users demands.
    pub(crate) setup_token: Option<Secret>,
    pub(crate) max_login_attempts: u32,
    pub(crate) lockout: Duration,
    /// How many requests at once, and how many more per second.
    pub(crate) rate_limit: Option<(u32, f64)>,
    /// How many documents are processed at once.
    pub(crate) workers: usize,
    /// Whether the status of a document names its stage.
    pub(crate) stage_as_status: bool,
    /// The word for the status of a document that is processed.
    pub(crate) completed_status: CompletedStatus,
    /// From how many waiting tasks of a workspace on its queue is long, and from how many on it is too long.
    pub(crate) queue_thresholds: (u64, u64),
    /// The folders below which directories may be scanned, without links once the server is made.
    pub(crate) scan_roots: Vec<PathBuf>,
    /// Called for each request, once it has ended.
    pub(crate) on_request: Option<RequestListener>,
}

/// Called for each answered request.
#[derive(Clone)]
pub(crate) struct RequestListener(Arc<dyn Fn(&LoggedRequest) + Send + Sync>);

impl RequestListener {
    pub(crate) fn new(listener: impl Fn(&LoggedRequest) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    pub(crate) fn call(&self, request: &LoggedRequest) {
        (self.0)(request);
    }
}

impl std::fmt::Debug for RequestListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestListener")
    }
}

impl Default for Config {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        Self {
            era: Era::C,
            auth: true,
            token_lifetime: day,
            refresh_lifetime: 30 * day,
            refresh_delay: Duration::ZERO,
            processing_delay: Duration::ZERO,
            token_delay: Duration::ZERO,
            rotate_refresh_tokens: None,
            strict_scope: false,
            session_scope: Place::server_default(),
            workspaces: Vec::new(),
            registration: true,
            master_key: None,
            static_keys: Vec::new(),
            setup_token: None,
            max_login_attempts: 5,
            lockout: Duration::from_secs(15 * 60),
            rate_limit: None,
            workers: 1024,
            stage_as_status: false,
            completed_status: CompletedStatus::default(),
            queue_thresholds: (100, 1000),
            scan_roots: Vec::new(),
            on_request: None,
        }
    }
}

impl Config {
    /// Whether a refresh token is replaced by a new one each time it is used.
    pub(crate) fn rotates_refresh_tokens(&self) -> bool {
        self.rotate_refresh_tokens.unwrap_or(self.era == Era::C)
    }
}

/// A user that exists from the start.
#[derive(Debug, Clone)]
pub(crate) struct InitialUser {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) password: Secret,
    pub(crate) role: Role,
}
