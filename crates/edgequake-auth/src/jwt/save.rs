//! Making new tokens durable, at once or, when the store fails, again and again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use super::access::{self, Access};
use super::inner::Inner;
use super::notes::{Source, Unsaved};
use super::shared::Change;
use super::state::{By, Renewed};
use super::wire::Tokens;
use crate::error::CredentialsError;
use crate::protocol::Held;
use crate::protocol::settle::{self, Save};
use crate::store::{LoginKey, RandomId, Record, StoreError, StoredTokens, Version};

/// The first pause before a save is tried again; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Inner {
    /// Makes new tokens durable and usable, in this order. A store that fails does not spoil the exchange: the tokens are in
    /// use, and saved later. Nothing if somebody else's are to be used instead.
    pub(crate) async fn keep(
        self: &Arc<Self>,
        key: &LoginKey,
        tokens: Tokens,
        from: Source,
    ) -> Result<Option<Renewed>, CredentialsError> {
        let now = self.clock.now();
        let lifetime = access::lifetime(tokens.expires_in, &tokens.access_token, now);
        let access =
            Access::new(tokens.access_token)?.with_lifetime(lifetime, now, self.early, fastrand::f64());
        let refresh = tokens.refresh_token;
        let (session, version, began_with, by) = match &from {
            Source::Refresh(sent) => {
                let version = sent.version.map_or_else(Version::first, Version::next);
                (sent.session, version, sent.began_with, By::Refresh)
            }
            Source::Login(session, _) => (*session, Version::first(), None, By::Login),
        };
        let expires_at =
            lifetime.and_then(|lifetime| UNIX_EPOCH.checked_add(now.wall.saturating_add(lifetime)));
        let mut stored =
            StoredTokens::new(Some(access.token.clone()), refresh.clone()).expires_at(expires_at);
        stored.version = version;
        let unsaved = Unsaved { key: key.clone(), tokens: stored, user: self.notes().user.clone(), from };
        self.notes().account.get_or_insert_with(|| key.account().to_owned());
        let renewed = |session| Renewed { access, refresh, held: Held { session, version, began_with }, by };
        match self.save(&unsaved, false).await {
            Ok(Saved::As(session)) => Ok(Some(renewed(session))),
            Ok(Saved::Superseded) => Ok(None),
            Ok(Saved::Orphaned) => {
                self.revoke_successor(&unsaved.tokens);
                Ok(None)
            }
            Err(error) => {
                {
                    let mut notes = self.notes();
                    drop(notes.take_unsaved(key.account()));
                    notes.unsaved.push(unsaved);
                }
                drop(self.record_store_error(error));
                self.save_later();
                Ok(Some(renewed(session)))
            }
        }
    }

    /// Tries to save what was not saved so far. `Ok` when nothing is left to save.
    pub(crate) async fn save_unsaved(self: &Arc<Self>) -> Result<(), StoreError> {
        // One at a time: the task that tries again, and the flight that needs it.
        let saving = self.process.saving();
        let _one = saving.lock().await;
        let unsaved = self.notes().unsaved.clone();
        if unsaved.is_empty() {
            return Ok(());
        }
        let mut result = Ok(());
        for unsaved in unsaved {
            match self.save(&unsaved, true).await {
                Ok(Saved::As(_)) => {
                    tracing::info!(server = %self.server, "tokens that could not be stored are stored now");
                }
                Ok(Saved::Superseded) => {}
                Ok(Saved::Orphaned) => self.revoke_successor(&unsaved.tokens),
                Err(error) => {
                    result = Err(error);
                    continue;
                }
            }
            // Other tokens may have taken their place meanwhile.
            let saved = unsaved.tokens.version;
            self.notes().unsaved.retain(|unsaved| unsaved.tokens.version != saved);
        }
        self.publish();
        result
    }

    /// Whether there are tokens of this login that the store has not taken yet.
    pub(crate) fn is_unsaved(&self, key: &LoginKey) -> bool {
        self.notes().unsaved.iter().any(|unsaved| unsaved.key == *key)
    }

    /// `again` if time has passed since the tokens were issued, so that a login in the store may be a later one.
    async fn save(&self, unsaved: &Unsaved, again: bool) -> Result<Saved, StoreError> {
        let anew = matches!(unsaved.from, Source::Login(..));
        self.change_record_or_begin(&unsaved.key, anew, |record| {
            let now = self.clock.now();
            match &unsaved.from {
                Source::Login(session, _) if record.is_some_and(|record| record.session == *session) => {
                    // It was written before, and others may have gone on from there.
                    match record.and_then(Record::tokens) {
                        Some(present) if present.version == unsaved.tokens.version => {
                            stays(record, again, Saved::As(*session))
                        }
                        Some(_) => Change::Leave(Saved::Superseded),
                        None => Change::Leave(Saved::Orphaned),
                    }
                }
                Source::Login(session, began) => {
                    let later = |record: &&Record| record.session != *session && record.started > *began;
                    if record.filter(later).is_some() && again {
                        return Change::Leave(Saved::Orphaned);
                    }
                    let mut record = settle::login(record, *session, &unsaved.tokens, now);
                    record.user.clone_from(&unsaved.user);
                    Change::Write(Box::new(record), Saved::As(*session))
                }
                Source::Refresh(sent) => match settle::success(record, sent, &unsaved.tokens, now) {
                    Save::Write(mut written) => {
                        if record.is_none() && sent.version.is_some() {
                            // Somebody removed the record, and the session goes on.
                            written.user.clone_from(&unsaved.user);
                        }
                        let session = written.session;
                        Change::Write(written, Saved::As(session))
                    }
                    // Also what an earlier try has written without saying so.
                    Save::Superseded if is_there(record, &unsaved.tokens) => {
                        stays(record, again, Saved::As(sent.session))
                    }
                    Save::Superseded => Change::Leave(Saved::Superseded),
                    Save::OtherSession | Save::Ended(_) => Change::Leave(Saved::Orphaned),
                },
            }
        })
        .await
    }

    /// Goes on trying until it is saved, or needs to be no more.
    fn save_later(self: &Arc<Self>) {
        if self.process.saving_later.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::clone(self);
        let work = async move {
            let mut pause = FIRST_PAUSE;
            loop {
                tokio::time::sleep(pause.mul_f64(0.5 + 0.5 * fastrand::f64())).await;
                match inner.save_unsaved().await {
                    Ok(()) => {
                        inner.process.saving_later.store(false, Ordering::Release);
                        // Something may have come in between.
                        if inner.notes().unsaved.is_empty() {
                            return;
                        }
                        inner.process.saving_later.store(true, Ordering::Release);
                    }
                    Err(error) => drop(inner.record_store_error(error)),
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        // Without a thread the next flight tries again.
        if self.driver.spawn(work).is_err() {
            self.process.saving_later.store(false, Ordering::Release);
        }
    }

    /// Tells the server that a successor is not needed, since another session took the place of its own. Nobody waits for it but
    /// who settles.
    pub(super) fn revoke_successor(self: &Arc<Self>, tokens: &StoredTokens) {
        let (inner, tokens) = (Arc::clone(self), tokens.clone());
        let revoking = self.process.revocations.begin();
        let work = async move {
            let start = inner.clock.now();
            let cause = "overtaken";
            tracing::debug!(cause, server = %inner.server, "logout begun");
            let access = tokens.access_token.and_then(|token| Access::new(token).ok());
            let revoked = inner.wire().logout(access.as_ref(), tokens.refresh_token.as_ref()).await;
            let took = inner.clock.now().mono.saturating_sub(start.mono);
            let (what, kind) = match revoked {
                Ok(()) => ("logged out", None),
                Err(error) => ("logout not complete", Some(error.kind())),
            };
            tracing::debug!(cause, revoked = kind.is_none(), ?kind, ?took, server = %inner.server, "{what}");
            drop(revoking);
        };
        drop(self.driver.spawn(work));
    }
}

/// What an earlier try has written is there. It may not be durable, since that try failed: then it is written once more.
fn stays(record: Option<&Record>, again: bool, saved: Saved) -> Change<Saved> {
    match record.filter(|_| again).cloned() {
        Some(mut record) => {
            record.write = RandomId::random();
            Change::Write(Box::new(record), saved)
        }
        None => Change::Leave(saved),
    }
}

fn is_there(record: Option<&Record>, tokens: &StoredTokens) -> bool {
    record.and_then(Record::tokens).is_some_and(|present| present.version == tokens.version)
}

enum Saved {
    /// As tokens of this session.
    As(RandomId),
    Superseded,
    /// Their session is gone.
    Orphaned,
}
