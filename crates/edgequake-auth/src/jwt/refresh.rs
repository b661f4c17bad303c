//! A flight: from a look at the stored login to a usable access token, by the cheapest way there is.
//!
//! What to do next is decided by [`protocol`](crate::protocol); here it is done. Everything runs inside the one flight that
//! a provider has at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use tracing::Instrument as _;

use super::access::Access;
use super::inner::Inner;
use super::login::LoginFor;
use super::notes::Source;
use super::shared::Change;
use super::state::{By, ByLogin, Failure, Plan, Renewed};
use super::wire::{Answered, Wire};
use crate::clock::Now;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::protocol::settle::{self, Presented};
use crate::protocol::{Held, Present, Refresher, Step, Urgency};
use crate::store::{EndReason, LoginKey, Record, StoreError, StoreErrorKind, Stored, Swap, fingerprint};

/// Before a record is looked at again that somebody else has changed.
const CONFLICT_PAUSE: Duration = Duration::from_millis(5);

impl Failure {
    pub(super) fn of(error: CredentialsError) -> Self {
        Self { error, ended: None, by_login: ByLogin::No }
    }
}

/// Why a refresh or a login was begun, for those who read logs.
pub(super) fn cause(plan: &Plan) -> &'static str {
    match plan.urgency {
        Urgency::Early => "early",
        Urgency::Asked => "asked",
        Urgency::Needed if plan.refused => "refused",
        Urgency::Needed if plan.asked => "asked",
        Urgency::Needed if plan.had_session => "expired",
        Urgency::Needed => "first",
    }
}

impl Inner {
    /// Gets a usable access token; nothing if the one in hand has to do for now.
    pub(crate) async fn renew(self: &Arc<Self>, plan: Plan) -> Result<Option<Renewed>, Failure> {
        let start = self.clock.now();
        let cause = cause(&plan);
        tracing::debug!(cause, server = %self.server, "access token wanted");
        let result = self.fly(&plan).instrument(tracing::trace_span!("renewal", cause)).await;
        let took = self.clock.now().mono.saturating_sub(start.mono);
        match &result {
            Ok(Some(renewed)) => {
                let what = match renewed.by {
                    By::Login => "access token from a new login",
                    By::Refresh => "access token refreshed",
                    By::Store => "access token of another process taken from the store",
                };
                let left = renewed.access.remaining(self.clock.now());
                let lifetime_s = left.map(|left| left.as_secs_f64().round());
                tracing::debug!(cause, lifetime_s, ?took, server = %self.server, "{what}");
            }
            Ok(None) => {
                tracing::debug!(cause, ?took, server = %self.server, "somebody else renews the access token")
            }
            Err(failure) => {
                tracing::debug!(cause, kind = ?failure.error.kind(), ?took, server = %self.server, "access token not renewed");
            }
        }
        result
    }

    async fn fly(self: &Arc<Self>, plan: &Plan) -> Result<Option<Renewed>, Failure> {
        let unreadable = |error| Failure::of(self.store_failure("the stored login cannot be used", error));
        // The same one until the flight has ended.
        let key = self.key().await.map_err(unreadable)?;
        match self.save_unsaved().await {
            Err(error) if self.is_unsaved(&key) => {
                // What is stored is spent, and what is in hand would be lost with this process.
                let text = "the tokens in hand cannot be stored, so they are not refreshed";
                let error = self.store_failure(text, error);
                return self.log_in_instead(plan, error).await;
            }
            saved => drop(saved.map_err(|error| self.record_store_error(error))),
        }
        let (doubted, seen) = {
            let notes = self.notes();
            (notes.doubted, notes.seen)
        };
        let mut refresher = Refresher::new(self.process.holder(), self.limits, plan.urgency)
            .held(plan.held, plan.refused)
            .given(plan.refresh.clone())
            .unnamed(self.is_unnamed(&key))
            .doubting(doubted)
            .password(plan.login.is_ok())
            .watching(seen);
        let mut stored = None;
        let mut look = true;
        let mut end = self.clock.now().mono.saturating_add(self.limits.delay().saturating_mul(3));
        let (mut waited, mut quiet) = (false, false);
        loop {
            let written = !std::mem::replace(&mut look, true);
            if !written {
                stored = match self.read_record(&key).await {
                    Err(error) if error.kind() == StoreErrorKind::WentBack => {
                        let error = self.store_failure("the stored login is not the latest one", error);
                        return self.log_in_instead(plan, error).await;
                    }
                    read => read.map_err(unreadable)?,
                };
            }
            if let Some(user) = stored.as_ref().and_then(|stored| stored.record.user.as_ref()) {
                self.notes().user = Some(user.clone());
            }
            let now = self.clock.now();
            let step = refresher.next(stored.as_ref().map(|stored| &stored.record), now);
            self.notes().seen = refresher.seen();
            match step {
                Step::Adopt => match stored.as_ref().and_then(|stored| self.adopt(&stored.record, now)) {
                    Some(renewed) => return Ok(Some(renewed)),
                    None => return Err(Failure::of(no_token())),
                },
                Step::Skip if plan.asked => return Err(Failure::of(may_be_spent())),
                Step::Skip => return Ok(None),
                Step::Wait(_) if now.mono >= end => return Err(Failure::of(too_long())),
                Step::Wait(wait) => {
                    let first = if refresher.took_over() { &mut quiet } else { &mut waited };
                    if !std::mem::replace(first, true) {
                        // Others may have longer limits: for their leases, and for the exchange after them.
                        end = end.max(now.mono.saturating_add(wait).saturating_add(self.limits.delay()));
                    }
                    self.publish();
                    tokio::time::sleep(wait.min(self.store.poll_interval())).await;
                }
                Step::Write(_) if written && now.mono >= end => {
                    // What was just written has to be prolonged again.
                    let withdrawn = stored.as_ref().and_then(|stored| refresher.withdrawn(&stored.record));
                    return self.give_up_writing(plan, &key, withdrawn).await;
                }
                Step::Write(mut record) => {
                    if stored.is_none() && plan.held.is_some() {
                        // Somebody removed the record, and the session goes on.
                        record.user.clone_from(&self.notes().user);
                    }
                    let expected = stored.as_ref().map(|stored| stored.revision);
                    match self.swap_record(&key, expected, &record).await {
                        Ok(Swap::Done(revision)) => {
                            refresher.written(&record, now);
                            stored = Some(Stored::new(*record, revision));
                            look = false;
                        }
                        Ok(Swap::Conflict) if now.mono >= end => return Err(Failure::of(too_long())),
                        Ok(Swap::Conflict) => tokio::time::sleep(CONFLICT_PAUSE).await,
                        Err(error) => {
                            let text = "the stored login cannot be written, so its refresh token is not used";
                            let error = self.store_failure(text, error);
                            return self.log_in_instead(plan, error).await;
                        }
                    }
                }
                Step::Present(present) => {
                    if refresher.took_over() {
                        self.counts.takeovers.fetch_add(1, Ordering::Relaxed);
                    }
                    let in_hand = plan.refresh.as_ref() == Some(&present.token);
                    match self.exchange(&key, &refresher, in_hand, present).await {
                        Ok(Some(renewed)) => return Ok(Some(renewed)),
                        Ok(None) => refresher.forget_given(),
                        Err(failure) => {
                            return self.after_refusal(plan, failure).await;
                        }
                    }
                }
                Step::LogIn => return self.log_in(LoginFor::Flight, cause(plan)).await.map(Some),
                Step::Ended(reason) => {
                    return Err(Failure { error: ended(reason), ended: Some(reason), by_login: ByLogin::No });
                }
                Step::Replaced if plan.urgency == Urgency::Needed => {
                    // It cannot be revoked: a logout takes an access token that works, and while that one did it was in use.
                    let ended = Some(EndReason::Refused);
                    return Err(Failure { error: replaced(), ended, by_login: ByLogin::No });
                }
                Step::Replaced if plan.asked => return Err(Failure::of(replaced())),
                Step::Replaced => return Ok(None),
                Step::NoLogin => {
                    let remembered = plan.login.clone().err().flatten();
                    let ended = plan.had_session.then_some(EndReason::Refused);
                    let error = match (remembered, plan.had_session) {
                        (Some(error), _) => error,
                        (None, true) => super::state::session_expired(),
                        (None, false) => self.no_login(),
                    };
                    return Err(Failure { error, ended, by_login: ByLogin::No });
                }
            }
        }
    }

    /// The store takes longer than a lease lasts. What was about to be sent is not, and whoever is next need not take it for spent.
    async fn give_up_writing(
        self: &Arc<Self>,
        plan: &Plan,
        key: &LoginKey,
        withdrawn: Option<Presented>,
    ) -> Result<Option<Renewed>, Failure> {
        if let Some(presented) = withdrawn {
            let settle = |record: Option<&Record>| match settle::not_executed(record, &presented) {
                Some(record) => Change::Write(Box::new(record), ()),
                None => Change::Leave(()),
            };
            drop(self.change_record(key, settle).await.map_err(|error| self.record_store_error(error)));
        }
        let error = StoreError::new(StoreErrorKind::Busy, "a write takes longer than a lease lasts");
        let text = "the stored login is written too slowly, so its refresh token is not used";
        let error = self.store_failure(text, error);
        self.log_in_instead(plan, error).await
    }

    /// Sends the refresh token, and writes what is known of it then. Nothing if there are other tokens to look at. What is `in_hand`
    /// could be sent again when the record is gone that tells of it.
    async fn exchange(
        self: &Arc<Self>,
        key: &LoginKey,
        refresher: &Refresher,
        in_hand: bool,
        Present { token, what: sent }: Present,
    ) -> Result<Option<Renewed>, Failure> {
        let sent = &sent;
        let hash = fingerprint(&token);
        if in_hand {
            self.notes().doubted = Some(hash);
        }
        let is_known = || {
            self.notes().doubted.take_if(|doubted| *doubted == hash);
        };
        let mut answer = self.wire().refresh(&token).await;
        if let Ok(tokens) = &mut answer
            && sent.version.is_none()
        {
            // Without a successor the old one is kept, and no record has it.
            tokens.refresh_token.get_or_insert(token);
        }
        if refresher.has_outlived_its_lease(self.clock.now()) {
            self.counts.late.fetch_add(1, Ordering::Relaxed);
        }
        let error = match answer {
            Ok(tokens) => match self.keep(key, tokens, Source::Refresh(sent.clone())).await {
                Ok(Some(renewed)) => {
                    self.counts.refreshes.fetch_add(1, Ordering::Relaxed);
                    is_known();
                    return Ok(Some(renewed));
                }
                Ok(None) => {
                    is_known();
                    return Ok(None);
                }
                Err(error) => error,
            },
            Err(error) => error,
        };
        let answered = Answered::of(&error);
        if answered == Answered::Refused || (answered == Answered::NotExecuted && !sent.unsettled) {
            is_known();
        }
        let settle = |record: Option<&Record>| {
            let settled = match answered {
                Answered::Refused => settle::refused(record, sent, self.clock.now()),
                Answered::NotExecuted => settle::not_executed(record, sent),
                Answered::Unknown => settle::unknown(record, sent),
            };
            match settled {
                Some(record) => Change::Write(Box::new(record), true),
                None => Change::Leave(false),
            }
        };
        let settled = self.change_record(key, settle).await;
        match (answered, settled) {
            // Somebody else has changed the record, or the token was the program's: there may be better ones.
            (Answered::Refused, Ok(false)) => Ok(None),
            (Answered::Refused, Ok(true)) if sent.version.is_none() => Ok(None),
            (Answered::Refused, settled) => {
                drop(settled.map_err(|error| self.record_store_error(error)));
                tracing::debug!(code = error.code(), server = %self.server, "refresh token refused");
                Err(Failure { error, ended: Some(EndReason::Refused), by_login: ByLogin::No })
            }
            (_, settled) => {
                drop(settled.map_err(|error| self.record_store_error(error)));
                Err(Failure::of(error))
            }
        }
    }

    pub(crate) fn wire(&self) -> Wire<'_> {
        Wire { origin: self.server.origin(), transport: &*self.transport, limit: self.limits.exchange }
    }

    fn no_login(&self) -> CredentialsError {
        let text = format!("there is no login for {}: log in first", self.server);
        CredentialsError::new(Kind::NotConfigured, text)
    }

    /// Takes over the tokens of a record.
    fn adopt(&self, record: &Record, now: Now) -> Option<Renewed> {
        let held = Held::of(record)?;
        let tokens = record.tokens()?;
        let remaining = match tokens.expires_at {
            Some(at) => Some(at.duration_since(UNIX_EPOCH).ok()?.checked_sub(now.wall)?),
            None => None,
        };
        let access = Access::new(tokens.access_token.clone()?).ok()?;
        let access = access.with_lifetime(remaining, now, self.early, fastrand::f64());
        Some(Renewed { access, refresh: tokens.refresh_token.clone(), held, by: By::Store })
    }
}

fn ended(reason: EndReason) -> CredentialsError {
    match reason {
        EndReason::LoggedOut => super::state::logged_out(),
        EndReason::Refused => super::state::session_expired(),
    }
}

fn replaced() -> CredentialsError {
    let text = "another program's tokens took the place of this session in the store: log in again, and name the account of each";
    CredentialsError::new(Kind::SessionExpired, text)
}

fn too_long() -> CredentialsError {
    CredentialsError::new(Kind::TimedOut, "others are refreshing the stored login for too long")
}

fn may_be_spent() -> CredentialsError {
    let text = "an earlier refresh was not answered, so its token may be spent; it is not sent again while the access token works";
    CredentialsError::new(Kind::Interrupted, text)
}

fn no_token() -> CredentialsError {
    CredentialsError::new(Kind::Store, "the stored access token is not a token: log in again")
}
