//! What every [`TokenStore`] must hold, as functions to be called from the tests of a store. (Feature `testing`.)
//!
//! ```
//! use edgequake_auth::MemoryStore;
//! use edgequake_auth::store::contract;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let store = MemoryStore::new();
//! // `open` gives the store as another process would see it.
//! contract::check(|| store.clone()).await;
//! # });
//! ```
//!
//! [`Faulty`] is for tests of what runs over a store; [`contract::sessions`](crate::contract::sessions) are such.

mod faulty;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use edgequake_types::session::{Role, User};
use edgequake_types::{Secret, UserId};

use super::{
    EndReason, Intent, Lease, LoginKey, RandomId, Record, Revision, ServerKey, Status, StoredTokens, Swap,
    TokenStore, Version,
};

pub use self::faulty::{Call, Fault, Faulty, Gate};

/// Runs everything below. `open` gives the store anew each time, over the same data, as another process would.
///
/// # Panics
///
/// When the store breaks a rule; the message says which.
pub async fn check<S: TokenStore>(open: impl Fn() -> S) {
    records_are_kept_whole(&open).await;
    a_write_needs_what_was_seen(&open).await;
    a_write_can_be_made_again_in_its_own_place(&open).await;
    one_of_many_writers_wins(&open).await;
    logins_are_kept_apart(&open).await;
    the_latest_login_is_found(&open).await;
    dropped_calls_leave_whole_records(&open).await;
}

/// A key that nobody has used yet.
fn fresh_key() -> LoginKey {
    let server = format!("https://{}.invalid", RandomId::random());
    let origin = match server.parse() {
        Ok(origin) => origin,
        Err(error) => unreachable(&error),
    };
    ServerKey::new(origin, "/prefix").account("mona@corp.test")
}

#[expect(clippy::panic, reason = "a test suite ends by panics")]
fn unreachable(error: &dyn std::fmt::Display) -> ! {
    panic!("{error}")
}

/// A record with a token in it.
fn record(token: &str) -> Record {
    let tokens = StoredTokens::new(Some(Secret::new(token)), Some(Secret::new(format!("r-{token}"))));
    let mut record = Record::new(tokens, SystemTime::now());
    if let Ok(id) = UserId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21") {
        record.user = Some(User::new(id, "mona", "mona@corp.test", Role::User));
    }
    record
}

#[expect(clippy::panic, reason = "a test suite ends by panics")]
async fn read(store: &impl TokenStore, key: &LoginKey) -> Option<(Record, Revision)> {
    match store.read(key).await {
        Ok(stored) => stored.map(|stored| (stored.record, stored.revision)),
        Err(error) => panic!("a store that is there must be readable: {error:?}"),
    }
}

#[expect(clippy::panic, reason = "a test suite ends by panics")]
async fn swap(store: &impl TokenStore, key: &LoginKey, expected: Option<Revision>, record: &Record) -> Swap {
    match store.compare_and_set(key, expected, record).await {
        Ok(swap) => swap,
        Err(error) => panic!("a store that is there must be writable: {error:?}"),
    }
}

/// What is written is read again, every field of it, also by another process.
pub async fn records_are_kept_whole<S: TokenStore>(open: &impl Fn() -> S) {
    let key = fresh_key();
    assert_eq!(read(&open(), &key).await, None, "nothing is stored yet");
    let mut present = None;
    let mut whole = record("with \"quotes\", \u{e9} and\nlines");
    let version = whole.tokens().map(|tokens| tokens.version);
    let holder = RandomId::random();
    let second = Duration::from_secs(1);
    if let Status::Active(tokens) = &mut whole.status {
        tokens.expires_at = SystemTime::UNIX_EPOCH.checked_add(second.saturating_mul(1_900_000_000));
    }
    whole.fence = u64::MAX;
    whole.lease = Some(Lease {
        holder,
        renewals: 3,
        length: second,
        exchange: second,
        margin: second,
        since: Some(whole.started),
    });
    whole.intent = version.map(|tokens| Intent { tokens, holder, since: whole.started, inherited: true });
    // A program exchanges a token of its own while the session beside it ends.
    let mut ended = record("over");
    (ended.lease, ended.fence) = (whole.lease.clone(), 7);
    ended.intent = whole
        .intent
        .clone()
        .map(|intent| Intent { tokens: Version { counter: 0, ..intent.tokens }, ..intent });
    ended.status = Status::ended(EndReason::LoggedOut, ended.started);
    let mut bare = record("bare");
    bare.status = Status::Active(StoredTokens::new(None, None));
    for record in [whole, record("plain"), record(&"long".repeat(1024)), bare, ended] {
        assert!(matches!(swap(&open(), &key, present, &record).await, Swap::Done(_)), "nobody else writes");
        let Some((found, revision)) = read(&open(), &key).await else { continue };
        assert_eq!(found, record, "a record is kept as it is");
        assert!(present.is_none_or(|before| revision > before), "revisions go up");
        present = Some(revision);
    }
    assert!(present.is_some(), "what was written is there");
}

/// A write that expects anything but what is stored changes nothing.
pub async fn a_write_needs_what_was_seen<S: TokenStore>(open: &impl Fn() -> S) {
    let key = fresh_key();
    let (first, second) = (record("first"), record("second"));
    assert_eq!(swap(&open(), &key, Some(Revision(1)), &first).await, Swap::Conflict, "nothing was there");
    assert!(matches!(swap(&open(), &key, None, &first).await, Swap::Done(_)));
    assert_eq!(swap(&open(), &key, None, &second).await, Swap::Conflict, "something is there");
    let Some((_, seen)) = read(&open(), &key).await else { unreachable(&"what was written is there") };
    assert!(matches!(swap(&open(), &key, Some(seen), &second).await, Swap::Done(_)));
    // The same write again, as after an answer that was lost: it is known by its id.
    assert_eq!(swap(&open(), &key, Some(seen), &second).await, Swap::Conflict);
    let found = read(&open(), &key).await.map(|(record, _)| record.write);
    assert_eq!(found, Some(second.write), "whoever reads its own write knows it");
    assert_eq!(swap(&open(), &key, Some(seen), &first).await, Swap::Conflict, "what was seen is old");
}

/// What was read after a failure may not be durable, so it is written once more in its own place, each time as another revision.
pub async fn a_write_can_be_made_again_in_its_own_place<S: TokenStore>(open: &impl Fn() -> S) {
    let key = fresh_key();
    let mut ended = record("over");
    ended.status = Status::ended(EndReason::LoggedOut, ended.started);
    let mut present = None;
    for record in [record("first"), record("second"), ended] {
        for again in [false, true, true] {
            let swap = swap(&open(), &key, present, &record).await;
            assert!(matches!(swap, Swap::Done(_)), "nobody else writes; again: {again}");
            let Some((found, revision)) = read(&open(), &key).await else {
                unreachable(&"what was written is there")
            };
            assert_eq!(found, record, "a record is kept as it is, however often it is written");
            assert!(present.is_none_or(|before| revision > before), "revisions go up");
            assert_eq!(swap, Swap::Done(revision), "what is read is what was written");
            present = Some(revision);
        }
    }
}

/// Of writers who have seen the same, one wins, and its record is what is stored.
pub async fn one_of_many_writers_wins<S: TokenStore>(open: &impl Fn() -> S) {
    let key = fresh_key();
    for round in 0..10 {
        let expected = read(&open(), &key).await.map(|(_, revision)| revision);
        let writers: Vec<_> = (0..8).map(|writer| (open(), record(&format!("{round}-{writer}")))).collect();
        let mut calls: Vec<_> = writers
            .iter()
            .map(|(store, record)| Some(store.compare_and_set(&key, expected, record)))
            .collect();
        let mut winners = Vec::new();
        // All at once, as far as the store lets them.
        std::future::poll_fn(|cx| {
            for (call, (_, record)) in calls.iter_mut().zip(&writers) {
                if let Some(Poll::Ready(swap)) = call.as_mut().map(|call| call.as_mut().poll(cx)) {
                    *call = None;
                    if matches!(swap, Ok(Swap::Done(_))) {
                        winners.push(record.write);
                    }
                }
            }
            if calls.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!(winners.len(), 1, "one of many writers wins");
        let found = read(&open(), &key).await.map(|(record, _)| record.write);
        assert_eq!(found.as_ref(), winners.first(), "the winner's record is stored");
    }
}

/// Servers, path prefixes and accounts share nothing.
pub async fn logins_are_kept_apart<S: TokenStore>(open: &impl Fn() -> S) {
    let key = fresh_key();
    let origin = key.server().origin().clone();
    let others = [
        key.server().account("noah"),
        key.server().account(""),
        ServerKey::new(origin.clone(), "").account(key.account()),
        ServerKey::new(origin, "/prefix/deeper").account(key.account()),
    ];
    assert!(matches!(swap(&open(), &key, None, &record("mine")).await, Swap::Done(_)));
    for other in &others {
        assert_eq!(read(&open(), other).await, None, "{other:?} is another login");
        assert!(matches!(swap(&open(), other, None, &record("theirs")).await, Swap::Done(_)));
    }
    let mine = read(&open(), &key).await.and_then(|(record, _)| record.tokens().cloned());
    let mine = mine.and_then(|tokens| tokens.access_token);
    assert_eq!(mine.as_ref().map(Secret::expose), Some("mine"));
}

/// [`latest`](TokenStore::latest) names the login that began last, and prefers those that have not ended. What belongs to no account is
/// nobody's to find.
pub async fn the_latest_login_is_found<S: TokenStore>(open: &impl Fn() -> S) {
    let server = fresh_key().server().clone();
    let latest = async || match open().latest(&server).await {
        Ok(account) => account,
        Err(error) => unreachable(&error),
    };
    assert_eq!(latest().await, None);
    for (account, seconds) in [("", 40), ("mona", 20), ("noah", 30), ("olga", 10)] {
        let since = Duration::from_secs(seconds);
        let began = SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut record = record(account);
        record.started = began;
        assert!(matches!(swap(&open(), &server.account(account), None, &record).await, Swap::Done(_)));
        if account.is_empty() {
            assert_eq!(latest().await, None);
        }
    }
    assert_eq!(latest().await.as_deref(), Some("noah"));
    let key = server.account("noah");
    let Some((mut record, revision)) = read(&open(), &key).await else { unreachable(&"noah is there") };
    record.status = Status::ended(EndReason::Refused, record.started);
    record.write = RandomId::random();
    assert!(matches!(swap(&open(), &key, Some(revision), &record).await, Swap::Done(_)));
    assert_eq!(latest().await.as_deref(), Some("mona"));
}

/// A call that is dropped has happened or has not; what is stored is whole, and nothing is held up.
pub async fn dropped_calls_leave_whole_records<S: TokenStore>(open: &impl Fn() -> S) {
    let key = fresh_key();
    let store = open();
    let mut written = Vec::new();
    for number in 0..20 {
        let expected = read(&store, &key).await.map(|(_, revision)| revision);
        let record = record(&format!("dropped {number}"));
        written.push(record.write);
        let mut call = pin!(store.compare_and_set(&key, expected, &record));
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    // A write that was begun may still be under way, so it takes as many tries as there are writes.
    let last = record("last");
    for _ in 0..=written.len() {
        let seen = read(&store, &key).await;
        if let Some((found, _)) = &seen {
            assert!(written.contains(&found.write), "a record that nobody wrote");
        }
        if let Swap::Done(_) = swap(&store, &key, seen.map(|(_, revision)| revision), &last).await {
            return;
        }
    }
    unreachable(&"writes that were dropped hold others up");
}
