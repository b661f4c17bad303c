//! [`Record`]: everything that is shared about one login, changed only as a whole.

mod json;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use edgequake_types::Secret;
use edgequake_types::session::User;

pub use json::RecordError;

/// A number drawn at random, written as 32 hexadecimal digits. Nobody else draws the same one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RandomId(u128);

/// An odd number with bits everywhere.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

impl RandomId {
    /// Draws one.
    pub fn random() -> Self {
        // A process that was forked draws the same numbers as its parent.
        Self(fastrand::u128(..) ^ u128::from(std::process::id()).wrapping_mul(SPREAD))
    }

    /// The one of a process that may have been forked from where this was drawn.
    pub(crate) fn in_process(self, process: u32) -> Self {
        Self(self.0.wrapping_add(process.into()))
    }

    /// One that is known, for tests.
    pub const fn from_number(number: u128) -> Self {
        Self(number)
    }

    #[cfg(test)]
    pub(crate) fn number(self) -> u128 {
        self.0
    }
}

/// What a record says of a refresh token that it does not hold: enough to know it again, and nothing to get it back from. A
/// keyring keeps tokens out of the record, so this has to.
pub(crate) fn fingerprint(token: &Secret) -> RandomId {
    let hash = hmac_sha256::HMAC::mac(token.expose(), "edgequake refresh token");
    RandomId(hash.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte)))
}

impl fmt::Display for RandomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RandomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl FromStr for RandomId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

/// One login as all who use it see it.
///
/// A store keeps it as it is. What it means, who may change what, and when, is written once, in this crate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Record {
    /// The session: drawn at each login, kept by refreshes.
    pub session: RandomId,
    /// When it began.
    pub started: SystemTime,
    /// A hash of the refresh token that a program began it with, so that the program does not spend the token again when it
    /// starts anew.
    pub began_with: Option<RandomId>,
    /// Hashes of refresh tokens that programs began earlier sessions of this login with and that are spent, the newest first, at most
    /// eight: showing one again would end its session at the server, and look like theft.
    pub spent: Vec<RandomId>,
    /// Hashes of refresh tokens that programs gave and that somebody was about to present, nobody knows with what result, the newest
    /// first, at most eight. No intent tells of them: another intent, or another session, is in its place.
    pub doubtful: Vec<RandomId>,
    /// Who logged in, as the server described them then; `None` if it did not, or an earlier version began the session, or once it
    /// has ended.
    pub user: Option<User>,
    /// Its tokens, or how it ended.
    pub status: Status,
    /// Counts the holders of the lease, all that there have been.
    pub fence: u64,
    /// Who may refresh now.
    pub lease: Option<Lease>,
    /// The refresh that was begun and not settled.
    pub intent: Option<Intent>,
    /// This write. Whoever reads it again knows that it arrived.
    pub write: RandomId,
}

/// Whether a session can still be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// With these tokens.
    Active(StoredTokens),
    /// It cannot, and nobody gets it back.
    #[non_exhaustive]
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: SystemTime,
    },
}

impl Status {
    /// A session that is over. The time is kept to the millisecond.
    pub fn ended(reason: EndReason, at: SystemTime) -> Self {
        Self::Ended { reason, at: whole_milliseconds(at) }
    }
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// Somebody logged out. Whoever had this session does not log in again by itself.
    LoggedOut,
    /// The server refused its refresh token. Whoever has a password may log in again.
    Refused,
}

/// Tokens as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredTokens {
    /// Which tokens of the session these are.
    pub version: Version,
    /// The access token; none when only a refresh token was given.
    pub access_token: Option<Secret>,
    /// The refresh token, which works once.
    pub refresh_token: Option<Secret>,
    /// When the access token expires; `None` when nobody knows.
    pub expires_at: Option<SystemTime>,
}

impl std::hash::Hash for StoredTokens {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.version.hash(state);
    }
}

impl StoredTokens {
    /// The first tokens of a session.
    pub fn new(access_token: impl Into<Option<Secret>>, refresh_token: Option<Secret>) -> Self {
        Self { version: Version::first(), access_token: access_token.into(), refresh_token, expires_at: None }
    }

    /// Sets when the access token expires.
    #[must_use]
    pub fn expires_at(mut self, at: Option<SystemTime>) -> Self {
        self.expires_at = at;
        self
    }
}

/// Tells the tokens of a session apart: how many refreshes came before, and a number drawn for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Version {
    /// How many refreshes came before.
    pub counter: u64,
    /// Drawn for these tokens.
    pub nonce: RandomId,
}

impl Version {
    /// That of a login.
    pub(crate) fn first() -> Self {
        Self { counter: 1, nonce: RandomId::random() }
    }

    /// What stands in an intent for a token that is in no record, by its hash. Those of a record count from one.
    pub(crate) fn of_given(token: RandomId) -> Self {
        Self { counter: 0, nonce: token }
    }

    /// The hash of the token that this stands for, if it is in no record.
    pub(crate) fn as_given(self) -> Option<RandomId> {
        (self.counter == 0).then_some(self.nonce)
    }

    /// That of the tokens after these.
    pub(crate) fn next(self) -> Self {
        Self { counter: self.counter.saturating_add(1), nonce: RandomId::random() }
    }
}

/// The right to refresh, for a while. It is over when it has stood unchanged for its length, by the clock of whoever looks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lease {
    /// Who has it.
    pub holder: RandomId,
    /// How often it was prolonged.
    pub renewals: u64,
    /// How long it lasts.
    pub length: Duration,
    /// How long an exchange of its holder takes at most.
    pub exchange: Duration,
    /// What its holder allows for pauses and clocks. Others allow for the same, unless they allow for more.
    pub margin: Duration,
    /// Since when, or when it was prolonged last, by the clock of that machine; `None` if an earlier version wrote it.
    pub since: Option<SystemTime>,
}

/// A refresh that was begun. Until it is settled nobody knows whether its token still works.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Intent {
    /// Which tokens of the session were about to be exchanged. A token that a program gave, and that is in no record yet, is named by
    /// a counter of 0 and its hash.
    pub tokens: Version,
    /// By whom.
    pub holder: RandomId,
    /// Since when, by the clock of that machine.
    pub since: SystemTime,
    /// Whether an earlier intent for the same tokens was never settled, so that their token may be spent already.
    pub inherited: bool,
}

/// What stores can keep of a time.
fn whole_milliseconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(time)
}

/// How many spent tokens, and how many doubtful ones, are remembered.
pub(crate) const MOST_HASHES: usize = 8;

fn remember(hashes: &mut Vec<RandomId>, given: RandomId) {
    hashes.retain(|hash| *hash != given);
    hashes.insert(0, given);
    hashes.truncate(MOST_HASHES);
}

impl Record {
    /// A session that has just begun. Times are kept to the millisecond.
    pub fn new(tokens: StoredTokens, started: SystemTime) -> Self {
        Self {
            session: RandomId::random(),
            started: whole_milliseconds(started),
            began_with: None,
            spent: Vec::new(),
            doubtful: Vec::new(),
            user: None,
            status: Status::Active(tokens),
            fence: 0,
            lease: None,
            intent: None,
            write: RandomId::random(),
        }
    }

    /// The tokens, unless it has ended.
    pub fn tokens(&self) -> Option<&StoredTokens> {
        match &self.status {
            Status::Active(tokens) => Some(tokens),
            Status::Ended { .. } => None,
        }
    }

    /// A session that takes the place of another: what is known of tokens that programs gave outlives the sessions.
    pub(crate) fn after(before: Option<&Self>, tokens: StoredTokens, started: SystemTime) -> Self {
        let mut record = Self::new(tokens, started);
        if let Some(before) = before {
            record.fence = before.fence;
            record.spent.clone_from(&before.spent);
            record.doubtful.clone_from(&before.doubtful);
            record.doubt(before.intent.as_ref().and_then(|intent| intent.tokens.as_given()));
            let present = before.tokens().and_then(|tokens| tokens.refresh_token.as_ref()).map(fingerprint);
            match before.began_with {
                Some(given) if present != Some(given) => remember(&mut record.spent, given),
                // The session holds the very token: it works, unless somebody is presenting it.
                given if before.is_unsettled() => record.doubt(given),
                _ => {}
            }
        }
        record
    }

    /// Remembers that a token that a program gave may be spent, where no intent tells it.
    pub(crate) fn doubt(&mut self, given: Option<RandomId>) {
        if let Some(given) = given {
            remember(&mut self.doubtful, given);
        }
    }

    /// Whether a token that a program gave may have been presented.
    pub(crate) fn may_be_spent(&self, given: RandomId) -> bool {
        let pending = self.intent.as_ref().map(|intent| intent.tokens);
        pending == Some(Version::of_given(given)) || self.doubtful.contains(&given)
    }

    /// Whether its refresh token may have been spent: an exchange was begun and not settled.
    pub fn is_unsettled(&self) -> bool {
        let pending = self.intent.as_ref().map(|intent| intent.tokens);
        self.tokens().is_some_and(|tokens| pending == Some(tokens.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_optional_and_no_obstacle() {
        let key = crate::ServerKey::new("https://h".parse().unwrap(), "").account("mona");
        let mut record = Record::new(StoredTokens::new(Some("a".into()), None), SystemTime::now());
        let earlier = record.to_json(&key).unwrap();
        assert!(!earlier.expose().contains("user"), "as an earlier version writes it");
        assert_eq!(Record::from_json(earlier.expose()), Ok((key.clone(), record.clone())));
        let id = edgequake_types::UserId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
        record.user = Some(User::new(id, "mona", "mona@corp.test", edgequake_types::session::Role::User));
        let text = record.to_json(&key).unwrap();
        assert_eq!(Record::from_json(text.expose()), Ok((key.clone(), record.clone())));
        for odd in ["null", "7", "{}", r#"{"user_id":[]}"#] {
            let mut value: serde_json::Value = serde_json::from_str(text.expose()).unwrap();
            value["user"] = serde_json::from_str(odd).unwrap();
            record.user = None;
            let found = Record::from_json(&value.to_string());
            assert_eq!(found, Ok((key.clone(), record.clone())), "{odd}");
        }
    }

    #[test]
    fn spent_tokens_are_remembered_through_sessions_up_to_a_limit() {
        let key = crate::ServerKey::new("https://h".parse().unwrap(), "").account("mona");
        let hash = |number: u128| RandomId::from_number(number);
        let mut record = Record::new(StoredTokens::new(Some("a".into()), None), SystemTime::now());
        assert!(!record.to_json(&key).unwrap().expose().contains("spent"), "as an earlier version writes it");
        let session = |before: Option<&Record>, refresh: &str, given: u128| {
            let tokens = StoredTokens::new(Some("a".into()), Some(refresh.into()));
            let mut record = Record::after(before, tokens, SystemTime::now());
            record.began_with = Some(hash(given));
            record
        };
        for given in 1..20 {
            record = session(Some(&record), "r", given);
            let text = record.to_json(&key).unwrap();
            assert_eq!(Record::from_json(text.expose()), Ok((key.clone(), record.clone())));
        }
        let newest: Vec<_> = (11..19).rev().map(hash).collect();
        assert_eq!(record.spent, newest);
        // The same token once more, which the server may have taken again.
        assert_eq!(session(Some(&session(Some(&record), "r", 19)), "r", 20).spent[..2], [hash(19), hash(18)]);
        // One that was put there and not shown to the server yet, and then may have been.
        let mut waiting =
            Record::after(None, StoredTokens::new(None, Some("given".into())), SystemTime::now());
        let given = fingerprint(&"given".into());
        waiting.began_with = Some(given);
        let after = session(Some(&waiting), "r", 1);
        assert!(after.spent.is_empty() && after.doubtful.is_empty());
        let (tokens, holder) = (waiting.tokens().unwrap().version, hash(7));
        waiting.intent = Some(Intent { tokens, holder, since: SystemTime::now(), inherited: false });
        let after = session(Some(&waiting), "r", 1);
        assert!(after.spent.is_empty() && after.may_be_spent(given));
        let text = after.to_json(&key).unwrap();
        assert_eq!(Record::from_json(text.expose()), Ok((key.clone(), after)));
    }

    #[test]
    fn a_fingerprint_is_the_same_in_every_version() {
        let found = fingerprint(&Secret::new("r1"));
        assert_eq!(found.to_string(), "89a36b7aa6925ae25516a47617c51849");
        assert_ne!(found, fingerprint(&Secret::new("r2")));
    }
}
