//! Ending a session: in the store, so that nobody takes it up again, and at the server.

use std::sync::Arc;

use edgequake_types::Secret;
use tracing::Instrument as _;

use super::access::Access;
use super::inner::Inner;
use super::shared::{Change, Unchanged};
use super::state::InHand;
use crate::error::{CredentialsError, CredentialsErrorKind};
use crate::protocol::settle::{self, Logout};
use crate::store::{Record, StoreError, StoredTokens, fingerprint};

/// What became of a [logout](crate::Jwt::logout), on each side. The session is gone from this process in any case.
#[derive(Debug)]
#[must_use = "the server or the store may still have the session"]
#[non_exhaustive]
pub struct LogoutOutcome {
    /// What the server did.
    pub server: Revocation,
    /// What the store did.
    pub store: Removal,
}

impl LogoutOutcome {
    /// Whether nobody can use the session any more, as far as is known.
    pub fn is_complete(&self) -> bool {
        !matches!(self.server, Revocation::NotRevoked(_)) && !matches!(self.store, Removal::Failed(_))
    }
}

/// What the server did at a logout.
#[derive(Debug)]
#[non_exhaustive]
pub enum Revocation {
    /// It revoked the session.
    Revoked,
    /// There was no session to revoke.
    NoSession,
    /// The session may still work until it expires, and why.
    NotRevoked(CredentialsError),
}

/// What the store did at a logout.
#[derive(Debug)]
#[non_exhaustive]
pub enum Removal {
    /// It holds the session as ended, and everybody who shares it sees that.
    Ended,
    /// It had ended before.
    AlreadyEnded,
    /// Nothing was stored.
    NothingStored,
    /// It holds another session of this account, which was left alone.
    OtherSession,
    /// It may still hold the session, and why.
    Failed(StoreError),
}

impl Inner {
    /// Ends the session in the store and at the server. Both are tried, whatever becomes of the other.
    pub(crate) async fn end_session(self: &Arc<Self>, in_hand: InHand) -> LogoutOutcome {
        let start = self.clock.now();
        let cause = "asked";
        tracing::debug!(cause, server = %self.server, "logout begun");
        let outcome = self.end_on_both_sides(in_hand).instrument(tracing::trace_span!("logout", cause)).await;
        let took = self.clock.now().mono.saturating_sub(start.mono);
        let LogoutOutcome { server, store } = &outcome;
        let revoked = matches!(server, Revocation::Revoked);
        let what = match server {
            _ if !outcome.is_complete() => "logout not complete",
            Revocation::NoSession => "there was no session to log out of",
            _ => "logged out",
        };
        let kind = match server {
            Revocation::NotRevoked(error) => Some(error.kind()),
            _ => None,
        };
        tracing::debug!(cause, ?store, revoked, ?kind, ?took, server = %self.server, "{what}");
        outcome
    }

    async fn end_on_both_sides(self: &Arc<Self>, (access, refresh, held): InHand) -> LogoutOutcome {
        // Nobody writes what was not saved while the session ends in the store.
        let saving = self.process.saving();
        let saving = saving.lock().await;
        let unsaved = {
            let mut notes = self.notes();
            notes.account.clone().and_then(|account| notes.take_unsaved(&account))
        };
        let newest_is_here = unsaved.is_some();
        let given = refresh.clone().filter(|_| held.is_none());
        let mine = match (unsaved, access) {
            (Some(unsaved), _) => Some(unsaved.tokens),
            (None, None) if refresh.is_none() => None,
            (None, access) => Some(StoredTokens::new(access.map(|access| access.token), refresh)),
        };
        let session = held.map(|held| held.session);
        let known_elsewhere = session.is_none() && mine.is_some();
        let ended = async {
            let key = self.key().await?;
            let unnamed = self.is_unnamed(&key);
            let end = |record: Option<&Record>| {
                let own = record.filter(|record| has_begun_with(record, given.as_ref()));
                let session = session.or(own.map(|record| record.session));
                let spent = own.is_some() || record.is_some_and(|record| is_spent(record, given.as_ref()));
                if session.is_none() && record.is_some() && (known_elsewhere || unnamed) {
                    // Tokens of the program's own, which have nothing to do with what is stored.
                    return Change::Leave((Removal::OtherSession, None, spent));
                }
                match settle::logout(record, session, self.clock.now()) {
                    Logout::Write(record, tokens) => {
                        Change::Write(record, (Removal::Ended, Some(tokens), spent))
                    }
                    Logout::OtherSession => Change::Leave((Removal::OtherSession, None, spent)),
                    Logout::Ended => Change::Leave((Removal::AlreadyEnded, None, spent)),
                    Logout::Nothing => Change::Leave((Removal::NothingStored, None, spent)),
                }
            };
            self.try_to_change_record(&key, false, end).await
        };
        let (store, stored, spent) = match ended.await {
            Ok(found) => found,
            // What was read is the session all the same.
            Err(Unchanged { error, value }) => {
                let (tokens, spent) = value.map_or((None, false), |(_, tokens, spent)| (tokens, spent));
                (Removal::Failed(error), tokens, spent)
            }
        };
        drop(saving);
        // A token that began the stored session, or one before it, is spent, or is what is stored.
        let mine = mine.filter(|_| !spent);
        // What is stored is the newest of the session, unless it could not be stored.
        let tokens = if newest_is_here { mine.or(stored) } else { stored.or(mine) };
        let server = match (tokens, &store) {
            (Some(tokens), _) => self.revoke(&tokens).await,
            (None, Removal::Failed(error)) => Revocation::NotRevoked(unknown_session(error)),
            (None, _) => Revocation::NoSession,
        };
        self.notes().user = None;
        LogoutOutcome { server, store }
    }

    async fn revoke(&self, tokens: &StoredTokens) -> Revocation {
        let access = tokens.access_token.clone().and_then(|token| Access::new(token).ok());
        match self.wire().logout(access.as_ref(), tokens.refresh_token.as_ref()).await {
            Ok(()) => Revocation::Revoked,
            Err(error) => Revocation::NotRevoked(error),
        }
    }
}

/// Whether a session is what became of a token of the program, so that it is the program's own.
fn has_begun_with(record: &Record, given: Option<&Secret>) -> bool {
    let stored = record.tokens().and_then(|tokens| tokens.refresh_token.as_ref());
    given.is_some_and(|given| stored == Some(given) || record.began_with == Some(fingerprint(given)))
}

/// Whether a token of the program began a session that another has taken the place of.
fn is_spent(record: &Record, given: Option<&Secret>) -> bool {
    given.is_some_and(|given| record.spent.contains(&fingerprint(given)))
}

/// Nobody knows which session there is.
fn unknown_session(error: &StoreError) -> CredentialsError {
    let text = format!("the session that is stored is not known, so the server was not told: {error}");
    CredentialsError::new(CredentialsErrorKind::Store, text)
}
