//! [`RedisStore`]: the operations of a token store, as commands of Redis.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use edgequake_auth::{
    BoxFuture, LoginKey, Record, Revision, ServerKey, Status, StoreError, StoreErrorKind, Stored, Swap,
    TokenStore,
};
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use crate::connection::{Connection, Sent};
use crate::keys::Keys;
use crate::payload::Payloads;
use crate::script::Known;
use crate::seen::Seen;
use crate::settings::Settings;

/// How long what has ended can still be read: 30 days, as in every store.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Added to the rank of logins that can be used: more than the milliseconds since 1970 will be for a long time, and both
/// together are an integer that Redis' numbers hold exactly.
const USABLE: u64 = 1 << 50;
/// How many accounts of a server are looked at together for one that is still there.
const PAGE: isize = 16;

/// Logins in Redis or Valkey. Clones share a connection.
///
/// ```no_run
/// use edgequake_redis::RedisStore;
///
/// let store = RedisStore::new("redis://127.0.0.1")?;
/// # Ok::<(), edgequake_redis::RedisStoreError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RedisStore {
    settings: Arc<Settings>,
    connection: Connection,
    /// Another one where writes wait for replicas: nothing else is answered meanwhile.
    writes: Connection,
    keys: Keys,
    payloads: Payloads,
    replicas: u32,
    seen: Seen,
    compare_and_set: Arc<Known>,
    first_login: Arc<Known>,
}

impl RedisStore {
    pub(crate) fn from_parts(settings: Arc<Settings>, keys: Keys, payloads: Payloads, replicas: u32) -> Self {
        let connection = Connection::new(Arc::clone(&settings));
        let writes = if replicas == 0 { connection.clone() } else { Connection::new(Arc::clone(&settings)) };
        Self {
            settings,
            connection,
            writes,
            keys,
            payloads,
            replicas,
            seen: Seen::default(),
            compare_and_set: Arc::new(Known::compare_and_set()),
            first_login: Arc::new(Known::first_login()),
        }
    }

    async fn find(&self, key: &LoginKey) -> Result<Option<Stored>, StoreError> {
        let name = self.keys.login(key);
        let command = |mut connection| {
            let mut read = cmd("HMGET");
            read.arg(&name).arg("revision").arg("record");
            async move { read.query_async::<(Option<u64>, Option<Vec<u8>>)>(&mut connection).await }
        };
        let last = self.seen.last(key);
        let (answer, _) = self.connection.run(command).await?;
        let (revision, bytes) = match answer {
            (Some(revision), Some(bytes)) => (revision, bytes),
            (None, None) if last.may_be_absent() => return Ok(None),
            (None, None) => return Err(went_back(&name)),
            _ => {
                let text = format!("what is under {name} in Redis is not a login: choose another key prefix");
                return Err(StoreError::new(StoreErrorKind::Corrupt, text));
            }
        };
        if revision < last.revision {
            return Err(went_back(&name));
        }
        let record = self.payloads.read(&name, key, &bytes)?;
        self.seen.note(key, revision, record.tokens().is_none());
        Ok(Some(Stored::new(record, Revision(revision))))
    }

    async fn write(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        let name = self.keys.login(key);
        let payload = self.payloads.write(&name, key, record)?;
        let highest = self.seen.last(key).revision;
        let kept = match record.status {
            Status::Ended { .. } => KEPT.as_millis(),
            _ => 0,
        };
        let mut script = self.compare_and_set.0.key(&name);
        script.key(self.keys.logins(key.server()));
        script.arg(expected.map(|revision| revision.0.to_string()).unwrap_or_default());
        script
            .arg(highest)
            .arg(payload.as_slice())
            .arg(key.account())
            .arg(rank(record))
            .arg(kept.to_string());
        let (script, replicas, limit) = (&script, self.replicas, self.settings.limit);
        let command = |mut connection: MultiplexedConnection| async move {
            let revision: Option<u64> = script.invoke_async(&mut connection).await?;
            if revision.is_none() || replicas == 0 {
                return Ok((revision, replicas));
            }
            // Shorter than the limit of the whole, so that a shortfall is told as one.
            let wait = u64::try_from((limit / 2).as_millis()).unwrap_or(u64::MAX).max(1);
            let confirmed: u32 = cmd("WAIT").arg(replicas).arg(wait).query_async(&mut connection).await?;
            Ok((revision, confirmed))
        };
        match self.writes.run(command).await? {
            ((None, _), Sent::Once) => Ok(Swap::Conflict),
            // What is there may be what the first one has written; the caller looks.
            ((None, _), Sent::Again) => {
                let text = "the connection to Redis was lost while the login was written";
                Err(StoreError::new(StoreErrorKind::Unavailable, text))
            }
            ((Some(revision), confirmed), _) => {
                self.seen.note(key, revision, record.tokens().is_none());
                if confirmed < replicas {
                    let text = format!(
                        "{confirmed} of {replicas} replicas of Redis have confirmed the login in time"
                    );
                    return Err(StoreError::new(StoreErrorKind::Unavailable, text));
                }
                Ok(Swap::Done(Revision(revision)))
            }
        }
    }

    /// Those who logged in last come first. One whose login has expired is taken off the list, unless it is back by then.
    async fn last_account(&self, server: &ServerKey) -> Result<Option<String>, StoreError> {
        let list = self.keys.logins(server);
        let command = |connection| self.last_of(server, &list, connection);
        self.connection.run(command).await.map(|(account, _)| account)
    }

    async fn last_of(
        &self,
        server: &ServerKey,
        list: &str,
        mut connection: MultiplexedConnection,
    ) -> RedisResult<Option<String>> {
        loop {
            let mut range = cmd("ZREVRANGE");
            range.arg(list).arg(0).arg(PAGE - 1);
            let accounts: Vec<String> = range.query_async(&mut connection).await?;
            if accounts.is_empty() {
                return Ok(None);
            }
            // A script has to be told all of its keys.
            let mut script = self.first_login.0.key(list);
            for account in &accounts {
                script.key(self.keys.login(&server.account(account))).arg(account);
            }
            if let Some(account) = script.invoke_async(&mut connection).await? {
                return Ok(Some(account));
            }
        }
    }
}

/// The larger, the later: logins that can be used come after those that have ended.
fn rank(record: &Record) -> u64 {
    let started = record.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    let started = u64::try_from(started.as_millis()).unwrap_or(u64::MAX).min(USABLE - 1);
    started + if record.tokens().is_some() { USABLE } else { 0 }
}

fn went_back(name: &str) -> StoreError {
    let text = format!(
        "Redis has lost writes of the login under {name} that it had confirmed (restarted without persistence, failed over, \
         or the key was deleted or evicted): log in again"
    );
    StoreError::new(StoreErrorKind::WentBack, text)
}

impl TokenStore for RedisStore {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(self.find(key))
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(self.write(key, expected, record))
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        Box::pin(self.last_account(server))
    }
}

#[cfg(test)]
mod tests {
    use edgequake_auth::{EndReason, StoredTokens};

    use super::*;

    #[test]
    fn later_logins_rank_higher_and_usable_ones_highest() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let usable = |seconds| Record::new(StoredTokens::new(None, None), at(seconds));
        let mut ended = usable(3_000_000_000);
        ended.status = Status::ended(EndReason::LoggedOut, UNIX_EPOCH);
        assert!(rank(&ended) < rank(&usable(1)) && rank(&usable(1)) < rank(&usable(2)));
        let most = rank(&usable(1 << 40));
        #[expect(clippy::cast_precision_loss, reason = "whether there is any is the question")]
        let exact = most as f64;
        assert_eq!(format!("{exact:.0}"), most.to_string());
    }
}
