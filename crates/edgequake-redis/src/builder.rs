//! [`RedisStoreBuilder`]: the options of a store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use edgequake_auth::{Password, SecretFile};
use edgequake_types::Secret;

#[cfg(feature = "encryption")]
use crate::encryption::EncryptionKey;
use crate::error::RedisStoreError;
use crate::keys::Keys;
use crate::payload::Payloads;
use crate::settings::{Certificates, Settings};
use crate::store::RedisStore;

const LIMIT: Duration = Duration::from_secs(3);

/// Options of a [`RedisStore`].
///
/// ```no_run
/// use std::time::Duration;
///
/// use edgequake_redis::RedisStore;
///
/// let store = RedisStore::builder("rediss://redis.example.com:6380")
///     .username("edgequake")
///     .password_file("/run/secrets/redis-password")
///     .root_certificates(std::fs::read("/etc/ssl/corp-ca.pem")?)
///     .key_prefix("shop:edgequake")
///     .time_limit(Duration::from_secs(2))
///     .replicas(1)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "call build"]
pub struct RedisStoreBuilder {
    url: String,
    username: Option<String>,
    password: Option<Password>,
    certificates: Certificates,
    prefix: String,
    limit: Duration,
    replicas: u32,
    payloads: Payloads,
}

impl RedisStore {
    /// The store at this address, with the defaults. Nothing is connected yet. Addresses are those of
    /// [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// [`RedisStoreError`], if the address cannot be used.
    pub fn new(url: &str) -> Result<Self, RedisStoreError> {
        Self::builder(url).build()
    }

    /// Options for a store at this address: `redis://user:password@host:port/database`, `rediss://..` with TLS, or
    /// `redis+unix:///path`. Port 6379 and database 0 are the defaults.
    pub fn builder(url: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url.into())
    }
}

impl RedisStoreBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            username: None,
            password: None,
            certificates: Certificates::default(),
            prefix: Keys::DEFAULT.to_owned(),
            limit: LIMIT,
            replicas: 0,
            payloads: Payloads::default(),
        }
    }

    /// The user of an access control list; overrides the one in the address.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The password; overrides the one in the address.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        let password: Secret = password.into();
        self.password = Some(password.into());
        self
    }

    /// A file with the password, read at each new connection, so that it may change; treated as a [`SecretFile`].
    pub fn password_file(mut self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = format!("the password file for Redis, {},", path.display());
        self.password = Some(SecretFile::new(path).named(name).into());
        self
    }

    /// Trusts the authorities of this PEM text, and no others, instead of those of the platform.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.roots = Some(pem.into());
        self
    }

    /// Shows this certificate to Redis: the chain and its private key as PEM texts.
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        self.certificates.client = Some((chain.into(), key.into()));
        self
    }

    /// What all keys begin with: `edgequake` by default. A part in braces becomes the hash tag of Redis Cluster; without one, the address
    /// of the EdgeQuake server is the hash tag.
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long an operation may take, connecting and one repetition included: 3 seconds by default, 10 milliseconds at least.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Makes each write wait until so many replicas have it (`WAIT`), for half of the time limit at most. None by default. A
    /// write that too few confirm is an error, although it has happened.
    ///
    /// Writes have a connection of their own then, since Redis answers nothing else on a connection that waits: reads go on, and the
    /// writes of one process wait for each other.
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// Encrypts what is written from now on, and reads nothing that is not encrypted.
    ///
    /// To change the key without a break, go in three steps, each once the one before has reached every process: add the new key as a
    /// [decryption key](Self::decryption_key); make it the encryption key, and the old one the decryption key; drop the old one, after
    /// a renewal of the token has written the record with the new key.
    ///
    /// A login that was stored before there was a key is refused: delete its key in Redis, and log in again.
    ///
    /// Encryption keeps what is stored from being read or exchanged for that of another login. It does not keep whoever can write to
    /// Redis from putting back an older state of the same login; the store tells that as
    /// [`WentBack`](edgequake_auth::StoreErrorKind::WentBack) only if the revision is older as well.
    #[cfg(feature = "encryption")]
    pub fn encryption_key(mut self, key: EncryptionKey) -> Self {
        self.payloads.key = Some(key);
        self
    }

    /// Also reads what was encrypted with this former key. May be called several times.
    #[cfg(feature = "encryption")]
    pub fn decryption_key(mut self, key: EncryptionKey) -> Self {
        self.payloads.former.push(key);
        self
    }

    /// The store. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`RedisStoreError`], naming the option that cannot be used. A password file, and what Redis says to a password or a
    /// certificate, is looked at when it is first needed.
    pub fn build(self) -> Result<RedisStore, RedisStoreError> {
        let keys = Keys::new(&self.prefix).ok_or(RedisStoreError::InvalidKeyPrefix)?;
        let settings = Settings::new(&self.url, self.username, self.password, self.certificates, self.limit)?;
        Ok(RedisStore::from_parts(Arc::new(settings), keys, self.payloads, self.replicas))
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("limit", &self.limit)
            .field("replicas", &self.replicas)
            .field("encrypted", &self.payloads.is_encrypted())
            .finish_non_exhaustive()
    }
}
