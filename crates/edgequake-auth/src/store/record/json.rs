//! A record as JSON, with a name and a version, so that nothing else is taken for one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edgequake_types::session::User;
use edgequake_types::{Secret, secret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{EndReason, Intent, Lease, RandomId, Record, Status, StoredTokens, Version};
use crate::store::key::{LoginKey, ServerKey};

const FORMAT: &str = "edgequake-login";
const VERSION: u32 = 1;

/// Why a text is no record. Holds no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is not JSON, or was cut off.
    #[error("is damaged (line {line}, column {column})")]
    #[non_exhaustive]
    Damaged {
        /// Where, counted from 1.
        line: usize,
        /// Where, in bytes.
        column: usize,
    },
    /// It is something else.
    #[error("is not the record of a login")]
    Foreign,
    /// Its format is one that this version does not know.
    #[error("was written by a newer version of this program (format {0})")]
    Newer(u32),
    /// It cannot be written as JSON.
    #[error("cannot be written as JSON")]
    Unwritable,
    /// It belongs to another server or account.
    #[error("belongs to another server or account")]
    Misplaced,
}

#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    format: String,
    version: u32,
    origin: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    account: String,
    session: Hex,
    /// Milliseconds since 1970-01-01 00:00 UTC, like every time here.
    started: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began_with: Option<Hex>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spent: Vec<Hex>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    doubtful: Vec<Hex>,
    #[serde(default, deserialize_with = "readable", skip_serializing_if = "Option::is_none")]
    user: Option<User>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
    fence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<IntentText>,
    write: Hex,
}

#[derive(Serialize, Deserialize)]
struct Tokens {
    counter: u64,
    nonce: Hex,
    #[serde(default, serialize_with = "secret::expose_option", skip_serializing_if = "Option::is_none")]
    access_token: Option<Secret>,
    #[serde(default, serialize_with = "secret::expose_option", skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Ended {
    reason: Reason,
    at: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    LoggedOut,
    Refused,
}

#[derive(Serialize, Deserialize)]
struct LeaseText {
    holder: Hex,
    renewals: u64,
    /// Milliseconds.
    length: u64,
    exchange: u64,
    #[serde(default)]
    margin: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct IntentText {
    counter: u64,
    nonce: Hex,
    holder: Hex,
    since: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inherited: bool,
}

/// An id among the JSON.
struct Hex(RandomId);

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        // The text is not shown: a damaged record may hold anything here.
        text.parse().map(Self).map_err(|_| serde::de::Error::custom("not an id"))
    }
}

/// A user that later versions describe in another way is none: the tokens are what matters.
fn readable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<User>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(UNIX_EPOCH)
}

fn span(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Record {
    /// The record of `key` as JSON text, for stores that keep texts. It holds the tokens.
    ///
    /// # Errors
    ///
    /// [`RecordError::Unwritable`], which does not happen in practice.
    pub fn to_json(&self, key: &LoginKey) -> Result<Secret, RecordError> {
        let (mut tokens, mut ended) = (None, None);
        match &self.status {
            Status::Active(found) => {
                tokens = Some(Tokens {
                    counter: found.version.counter,
                    nonce: Hex(found.version.nonce),
                    access_token: found.access_token.clone(),
                    refresh_token: found.refresh_token.clone(),
                    expires_at: found.expires_at.map(millis),
                });
            }
            Status::Ended { reason, at } => {
                let reason = match reason {
                    EndReason::LoggedOut => Reason::LoggedOut,
                    EndReason::Refused => Reason::Refused,
                };
                ended = Some(Ended { reason, at: millis(*at) });
            }
        }
        let text = Text {
            format: FORMAT.to_owned(),
            version: VERSION,
            origin: key.server().origin().to_string(),
            prefix: key.server().prefix().to_owned(),
            account: key.account().to_owned(),
            session: Hex(self.session),
            started: millis(self.started),
            began_with: self.began_with.map(Hex),
            spent: self.spent.iter().copied().map(Hex).collect(),
            doubtful: self.doubtful.iter().copied().map(Hex).collect(),
            user: self.user.clone(),
            tokens,
            ended,
            fence: self.fence,
            lease: self.lease.as_ref().map(|lease| LeaseText {
                holder: Hex(lease.holder),
                renewals: lease.renewals,
                length: span(lease.length),
                exchange: span(lease.exchange),
                margin: span(lease.margin),
                since: lease.since.map(millis),
            }),
            intent: self.intent.as_ref().map(|intent| IntentText {
                counter: intent.tokens.counter,
                nonce: Hex(intent.tokens.nonce),
                holder: Hex(intent.holder),
                since: millis(intent.since),
                inherited: intent.inherited,
            }),
            write: Hex(self.write),
        };
        // Room for long tokens, so that no copy of them is left behind when it grows.
        let secrets = [
            self.tokens().and_then(|tokens| tokens.access_token.as_ref()),
            self.tokens().and_then(|tokens| tokens.refresh_token.as_ref()),
        ];
        let length: usize = secrets.iter().flatten().map(|secret| secret.expose().len() * 2).sum();
        let mut json = Zeroizing::new(Vec::with_capacity(2048 + length));
        serde_json::to_writer_pretty(&mut *json, &text).map_err(|_| RecordError::Unwritable)?;
        json.push(b'\n');
        String::from_utf8(std::mem::take(&mut *json)).map(Secret::new).map_err(|_| RecordError::Unwritable)
    }

    /// Reads what [`to_json`](Self::to_json) wrote, and whose it is.
    ///
    /// # Errors
    ///
    /// [`RecordError`]
    pub fn from_json(text: &str) -> Result<(LoginKey, Self), RecordError> {
        // The texts of serde's errors quote what they found, which may be a token.
        let damaged =
            |error: serde_json::Error| RecordError::Damaged { line: error.line(), column: error.column() };
        let head: Head = match serde_json::from_str(text) {
            Ok(head) => head,
            Err(error) if error.is_data() => return Err(RecordError::Foreign),
            Err(error) => return Err(damaged(error)),
        };
        match (head.format.as_deref(), head.version) {
            (Some(FORMAT), Some(VERSION)) => {}
            (Some(FORMAT), Some(newer)) if newer > VERSION => return Err(RecordError::Newer(newer)),
            _ => return Err(RecordError::Foreign),
        }
        let text: Text = serde_json::from_str(text).map_err(damaged)?;
        let origin = text.origin.parse().map_err(|_| RecordError::Foreign)?;
        let key = ServerKey::new(origin, &text.prefix).account(text.account);
        let status = match (text.tokens, text.ended) {
            (Some(tokens), None) => Status::Active(StoredTokens {
                version: Version { counter: tokens.counter, nonce: tokens.nonce.0 },
                access_token: tokens.access_token,
                refresh_token: tokens.refresh_token,
                expires_at: tokens.expires_at.map(time),
            }),
            (None, Some(ended)) => Status::Ended {
                reason: match ended.reason {
                    Reason::LoggedOut => EndReason::LoggedOut,
                    Reason::Refused => EndReason::Refused,
                },
                at: time(ended.at),
            },
            _ => return Err(RecordError::Foreign),
        };
        let hashes = |ids: Vec<Hex>| ids.into_iter().take(super::MOST_HASHES).map(|id| id.0).collect();
        let record = Self {
            session: text.session.0,
            started: time(text.started),
            began_with: text.began_with.map(|id| id.0),
            spent: hashes(text.spent),
            doubtful: hashes(text.doubtful),
            user: text.user,
            status,
            fence: text.fence,
            lease: text.lease.map(|lease| Lease {
                holder: lease.holder.0,
                renewals: lease.renewals,
                length: Duration::from_millis(lease.length),
                exchange: Duration::from_millis(lease.exchange),
                margin: Duration::from_millis(lease.margin),
                since: lease.since.map(time),
            }),
            intent: text.intent.map(|intent| Intent {
                tokens: Version { counter: intent.counter, nonce: intent.nonce.0 },
                holder: intent.holder.0,
                since: time(intent.since),
                inherited: intent.inherited,
            }),
            write: text.write.0,
        };
        Ok((key, record))
    }
}
