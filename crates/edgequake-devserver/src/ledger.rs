//! [`Ledger`]: what has happened to the sessions of a server, so that a test can prove why one was lost.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use edgequake_types::UserId;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::clock::{Timestamp, rfc3339};

/// How many entries are kept; the oldest are dropped.
const CAPACITY: usize = if cfg!(test) { 1_000 } else { 100_000 };

/// The maximum length of a `User-Agent` in an entry.
const AGENT_LENGTH: usize = 200;

/// Identifies a session: a login and everything that was refreshed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub(crate) Uuid);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionEvent {
    /// A user has logged in; the session begins.
    LoggedIn,
    /// A login was refused.
    #[non_exhaustive]
    LoginRefused {
        /// The reason, as the server gives it, such as `invalid_password`.
        reason: String,
    },
    /// A refresh token was accepted. On a server that rotates tokens, it is spent.
    Refreshed,
    /// A spent refresh token was presented again; the session ends.
    Reused,
    /// A refresh token was refused for another reason.
    #[non_exhaustive]
    RefreshRefused {
        /// The reason, as the server gives it, such as `token_invalid`.
        reason: String,
    },
    /// The session was ended by its user.
    LoggedOut,
    /// An access token was denied by a logout that named no refresh token; the session goes on.
    AccessTokenDenied,
    /// The session was ended by the server: by a test, or with its account.
    Revoked,
    /// Every access token issued so far has expired.
    AccessTokensExpired,
}

/// An entry of the [`Ledger`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// Its number, from 1, in the order of the events.
    pub number: u64,
    /// When it happened, by the clock of the server.
    #[serde(serialize_with = "date")]
    pub at: SystemTime,
    /// What happened.
    #[serde(flatten)]
    pub event: SessionEvent,
    /// The session; `None` where no session is concerned, or all of them.
    pub session: Option<SessionId>,
    /// Its user.
    pub user: Option<UserId>,
    /// Which refresh token of the session was presented: 0 is that of the login, 1 its successor, and so on.
    pub generation: Option<u64>,
    /// Who did it: `User-Agent`, up to 200 characters.
    pub agent: Option<String>,
}

/// The life of a session, as the [`Ledger`] knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionRecord {
    /// The session.
    pub id: SessionId,
    /// Its user.
    pub user: Option<UserId>,
    /// When it began.
    #[serde(serialize_with = "date")]
    pub began_at: SystemTime,
    /// Who logged in.
    pub agent: Option<String>,
    /// How often it was refreshed.
    pub refreshes: u64,
    /// How it ended; `None` while it lives, or has only expired.
    pub end: Option<SessionEnd>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionEnd {
    /// What ended it: [`Reused`](SessionEvent::Reused), [`LoggedOut`](SessionEvent::LoggedOut) or
    /// [`Revoked`](SessionEvent::Revoked).
    pub entry: LedgerEntry,
    /// For a reused token: the refresh that had spent it.
    pub spent: Option<LedgerEntry>,
}

/// What has happened to the sessions of a server. Clones are the same ledger.
///
/// ```
/// use edgequake_devserver::{DevServer, Role, SessionEvent};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::builder().user("mona", "mona@corp.test", "correct horse", Role::User).start().await?;
///
/// // ... let the code under test log in, refresh and call ...
///
/// for session in server.ledger().sessions() {
///     if let Some(end) = session.end {
///         // Who presented which refresh token again, and who had spent it before.
///         assert_ne!(end.entry.event, SessionEvent::Reused, "{end:?}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<LedgerEntry>,
    last_number: u64,
}

/// A session, and one of its refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenOf {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) generation: u64,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All entries, oldest first. The last 100,000 are kept.
    pub fn entries(&self) -> Vec<LedgerEntry> {
        self.book().entries.iter().cloned().collect()
    }

    /// The entries of a session, oldest first.
    pub fn of(&self, session: SessionId) -> Vec<LedgerEntry> {
        self.book().entries.iter().filter(|entry| entry.session == Some(session)).cloned().collect()
    }

    /// The sessions that have begun, in this order.
    pub fn sessions(&self) -> Vec<SessionRecord> {
        let mut sessions: Vec<SessionRecord> = Vec::new();
        let mut places = std::collections::HashMap::new();
        let mut spent = std::collections::HashMap::new();
        for entry in &self.book().entries {
            let Some(id) = entry.session else { continue };
            if entry.event == SessionEvent::LoggedIn {
                places.insert(id, sessions.len());
                sessions.push(SessionRecord {
                    id,
                    user: entry.user.clone(),
                    began_at: entry.at,
                    agent: entry.agent.clone(),
                    refreshes: 0,
                    end: None,
                });
                continue;
            }
            let Some(session) = places.get(&id).and_then(|at: &usize| sessions.get_mut(*at)) else {
                continue;
            };
            match entry.event {
                SessionEvent::Refreshed => {
                    session.refreshes += 1;
                    spent.entry((id, entry.generation)).or_insert_with(|| entry.clone());
                }
                SessionEvent::Reused | SessionEvent::LoggedOut | SessionEvent::Revoked
                    if session.end.is_none() =>
                {
                    let spent = spent.get(&(id, entry.generation)).cloned();
                    let spent = spent.filter(|_| entry.event == SessionEvent::Reused);
                    session.end = Some(SessionEnd { entry: entry.clone(), spent });
                }
                _ => {}
            }
        }
        sessions
    }

    /// Removes all entries.
    pub fn clear(&self) {
        self.book().entries.clear();
    }

    pub(crate) fn record(
        &self,
        at: Timestamp,
        event: SessionEvent,
        token: Option<&TokenOf>,
        agent: Option<&str>,
    ) {
        let session = token.map(|token| (token.session, token.user.clone()));
        self.push(at, event, session, token.map(|token| token.generation), agent);
    }

    /// Records an event of a session that concerns none of its refresh tokens.
    pub(crate) fn record_session(
        &self,
        at: Timestamp,
        event: SessionEvent,
        session: (SessionId, UserId),
        agent: Option<&str>,
    ) {
        self.push(at, event, Some(session), None, agent);
    }

    fn push(
        &self,
        at: Timestamp,
        event: SessionEvent,
        session: Option<(SessionId, UserId)>,
        generation: Option<u64>,
        agent: Option<&str>,
    ) {
        let (session, user) = session.unzip();
        let mut book = self.book();
        book.last_number += 1;
        let entry = LedgerEntry {
            number: book.last_number,
            at: at.into(),
            event,
            session,
            user,
            generation,
            agent: agent.map(|agent| agent.chars().take(AGENT_LENGTH).collect()),
        };
        if book.entries.len() >= CAPACITY {
            book.entries.pop_front();
        }
        book.entries.push_back(entry);
    }
}

/// RFC 3339, as the server writes dates.
pub(crate) fn date<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rfc3339((*at).into()).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(generation: u64) -> TokenOf {
        let user = UserId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
        TokenOf { session: SessionId(Uuid::nil()), user, generation }
    }

    #[test]
    fn the_end_of_a_session_names_who_had_spent_the_token() {
        let ledger = Ledger::default();
        let at = |second: i64| Timestamp::from_millisecond(second * 1000);
        ledger.record(at(1), SessionEvent::LoggedIn, Some(&token(0)), Some("one"));
        ledger.record(at(2), SessionEvent::Refreshed, Some(&token(0)), Some("one"));
        ledger.record(at(3), SessionEvent::Refreshed, Some(&token(1)), Some("two"));
        ledger.record(at(4), SessionEvent::Reused, Some(&token(1)), Some("one"));
        ledger.record(at(5), SessionEvent::Revoked, Some(&token(2)), None);
        let session = ledger.sessions().remove(0);
        assert_eq!((session.refreshes, session.agent.as_deref()), (2, Some("one")));
        let end = session.end.unwrap();
        assert_eq!((end.entry.number, end.entry.agent.as_deref()), (4, Some("one")));
        let spent = end.spent.unwrap();
        assert_eq!((spent.number, spent.agent.as_deref()), (3, Some("two")));
        insta::assert_snapshot!(serde_json::to_string(&end.entry).unwrap(), @r#"{"number":4,"at":"1970-01-01T00:00:04.000000+00:00","event":"reused","session":"00000000-0000-0000-0000-000000000000","user":"7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21","generation":1,"agent":"one"}"#);
        ledger.clear();
        assert!(ledger.entries().is_empty() && ledger.sessions().is_empty());
    }

    #[test]
    fn the_oldest_entries_are_dropped_and_agents_are_cut() {
        let ledger = Ledger::default();
        for _ in 0..=CAPACITY {
            ledger.record(Timestamp::UNIX_EPOCH, SessionEvent::AccessTokensExpired, None, None);
        }
        let entries = ledger.entries();
        assert_eq!((entries.len(), entries[0].number), (CAPACITY, 2));
        ledger.record(
            Timestamp::UNIX_EPOCH,
            SessionEvent::LoggedIn,
            Some(&token(0)),
            Some(&"x".repeat(9999)),
        );
        assert_eq!(ledger.of(SessionId(Uuid::nil()))[0].agent.as_ref().unwrap().len(), AGENT_LENGTH);
    }
}
