//! [`RedisStore`]: one login of the [EdgeQuake](https://docs.rs/edgequake-client) server, shared by many machines through
//! Redis 5 or later, or Valkey.
//!
//! The server's refresh tokens work once. Pods of a cluster that share one login therefore have to agree on who renews it, and
//! to hand the successor on, whatever happens to any of them. [`edgequake_auth::store`] describes how they do that; this crate
//! keeps what they agree by.
//!
//! ```no_run
//! use edgequake_auth::{Jwt, TokenTransport};
//! use edgequake_redis::RedisStore;
//!
//! # fn run(transport: impl TokenTransport) -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::builder("rediss://redis.example.com")
//!     .username("edgequake")
//!     .password_file("/run/secrets/redis-password")
//!     .build()?;
//! let jwt = Jwt::builder("https://eq.example.com".parse()?, transport)
//!     .login("service@example.com", std::env::var("EDGEQUAKE_PASSWORD")?)
//!     .store(store)
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! With the client it is `Client::builder().token_store(store)`.
//!
//! # What is stored
//!
//! One hash for each login, and one sorted set for each server, which tells who logged in last:
//!
//! | key | fields |
//! |---|---|
//! | `edgequake:login:{https://eq.example.com}:service@example.com` | `revision`: microseconds of the clock of Redis, always rising; `record`: the tokens and who logged in, as JSON, or encrypted with the feature `encryption` |
//! | `edgequake:logins:{https://eq.example.com}` | a member for each account |
//!
//! The part in braces is the hash tag of Redis Cluster: both keys of a server are in one slot. The store does not follow the redirections
//! of a cluster: give it the node that has the slot, or a proxy. A login that has ended expires 30
//! days after its last write; others do not expire.
//!
//! # What Redis has to promise
//!
//! * **`maxmemory-policy noeviction`**, at least for these keys: they must not be thrown away to make room. A Redis that is full
//!   then refuses a write before a token is spent.
//! * **Persistence**: `appendonly yes` and `appendfsync always`. With `everysec`, the default, a crash can lose the last second. Who had
//!   seen what was lost is told so, as [`WentBack`](edgequake_auth::StoreErrorKind::WentBack), and does not use what is left; nobody else
//!   can know, see below.
//! * **Fail-over** to a replica loses what it had not received yet. [`replicas`](RedisStoreBuilder::replicas) makes each write
//!   wait for replicas (`WAIT`), which makes that rare; Redis cannot exclude it.
//! * **Permissions**: `+hmget +evalsha +script|load +hget +hset +zadd +zrevrange +zrem +exists +time +persist +pexpire
//!   +select` on the keys `edgequake:*`. `+select` is for databases other than 0, and replicas need `+wait` as well.
//!   Where the user `default` is off, it has to keep its permissions (`user default off ~* &* +@all`): Redis reads its append-only
//!   file as this user, and drops what scripts have written if it may not write that.
//!
//! # When Redis loses a write
//!
//! Each store remembers the highest revision it has seen of a login. Once Redis holds less, or nothing, the refresh token in it
//! may be spent, and a second use ends the session. So reading fails until there is a newer login; access tokens in hand are
//! used meanwhile. A program with a password logs in again by itself; one without waits for whoever does.
//! A process that had not seen the lost write, such as one that starts after it, cannot know, and once it has written, nobody can: it
//! presents the spent token, and the session ends. Where Redis may lose writes, give every process a password.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod keys;
#[cfg(feature = "encryption")]
mod encryption;
mod payload;
mod seen;
#[cfg(feature = "tls")]
mod tls;
mod settings;
mod connection;
mod script;
mod store;
mod builder;

pub use builder::RedisStoreBuilder;
#[cfg(feature = "encryption")]
pub use encryption::EncryptionKey;
pub use error::RedisStoreError;
pub use store::RedisStore;
