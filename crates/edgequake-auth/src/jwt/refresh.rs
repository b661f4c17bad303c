//! The refresh, or a new login, itself: lock the store, read it again, refresh only if still needed, save before giving out.
//!
//! Everything here runs inside the one flight there is, so nothing here needs to expect another.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use edgequake_types::Secret;

use super::access::{self, Access};
use super::inner::Inner;
use super::notes::{LastSeen, Login};
use super::state::{By, Failure, Plan, Renewed, Ticket};
use super::wire::{Tokens, Wire};
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::store::{StoreError, StoreErrorKind, StoreLock, StoredLogin};

impl Failure {
    fn of(error: CredentialsError) -> Self {
        Self { error, refused_tokens: Vec::new(), by_login: false }
    }
}

impl Inner {
    /// Gets a usable access token by the cheapest way there is: somebody else's refresh, our refresh token, the password.
    pub(crate) async fn renew(&self, plan: Plan, ticket: Ticket) -> Result<Renewed, Failure> {
        let _lock = self.lock_store().await.map_err(Failure::of)?;
        let mut refresh = plan.refresh.clone();
        if let Some(newer) = self.newer(&plan).await.map_err(Failure::of)? {
            if let Some(renewed) = self.adopt(&newer, plan.refused.as_ref()) {
                return Ok(renewed);
            }
            refresh = newer.refresh_token.or(refresh);
        }
        let mut failure = Failure::of(self.no_login());
        while let Some(token) = refresh.take() {
            match self.wire().refresh(&token).await {
                Ok(tokens) => {
                    self.refreshes.fetch_add(1, Ordering::Relaxed);
                    return self.keep(tokens, Some(token), By::Refresh, ticket).await.map_err(Failure::of);
                }
                Err(error) if error.kind() == Kind::SessionExpired => {
                    tracing::debug!(code = error.code(), "refresh token refused");
                    failure.error = error;
                    failure.refused_tokens.push(token);
                }
                Err(error) => return Err(Failure { error, ..failure }),
            }
            // Somebody who does not take the lock may have been faster; one more token is tried, not a third.
            if failure.refused_tokens.len() == 1
                && let Some(other) = self.other_than(&failure.refused_tokens).await
            {
                if let Some(renewed) = self.adopt(&other, plan.refused.as_ref()) {
                    return Ok(renewed);
                }
                refresh = other.refresh_token;
            }
        }
        match plan.login {
            Ok(()) => match self.login(None, ticket).await {
                Ok(renewed) => Ok(renewed),
                Err(error) => Err(Failure { error, by_login: true, ..failure }),
            },
            Err(remembered) => {
                self.forget(&failure.refused_tokens).await;
                if let Some(error) = remembered {
                    failure.error = error;
                } else if failure.refused_tokens.is_empty() && plan.has_session {
                    failure.error = super::state::session_expired();
                }
                Err(failure)
            }
        }
    }

    /// A full login, with the password held or with another one.
    pub(crate) async fn login(
        &self,
        other: Option<Login>,
        ticket: Ticket,
    ) -> Result<Renewed, CredentialsError> {
        let Some(login) = other.or_else(|| self.notes().login.clone()) else {
            return Err(CredentialsError::new(
                Kind::NotConfigured,
                "there is no name and password to log in with",
            ));
        };
        let (tokens, user) = self.wire().login(&login.identifier, &login.password).await?;
        self.logins.fetch_add(1, Ordering::Relaxed);
        {
            let mut notes = self.notes();
            notes.user = user;
            notes.account = Some(login.identifier.clone());
            notes.login = self.retain_password.then_some(login);
        }
        self.keep(tokens, None, By::Login, ticket).await
    }

    /// Revokes the tokens at the server and forgets them in the store. Both are tried, whatever becomes of the other.
    pub(crate) async fn revoke(
        &self,
        access: Option<Access>,
        refresh: Option<Secret>,
    ) -> (Result<(), CredentialsError>, Result<(), StoreError>) {
        let _lock = self.lock_store().await;
        let plan = Plan { refused: None, refresh, login: Err(None), has_session: access.is_some() };
        let (access, refresh) = match self.newer(&plan).await.ok().flatten() {
            Some(stored) => {
                self.notes().account = Some(stored.user);
                (Access::new(stored.access_token).ok(), stored.refresh_token)
            }
            None => (access, plan.refresh),
        };
        let server = if access.is_none() && refresh.is_none() {
            Ok(())
        } else {
            self.wire().logout(access.as_ref(), refresh.as_ref()).await
        };
        let user = self.account().unwrap_or_default();
        let store = match &self.store {
            Some(store) => self.in_time(store.clear(&self.origin, &user)).await,
            None => Ok(()),
        };
        let mut notes = self.notes();
        notes.last_seen = LastSeen::Held(None);
        notes.user = None;
        (server, store)
    }

    fn wire(&self) -> Wire<'_> {
        Wire { origin: &self.origin, transport: &*self.transport, limit: self.timeout }
    }

    fn no_login(&self) -> CredentialsError {
        let text = format!("there is no login for {}: log in first", self.origin);
        CredentialsError::new(Kind::NotConfigured, text)
    }

    fn account(&self) -> Option<String> {
        self.notes().account.clone()
    }

    /// Makes new tokens durable and usable, in this order. A store that fails does not spoil the refresh: the tokens stay
    /// in memory, and the failure is reported beside.
    async fn keep(
        &self,
        tokens: Tokens,
        old: Option<Secret>,
        by: By,
        ticket: Ticket,
    ) -> Result<Renewed, CredentialsError> {
        let now = self.clock.now();
        let lifetime = access::lifetime(tokens.expires_in, &tokens.access_token, now);
        let access =
            Access::new(tokens.access_token)?.with_lifetime(lifetime, now, self.early, fastrand::f64());
        let refresh = tokens.refresh_token.filter(|token| !token.is_empty());
        if !self.read().state.accepts(ticket) {
            // Nobody drove this flight for so long that it was given up; what came after it must not be undone.
            return Err(super::state::interrupted());
        }
        if let Some(store) = &self.store {
            let login = StoredLogin {
                user: self.account().unwrap_or_default(),
                access_token: access.token.clone(),
                refresh_token: refresh.clone().or(old),
                expires_at: lifetime
                    .and_then(|lifetime| UNIX_EPOCH.checked_add(now.wall.saturating_add(lifetime))),
            };
            match self.in_time(store.save(&self.origin, &login)).await {
                Ok(()) => self.notes().last_seen = LastSeen::of(Some(&login)),
                Err(error) => drop(self.record_store_error(error)),
            }
        }
        self.log_success(if by == By::Login { "logged in" } else { "access token refreshed" }, lifetime);
        Ok(Renewed { access, refresh, by })
    }

    /// The stored login, if somebody else wrote it since we last looked.
    async fn newer(&self, plan: &Plan) -> Result<Option<StoredLogin>, CredentialsError> {
        let Some(store) = &self.store else { return Ok(None) };
        let account = self.account();
        let stored = match self.in_time(store.load(&self.origin, account.as_deref())).await {
            Ok(stored) => stored,
            Err(error) if plan.has_session => {
                self.record_store_error(error);
                return Ok(None);
            }
            Err(error) => {
                let shared = self.record_store_error(error);
                let text = format!("the stored login cannot be read: {shared}");
                return Err(CredentialsError::new(Kind::Store, text).with_source(shared));
            }
        };
        let mut notes = self.notes();
        let found = LastSeen::of(stored.as_ref());
        let newer = match &notes.last_seen {
            // What the program gave us goes before what an earlier run left.
            LastSeen::Never => plan.refresh.is_none(),
            known => *known != found,
        };
        if !newer || stored.is_none() {
            // What is newer stays so until it is taken over: this flight may fail.
            notes.last_seen = found;
        }
        Ok(stored.filter(|_| newer))
    }

    /// The stored login, if its refresh token is none of those that were refused.
    async fn other_than(&self, refused_tokens: &[Secret]) -> Option<StoredLogin> {
        let store = self.store.as_ref()?;
        let account = self.account();
        let stored = self.in_time(store.load(&self.origin, account.as_deref())).await;
        let stored = stored.map_err(|error| self.record_store_error(error)).ok()??;
        let same = stored.refresh_token.as_ref().is_none_or(|token| refused_tokens.contains(token));
        (!same).then_some(stored)
    }

    /// Takes over a stored login whose access token still works.
    fn adopt(&self, stored: &StoredLogin, refused: Option<&Secret>) -> Option<Renewed> {
        let now = self.clock.now();
        self.notes().account = Some(stored.user.clone());
        let remaining = match stored.expires_at {
            Some(at) => Some(at.duration_since(UNIX_EPOCH).ok()?.checked_sub(now.wall)?),
            None => None,
        };
        if refused == Some(&stored.access_token)
            || remaining.is_some_and(|left| left < Duration::from_secs(1))
        {
            return None;
        }
        let access = Access::new(stored.access_token.clone()).ok()?;
        let access = access.with_lifetime(remaining, now, self.early, fastrand::f64());
        self.notes().last_seen = LastSeen::of(Some(stored));
        self.log_success("access token of another process taken from the store", remaining);
        Some(Renewed { access, refresh: stored.refresh_token.clone(), by: By::Store })
    }

    /// Removes a refused login from the store, unless somebody has put another in its place.
    async fn forget(&self, refused_tokens: &[Secret]) {
        let Some(store) = self.store.as_ref().filter(|_| !refused_tokens.is_empty()) else { return };
        let account = self.account();
        match self.in_time(store.load(&self.origin, account.as_deref())).await {
            Ok(Some(stored))
                if stored.refresh_token.as_ref().is_some_and(|token| refused_tokens.contains(token)) =>
            {
                match self.in_time(store.clear(&self.origin, &stored.user)).await {
                    Ok(()) => self.notes().last_seen = LastSeen::Held(None),
                    Err(error) => drop(self.record_store_error(error)),
                }
            }
            Ok(_) => {}
            Err(error) => drop(self.record_store_error(error)),
        }
    }

    /// Keeps other processes out. A store that cannot be locked at all is used without; one that somebody else holds
    /// for too long is not.
    pub(crate) async fn lock_store(&self) -> Result<Option<StoreLock>, CredentialsError> {
        let Some(store) = &self.store else { return Ok(None) };
        let limit = self.lock_limit();
        let grace = limit.saturating_add(Duration::from_secs(1));
        match tokio::time::timeout(grace, store.lock(&self.origin, limit)).await {
            Ok(Ok(lock)) => Ok(Some(lock)),
            Ok(Err(error)) if error.kind() != StoreErrorKind::Busy => {
                self.record_store_error(error);
                Ok(None)
            }
            Ok(Err(error)) => Err(store_busy().with_source(error)),
            Err(_) => Err(store_busy()),
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(self.store_timeout, work).await.unwrap_or_else(|_| {
            Err(StoreError::new(StoreErrorKind::Busy, "the token store did not answer in time"))
        })
    }

    fn log_success(&self, what: &'static str, lifetime: Option<Duration>) {
        tracing::debug!(origin = %self.origin, lifetime_s = lifetime.map(|lifetime| lifetime.as_secs()), "{what}");
    }

    /// Reports a failure of the store that does not stop anything.
    fn record_store_error(&self, error: StoreError) -> Arc<StoreError> {
        tracing::warn!(error = &error as &dyn std::error::Error, origin = %self.origin, "token store failed");
        self.store_errors.fetch_add(1, Ordering::Relaxed);
        let error = Arc::new(error);
        self.notes().last_store_error = Some(Arc::clone(&error));
        error
    }
}

fn store_busy() -> CredentialsError {
    CredentialsError::new(Kind::TimedOut, "another process has held the token store's lock for too long")
}
