//! What is wrong with the options of a store, and what an answer of Redis means.

use edgequake_auth::{StoreError, StoreErrorKind};
use redis::{ConnectionAddr, ErrorKind, RedisError, ServerErrorKind};

/// Options that no store can be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// The address is not one of Redis.
    #[error(
        "the address of Redis must be like rediss://host:6379/0, redis://host or redis+unix:///run/redis.sock"
    )]
    InvalidAddress,
    /// A `rediss://` address without the feature `tls`.
    #[error("a rediss:// address needs the feature tls of edgequake-redis")]
    TlsNotEnabled,
    /// Certificates for an address without TLS.
    #[error("certificates are for rediss:// addresses")]
    CertificateWithoutTls,
    /// The root certificates are not certificates in PEM.
    #[error("the root certificates for Redis must be PEM text with BEGIN CERTIFICATE")]
    InvalidRootCertificates,
    /// The client certificate or its key is not PEM, or the key is that of another certificate.
    #[error(
        "the client certificate for Redis must be a chain of certificates and the private key of the first one, as PEM texts"
    )]
    InvalidClientCertificate,
    /// The prefix of the keys is too long, has a character that would make keys hard to read, or braces that hold no tag.
    #[error(
        "the key prefix must be 1 to 64 visible ASCII characters without blanks, with braces only around a tag"
    )]
    InvalidKeyPrefix,
    /// No operation could end within the time limit.
    #[error("the time limit for Redis must be at least 10 ms")]
    TimeLimitTooShort,
    /// The encryption key is not 32 bytes.
    #[error("an encryption key is 32 random bytes in base64, such as `openssl rand -base64 32` prints")]
    InvalidEncryptionKey,
}

fn says(error: &RedisError, words: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(words))
}

/// Of a command in a script, and of the choice of a database, Redis and the redis crate say so in words only.
fn lacks_permission(error: &RedisError) -> bool {
    let says = |words| says(error, words);
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
        || says("has no permissions to")
        || says("The user executing the script can't")
}

/// What an error of the Redis at `address` means. The texts of its answers are left out: some repeat the arguments of the command.
pub(crate) fn failed(address: &ConnectionAddr, error: &RedisError) -> StoreError {
    use StoreErrorKind::{Busy, Corrupt, Unavailable};
    let code = error.code().unwrap_or_default();
    let (kind, text) = match (error.kind(), code) {
        _ if error.is_timeout() => (Busy, "Redis did not answer in time".to_owned()),
        (ErrorKind::AuthenticationFailed, _) | (_, "NOAUTH" | "WRONGPASS") => {
            (Unavailable, format!("Redis at {address} refused the user or the password"))
        }
        _ if says(error, "wrong number of arguments for 'auth'") => (
            Unavailable,
            "Redis before version 6 knows no users: give it a password only".to_owned(),
        ),
        _ if says(error, "unknown command") => (
            Unavailable,
            "Redis, or what stands before it, does not know the commands that a token store needs: EVALSHA, SCRIPT LOAD, HMGET"
                .to_owned(),
        ),
        (_, "NOREPLICAS") => (
            Unavailable,
            "Redis takes no writes, since too few replicas are connected (min-replicas-to-write)".to_owned(),
        ),
        (_, "MISCONF") => (
            Unavailable,
            "Redis takes no writes, since it cannot save its data: look at its log and its disk".to_owned(),
        ),
        (_, "CLUSTERDOWN") => {
            (Unavailable, "Redis is a cluster that is down: a part of its keys has no node".to_owned())
        }
        _ if lacks_permission(error) => (
            Unavailable,
            "the user of Redis may not run the commands or use the keys that a token store needs".to_owned(),
        ),
        (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => {
            (Unavailable, "Redis is a read-only replica: name the primary".to_owned())
        }
        (ErrorKind::Server(ServerErrorKind::BusyLoading), _) => {
            (Busy, "Redis is loading its data: it will be there soon".to_owned())
        }
        (ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask), _) => (
            Unavailable,
            "Redis is a cluster, and the keys are on another of its nodes: name that node, or a proxy"
                .to_owned(),
        ),
        _ if says(error, "DB index is out of range") => (
            Unavailable,
            "Redis does not have the database in its address: take a lower number, or raise databases"
                .to_owned(),
        ),
        (_, "OOM") => (
            Unavailable,
            "Redis has no memory left: raise maxmemory, or remove what it need not keep".to_owned(),
        ),
        (_, "WRONGTYPE") | (ErrorKind::UnexpectedReturnType, _) => (
            Corrupt,
            "Redis holds something else under the key of the login: choose another key prefix".to_owned(),
        ),
        (ErrorKind::Parse, _) => (
            Unavailable,
            format!("what answers at {address} is not Redis: check the address"),
        ),
        (_, "") => (Unavailable, format!("Redis at {address} cannot be reached: {}", error.category())),
        (_, code) => (Unavailable, format!("Redis answered with an error: {code}")),
    };
    let failed = StoreError::new(kind, text);
    match std::error::Error::source(error) {
        // What the network says, and nothing that a server wrote.
        Some(source) if error.is_io_error() => failed.with_source(source.to_string()),
        _ => failed,
    }
}
