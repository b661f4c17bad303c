//! [`TokenStore`]: where a login survives the process, and is shared by processes and machines.
//!
//! # How a login is shared
//!
//! The server's refresh tokens work once, and the newest servers take a second use for theft: they end the session. So those
//! who share a login (tasks with providers of their own, processes, machines) must not exchange one token twice, although any
//! of them may be killed, stopped, or cut off from its disk at any moment.
//!
//! What they share is one [`Record`] for each server and account, which is changed only by
//! [`compare_and_set`](TokenStore::compare_and_set), from what the writer has seen. It holds the session, its tokens with a
//! [`Version`] and who logged in, or how it ended, and two things that a refresh needs:
//!
//! * a [`Lease`]: who may refresh now. It is not a lock: it expires by the clock of whoever looks, so a holder that was stopped
//!   delays others for a limited time only (see [Limits](#limits));
//! * an [`Intent`]: which tokens are about to be exchanged. While it stands, nobody takes their refresh token for a good one.
//!
//! # A refresh, step by step
//!
//! 1. **Look.** Whoever needs an access token reads the record. If the one in it is good, that is all: no lease is waited for.
//! 2. **Lease and intent**, in one write. If the store cannot be written, this is where it is found out, before a token is
//!    spent. Files keep room for the successor, so that a disk that fills up later still takes it.
//! 3. **Check.** Right before the request goes out, the lease must still last as long as the exchange may take; otherwise it is
//!    prolonged first. A holder counts by whichever of its clocks has advanced more.
//! 4. **Exchange**, at most as long as the limit for exchanges.
//! 5. **Save.** The successor replaces the tokens whose version was exchanged, and intent and lease are gone with the same
//!    write; what is known of tokens that programs gave stays, and so does the lease of whoever exchanges one of those beside the
//!    session. This takes the version to be unchanged, and no lease.
//!
//! # Limits
//!
//! An exchange takes at most [`timeout`](crate::JwtBuilder::timeout), 30 seconds. A lease lasts twice as long and five seconds
//! more, so that there is time for an exchange whenever it was checked. Others wait for a lease that does not change for its
//! length and five seconds, and for the exchange that may have begun at its end: 105 seconds at most for a holder that vanished,
//! and only if they have no good token. The five seconds are [`lease_margin`](crate::JwtBuilder::lease_margin). The lease says the
//! limits of its holder, so that others with shorter ones wait long enough: up to ten minutes for an exchange and five for a margin,
//! which is the most that a provider takes and that a record is believed.
//!
//! Whoever waits has to see the lease stand still, and a provider keeps what it has seen from one refresh to the next. A process that
//! ends before that, such as a command that is cut off after a minute, goes by the time in the lease: once the holder must have been
//! done for two hours by the wall clock, only the exchange that may be under way is waited for, 35 seconds, unless this process has
//! seen the lease change. So programs that find a holder that vanished, and live for less than 105 seconds, or for less than 70 if they
//! have a password, get no token for two hours, unless one of them stays or somebody logs in; longer by what the holder's clock was
//! ahead, and until one of them stays if that clock was behind the beginning of the session. Clocks that are more than two hours apart
//! can make two processes present one token, if the one is stopped right before it sends.
//!
//! # What can go wrong, and the way out
//!
//! | what happens | what is done |
//! |---|---|
//! | the store cannot be written at step 2 | nothing is spent; an error says so, or the password begins a session of one's own |
//! | the server answers 429, or nothing was sent | the intent is taken back: the token is as good as before |
//! | the server refuses the token | the record says [`Refused`](EndReason::Refused); whoever has a password logs in |
//! | no answer, a broken one, 5xx | nobody knows; the intent stays. The access token is used while it works, then a password is preferred, else the token is sent once more, knowingly |
//! | the save fails | the tokens are in use here, and saved again and again; [`SessionStatus::unsaved`](crate::SessionStatus) tells |
//! | the holder is killed or stopped | its lease ends; another takes over with an intent of its own, waits for the exchange that may be under way, and reads again before it sends |
//! | the holder was overtaken | its save finds another version, and it uses what is there |
//! | somebody logs in meanwhile | the record has another session; who refreshed the old one revokes what it was given. A token that a program began the old one with is remembered, as spent or as doubtful |
//! | somebody logs out while a token of a program's own is exchanged beside the session | whoever exchanges it keeps the lease, for which others that were given the same token wait |
//! | somebody logs out meanwhile | the record says [`LoggedOut`](EndReason::LoggedOut). Whoever had this session does not log in again by itself; who starts afterwards with a password may |
//! | the store lost confirmed writes | told as [`WentBack`](StoreErrorKind::WentBack); what is left in it is not used. The access token is, while it works, then a password, or somebody logs in |
//! | a presentation is delayed for longer than its lease | cannot be excluded; it is counted in [`SessionCounters::late`](crate::SessionCounters) |
//!
//! All of it is decided by functions without clocks and I/O, which are also run by a model that explores every order of the
//! steps, with kills, lost answers, failed saves, clocks that drift or are set, logins and logouts in between.

mod error;
mod key;
mod record;
mod fallback;
mod per_process;
mod turns;
pub(crate) mod file;
#[cfg(feature = "keyring")]
pub(crate) mod keyring;
mod memory;
#[cfg(any(test, feature = "testing"))]
pub mod contract;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::boxed::BoxFuture;

pub use error::{StoreError, StoreErrorKind};
pub use fallback::FallbackStore;
pub use file::FileStore;
pub use key::{LoginKey, ServerKey};
#[cfg(feature = "keyring")]
pub use keyring::KeyringStore;
pub use memory::MemoryStore;
pub(crate) use record::fingerprint;
pub use record::{EndReason, Intent, Lease, RandomId, Record, RecordError, Status, StoredTokens, Version};

/// Which write of a record was read. A store counts them; it never gives the same number for two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// A record, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// What is stored.
    pub record: Record,
    /// Which write it is from.
    pub revision: Revision,
}

impl Stored {
    /// What a store of your own has read.
    pub fn new(record: Record, revision: Revision) -> Self {
        Self { record, revision }
    }
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "somebody else may have been first"]
pub enum Swap {
    /// The record is stored, durably.
    Done(Revision),
    /// What is stored is not what was expected. Nothing was changed.
    Conflict,
}

/// Keeps one [`Record`] for each [`LoginKey`], and changes it only from what the writer has seen.
///
/// To read and write one record, and to find the [latest](Self::latest) login, is all that a store does: what a record means, who may
/// refresh when, and what becomes of a failure is written once, over that. A store of your own can be held to the same rules as those here with `contract` (feature `testing`).
///
/// * A record is read and written as a whole.
/// * `compare_and_set` is one step: of two writers who expect the same revision one gets [`Swap::Conflict`]. When it is done,
///   the record is durable, and everybody who reads from now on sees it.
/// * When it fails, it may have happened. The caller reads again, and knows its own write by [`Record::write`]. It may not be durable,
///   so the caller writes it once more, in the place of what was read.
/// * A store that can lose what it has confirmed tells that as [`WentBack`](StoreErrorKind::WentBack), for as long as it holds
///   less than it did. A `compare_and_set` that expects nothing then replaces whatever is left: it is a new login.
/// * No lock outlives a call. All futures are safe to drop; a write that was begun may happen later.
///
/// ```
/// use edgequake_auth::{MemoryStore, Record, ServerKey, StoredTokens, Swap, TokenStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let store = MemoryStore::new();
/// let server = ServerKey::from("https://api.example.com".parse::<edgequake_types::Origin>().unwrap());
/// let mona = server.account("mona");
/// let record = Record::new(StoredTokens::new(Some("a1".into()), None), std::time::SystemTime::now());
///
/// assert!(matches!(store.compare_and_set(&mona, None, &record).await?, Swap::Done(_)));
/// assert_eq!(store.read(&mona).await?.unwrap().record, record);
/// assert_eq!(store.compare_and_set(&mona, None, &record).await?, Swap::Conflict);
/// # Ok::<(), edgequake_auth::StoreError>(())
/// # }).unwrap();
/// ```
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// What is stored. `Ok(None)` means that there is nothing, and only that: a store that cannot be read is an error.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>>;

    /// Puts `record` in the place of what was read as `expected`; `None` is nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`]. The write may have happened.
    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>>;

    /// The account whose login at this server began last; logins that have ended come after all others. Never the empty account: a
    /// program began that session with tokens of its own, and nobody else goes on as whoever that is.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>>;

    /// How often to look again while somebody else refreshes: by default every 200 milliseconds.
    fn poll_interval(&self) -> Duration {
        Duration::from_millis(200)
    }
}

impl<S: TokenStore + ?Sized> TokenStore for Arc<S> {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        (**self).read(key)
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        (**self).compare_and_set(key, expected, record)
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        (**self).latest(server)
    }

    fn poll_interval(&self) -> Duration {
        (**self).poll_interval()
    }
}

/// Which of several logins counts as the last one: those that can be used before those that have ended, later ones before
/// earlier ones.
fn recency(record: &Record) -> (bool, std::time::SystemTime) {
    (record.tokens().is_some(), record.started)
}
