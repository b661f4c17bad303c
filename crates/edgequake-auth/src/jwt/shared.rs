//! The record of this provider's login: read and written within a time limit, and known again when an answer was lost.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::inner::Inner;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::store::{LoginKey, Record, Revision, StoreError, StoreErrorKind, Stored, Swap, fingerprint};

impl Inner {
    /// Which record is meant: that of the account, or of the login that the store knows last.
    pub(crate) async fn key(&self) -> Result<LoginKey, StoreError> {
        let account = self.notes().account.clone();
        let account = match account {
            Some(account) => account,
            None => {
                let (latest, took) = self.in_time("latest", self.store.latest(&self.server)).await?;
                tracing::trace!(found = latest.is_some(), ?took, server = %self.server, "latest login looked for");
                // A store of the user's own may not know better.
                let latest = latest.filter(|account| !account.is_empty());
                if latest.is_some() {
                    self.notes().account.clone_from(&latest);
                }
                latest.unwrap_or_default()
            }
        };
        Ok(self.server.account(account))
    }

    /// Whether a record is that of no account in particular, so that anybody's session may be in it.
    pub(crate) fn is_unnamed(&self, key: &LoginKey) -> bool {
        key.account().is_empty() && !self.named
    }

    pub(crate) async fn read_record(&self, key: &LoginKey) -> Result<Option<Stored>, StoreError> {
        let (stored, took) = self.in_time("read", self.store.read(key)).await?;
        let unsettled = stored.as_ref().is_some_and(|stored| self.is_unsettled(&stored.record));
        self.note_unsettled(key, unsettled);
        let revision = stored.as_ref().map(|stored| stored.revision);
        let revision = revision.map(|revision| revision.0);
        tracing::trace!(revision, ?took, server = %self.server, "login record read");
        Ok(stored)
    }

    /// Whether the refresh token may be spent: that of the record, or the one in hand.
    fn is_unsettled(&self, record: &Record) -> bool {
        let given = || self.read().state.given_token().map(fingerprint);
        record.is_unsettled() || given().is_some_and(|given| record.may_be_spent(given))
    }

    /// Whether the end of an exchange is not known, if this is the login in use.
    fn note_unsettled(&self, key: &LoginKey, unsettled: bool) {
        if self.notes().account.as_deref().is_none_or(|account| account == key.account()) {
            self.unsettled.store(unsettled, Ordering::Relaxed);
        }
    }

    /// Writes, and finds out what happened if the store does not say. What can be read is not durable for that, so it is written once
    /// more then.
    pub(crate) async fn swap_record(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        let error = match self.swap_once(key, expected, record).await {
            Ok(swap) => return Ok(swap),
            Err(error) => error,
        };
        match self.read_record(key).await {
            Ok(Some(found)) if found.record.write == record.write => {
                self.swap_once(key, Some(found.revision), record).await
            }
            // Somebody else's is there: ours will not happen any more.
            Ok(found) if found.as_ref().map(|found| found.revision) != expected => Ok(Swap::Conflict),
            _ => Err(error),
        }
    }

    async fn swap_once(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        let (swap, took) = self.in_time("write", self.store.compare_and_set(key, expected, record)).await?;
        if let Swap::Done(_) = swap {
            self.note_unsettled(key, self.is_unsettled(record));
            self.notes().store_warning = None;
        }
        tracing::trace!(?swap, ?took, server = %self.server, "login record written");
        Ok(swap)
    }

    /// Applies `change` to what is stored until nobody else is in between. `change` gives nothing where nothing is to be
    /// written.
    pub(crate) async fn change_record<T>(
        &self,
        key: &LoginKey,
        change: impl FnMut(Option<&Record>) -> Change<T>,
    ) -> Result<T, StoreError> {
        self.change_record_or_begin(key, false, change).await
    }

    /// Like [`change_record`](Self::change_record). With `anew` a store that went back counts as empty.
    pub(crate) async fn change_record_or_begin<T>(
        &self,
        key: &LoginKey,
        anew: bool,
        change: impl FnMut(Option<&Record>) -> Change<T>,
    ) -> Result<T, StoreError> {
        self.try_to_change_record(key, anew, change).await.map_err(|unchanged| unchanged.error)
    }

    /// Like [`change_record_or_begin`](Self::change_record_or_begin), for those who go on without the store.
    pub(crate) async fn try_to_change_record<T>(
        &self,
        key: &LoginKey,
        anew: bool,
        mut change: impl FnMut(Option<&Record>) -> Change<T>,
    ) -> Result<T, Unchanged<T>> {
        for _ in 0..TRIES {
            let stored = match self.read_record(key).await {
                Err(error) if anew && error.kind() == StoreErrorKind::WentBack => None,
                read => read?,
            };
            let (record, value) = match change(stored.as_ref().map(|stored| &stored.record)) {
                Change::Leave(value) => return Ok(value),
                Change::Write(record, value) => (record, value),
            };
            let expected = stored.map(|stored| stored.revision);
            match self.swap_record(key, expected, &record).await {
                Ok(Swap::Done(_)) => return Ok(value),
                Ok(Swap::Conflict) => {}
                Err(error) => return Err(Unchanged { error, value: Some(value) }),
            }
        }
        let text = "others change the stored login faster than it can be written";
        Err(StoreError::new(StoreErrorKind::Busy, text).into())
    }

    /// What the store says, and how long it took.
    async fn in_time<T>(
        &self,
        step: &'static str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<(T, Duration), StoreError> {
        let start = self.clock.now();
        tracing::trace!(step, server = %self.server, "token store asked");
        let result = tokio::time::timeout(self.store_timeout, work).await.unwrap_or_else(|_| {
            Err(StoreError::new(StoreErrorKind::Busy, "the token store did not answer in time"))
        });
        let took = self.clock.now().mono.saturating_sub(start.mono);
        match result {
            Ok(found) => Ok((found, took)),
            Err(error) => {
                tracing::trace!(step, kind = ?error.kind(), ?took, server = %self.server, "token store gave an error");
                Err(error)
            }
        }
    }

    /// Counts and keeps a failure of the store. The same failure again and again is a warning once, until something is written.
    pub(crate) fn record_store_error(&self, error: StoreError) -> Arc<StoreError> {
        let text = error.to_string();
        if self.notes().store_warning.as_ref() == Some(&text) {
            tracing::debug!(error = &error as &dyn std::error::Error, server = %self.server, "token store failed again");
        } else {
            tracing::warn!(error = &error as &dyn std::error::Error, server = %self.server, "token store failed");
            self.notes().store_warning = Some(text);
        }
        self.counts.store_errors.fetch_add(1, Ordering::Relaxed);
        let error = Arc::new(error);
        self.notes().last_store_error = Some(Arc::clone(&error));
        self.publish();
        error
    }

    /// A failure of the store that stops what was being done.
    pub(crate) fn store_failure(&self, what: &str, error: StoreError) -> CredentialsError {
        let shared = self.record_store_error(error);
        CredentialsError::new(Kind::Store, format!("{what}: {shared}")).with_source(shared)
    }
}

/// How often a write begins anew when others are faster.
const TRIES: usize = 64;

/// What to do about a record.
pub(crate) enum Change<T> {
    /// Nothing.
    Leave(T),
    /// Put this in its place.
    Write(Box<Record>, T),
}

/// A record that could not be changed.
pub(crate) struct Unchanged<T> {
    pub(crate) error: StoreError,
    /// What the write that failed would have given, if it was the write that failed. What it was made from was the newest then.
    pub(crate) value: Option<T>,
}

impl<T> From<StoreError> for Unchanged<T> {
    fn from(error: StoreError) -> Self {
        Self { error, value: None }
    }
}
