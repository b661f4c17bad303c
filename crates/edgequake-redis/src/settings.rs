//! [`Settings`]: where Redis is, and as whom to speak to it. A password in a file is read at each new connection.

use std::fmt;
use std::time::Duration;

use edgequake_auth::{Password, StoreError, StoreErrorKind};
use edgequake_types::Secret;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

use crate::error::RedisStoreError;
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// Less is no time for a network.
const SHORTEST_LIMIT: Duration = Duration::from_millis(10);

/// Where Redis is, and as whom to speak to it.
#[derive(Clone)]
pub(crate) struct Settings {
    info: ConnectionInfo,
    username: Option<String>,
    password: Option<Password>,
    /// For a `rediss://` address.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
    /// For a connection and for each operation.
    pub(crate) limit: Duration,
}

/// PEM texts.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    pub(crate) roots: Option<Vec<u8>>,
    pub(crate) client: Option<(Vec<u8>, Secret)>,
}

impl Settings {
    pub(crate) fn new(
        url: &str,
        username: Option<String>,
        password: Option<Password>,
        certificates: Certificates,
        limit: Duration,
    ) -> Result<Self, RedisStoreError> {
        let (is_tls, url) = plain(url.trim());
        if is_tls && cfg!(not(feature = "tls")) {
            return Err(RedisStoreError::TlsNotEnabled);
        }
        // Its error may repeat the address with the password.
        let info = url.into_connection_info().map_err(|_| RedisStoreError::InvalidAddress)?;
        if !is_tls && (certificates.roots.is_some() || certificates.client.is_some()) {
            return Err(RedisStoreError::CertificateWithoutTls);
        }
        if limit < SHORTEST_LIMIT {
            return Err(RedisStoreError::TimeLimitTooShort);
        }
        // The name of the client library is for statistics, and a command more that a user has to be allowed.
        let redis = info.redis_settings().clone().set_skip_set_lib_name();
        Ok(Self {
            info: info.set_redis_settings(redis),
            username,
            password,
            #[cfg(feature = "tls")]
            tls: is_tls.then(|| Tls::new(certificates.roots, certificates.client)).transpose()?,
            limit,
        })
    }

    /// Host and port, or the path of a socket.
    pub(crate) fn address(&self) -> &ConnectionAddr {
        self.info.addr()
    }

    /// What one connection is made with.
    pub(crate) async fn connection_info(&self) -> Result<ConnectionInfo, StoreError> {
        let mut redis = self.info.redis_settings().clone();
        if let Some(username) = &self.username {
            redis = redis.set_username(username);
        }
        if let Some(password) = &self.password {
            let password = password.read().await.map_err(|error| {
                // Its text names the file, and its cause what the system says.
                let unusable = StoreError::new(StoreErrorKind::Unavailable, error.to_string());
                match std::error::Error::source(&error) {
                    Some(cause) => unusable.with_source(cause.to_string()),
                    None => unusable,
                }
            })?;
            redis = redis.set_password(password.expose());
        }
        Ok(self.info.clone().set_redis_settings(redis))
    }
}

/// The same address without TLS, which is done here and not by the redis crate, and whether there is to be TLS.
fn plain(url: &str) -> (bool, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "rediss" | "valkeys" => (true, format!("redis://{rest}")),
        _ => (false, url.to_owned()),
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.info.addr().to_string())
            .field("database", &self.info.redis_settings().db())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
