//! What a session does, for those who watch it: its present state, counters, and the sessions that were lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use edgequake_types::Secret;
use tokio::sync::{broadcast, watch};

use crate::authorization::Generation;
use crate::error::{CredentialsError, CredentialsErrorKind};
use crate::store::StoreError;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SessionPhase {
    /// No session is in use: none has been needed yet, or the last one is over and another can be begun.
    #[default]
    Idle,
    /// There is one, whose access token works or can be renewed.
    Active,
    /// The session is over, and nothing at hand begins another.
    Lost,
    /// Somebody logged out, here or elsewhere.
    LoggedOut,
}

/// The state of a session at one moment. It holds no token.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SessionStatus {
    /// Where it stands.
    pub phase: SessionPhase,
    /// When the access token expires; `None` when there is none, or nobody knows.
    pub expires_at: Option<SystemTime>,
    /// The generation of the access token, which changes with each one; `None` when there is none.
    pub generation: Option<Generation>,
    /// Why the last attempt to get a token failed; `None` after one that succeeded.
    pub last_failure: Option<CredentialsError>,
    /// New tokens could not be stored yet. They are in use here, and would be lost with this process.
    pub unsaved: bool,
    /// How the store failed last; `None` once something was written again. With [`unsaved`](Self::unsaved) it is why.
    pub last_store_error: Option<Arc<StoreError>>,
    /// An exchange got no answer, so that nobody knows whether the refresh token still works: that of the stored session, or one that
    /// the program gave.
    pub unsettled: bool,
}

/// Watches a session; see [`Jwt::watch`](crate::Jwt::watch).
#[derive(Debug, Clone)]
pub struct SessionWatch(watch::Receiver<SessionStatus>);

impl SessionWatch {
    /// The present state.
    pub fn status(&self) -> SessionStatus {
        self.0.borrow().clone()
    }

    /// Waits for a change since the last call, and gives the state then; `None` once the provider is gone. Safe to drop.
    pub async fn changed(&mut self) -> Option<SessionStatus> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().clone())
    }
}

/// A session that cannot be had back without a login: its refresh token is over, and there is no password, or none that the server
/// takes at present. The access token may still work. Each is told once, and a logout of one's own is none.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LostSession {
    /// Where it stands: [`Lost`](SessionPhase::Lost) or [`LoggedOut`](SessionPhase::LoggedOut).
    pub phase: SessionPhase,
    /// What callers are told.
    pub error: CredentialsError,
    /// When it was noticed.
    pub at: SystemTime,
}

/// The sessions that are lost from now on; see [`Jwt::lost_sessions`](crate::Jwt::lost_sessions).
#[derive(Debug)]
pub struct LostSessions(broadcast::Receiver<LostSession>);

impl LostSessions {
    /// The next one; `None` once the provider is gone. Who is slow gets the latest 16. Safe to drop.
    pub async fn next(&mut self) -> Option<LostSession> {
        loop {
            match self.0.recv().await {
                Ok(lost) => return Some(lost),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// An access token for a program that hands it on; see [`Jwt::token`](crate::Jwt::token).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AccessToken {
    /// The token, as it goes after `Bearer `.
    pub token: Secret,
    /// When it expires; `None` when nobody knows.
    pub expires_at: Option<SystemTime>,
}

/// What a provider has done, over all clones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionCounters {
    /// Refreshes that succeeded.
    pub refreshes: u64,
    /// Logins that succeeded.
    pub logins: u64,
    /// Failures of the store.
    pub store_errors: u64,
    /// Refreshes that were begun although somebody else had begun one and vanished.
    pub takeovers: u64,
    /// Exchanges that ended after the lease they were sent under. This process was stopped in between, or its clock was set.
    pub late: u64,
    /// Attempts to get a token that failed, by what happened.
    pub failures: Vec<(CredentialsErrorKind, u64)>,
}

/// The counters at work.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) refreshes: AtomicU64,
    pub(crate) logins: AtomicU64,
    pub(crate) store_errors: AtomicU64,
    pub(crate) takeovers: AtomicU64,
    pub(crate) late: AtomicU64,
    failures: Mutex<Vec<(CredentialsErrorKind, u64)>>,
}

impl Counts {
    pub(crate) fn fail(&self, kind: CredentialsErrorKind) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, times)) => *times = times.saturating_add(1),
            None => failures.push((kind, 1)),
        }
    }

    pub(crate) fn read(&self) -> SessionCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SessionCounters {
            refreshes: read(&self.refreshes),
            logins: read(&self.logins),
            store_errors: read(&self.store_errors),
            takeovers: read(&self.takeovers),
            late: read(&self.late),
            failures: self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// Where watchers are told.
#[derive(Debug)]
pub(crate) struct Board {
    status: watch::Sender<SessionStatus>,
    lost: broadcast::Sender<LostSession>,
    /// There has been no session since the last one was lost.
    is_lost: AtomicBool,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self {
            status: watch::Sender::default(),
            lost: broadcast::Sender::new(16),
            is_lost: AtomicBool::new(false),
        }
    }

    pub(crate) fn watch(&self) -> SessionWatch {
        SessionWatch(self.status.subscribe())
    }

    pub(crate) fn lost_sessions(&self) -> LostSessions {
        LostSessions(self.lost.subscribe())
    }

    pub(crate) fn publish(&self, change: impl FnOnce(&mut SessionStatus)) {
        self.status.send_modify(change);
    }

    /// There is a session.
    pub(crate) fn found(&self) {
        self.is_lost.store(false, Ordering::Release);
    }

    /// There is none any more. Who goes on asking for one loses nothing else.
    pub(crate) fn lose(&self, lost: LostSession) {
        if !self.is_lost.swap(true, Ordering::AcqRel) {
            // Nobody may be listening.
            drop(self.lost.send(lost));
        }
    }
}
