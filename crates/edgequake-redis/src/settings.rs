//! [`Settings`]: where Redis is, and as whom to speak to it. A password in a file is read at each new connection.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use edgequake_auth::{StoreError, StoreErrorKind};
use edgequake_types::Secret;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

use crate::error::RedisStoreError;

/// Longer than any password: more than this is the wrong file.
const LONGEST_PASSWORD: usize = 4_096;

/// Where Redis is, and as whom to speak to it.
#[derive(Clone)]
pub(crate) struct Settings {
    info: ConnectionInfo,
    username: Option<String>,
    password: Option<Password>,
    #[cfg(feature = "tls")]
    certificates: Certificates,
    /// For a connection and for each operation.
    pub(crate) limit: Duration,
}

#[derive(Clone)]
pub(crate) enum Password {
    Given(Secret),
    File(PathBuf),
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
        let is_tls = url.trim_start().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("rediss"));
        if is_tls && cfg!(not(feature = "tls")) {
            return Err(RedisStoreError::NoTls);
        }
        // Its error may repeat the address with the password.
        let info = url.trim().into_connection_info().map_err(|_| RedisStoreError::Address)?;
        let encrypted = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        if !encrypted && (certificates.roots.is_some() || certificates.client.is_some()) {
            return Err(RedisStoreError::NotTls);
        }
        // Of an address that switches the check of certificates off, only the rest is taken.
        let info = match info.addr().clone() {
            ConnectionAddr::TcpTls { host, port, .. } => {
                info.set_addr(ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None })
            }
            _ => info,
        };
        #[cfg(not(feature = "tls"))]
        let Certificates { .. } = certificates;
        Ok(Self {
            info,
            username,
            password,
            #[cfg(feature = "tls")]
            certificates,
            limit,
        })
    }

    /// Host and port, or the path of a socket.
    pub(crate) fn address(&self) -> &ConnectionAddr {
        self.info.addr()
    }

    /// A client for one connection.
    pub(crate) async fn client(&self) -> Result<Client, StoreError> {
        let mut redis = self.info.redis_settings().clone();
        if let Some(username) = &self.username {
            redis = redis.set_username(username);
        }
        if let Some(password) = self.password().await? {
            redis = redis.set_password(password.expose());
        }
        let info = self.info.clone().set_redis_settings(redis);
        self.open(info).map_err(|error| {
            // What a certificate says is no secret; what else is in the text is unknown.
            tracing::trace!(category = error.category(), "no client for Redis");
            StoreError::new(
                StoreErrorKind::Unavailable,
                "the certificates for Redis cannot be used: they must be PEM",
            )
        })
    }

    #[cfg(feature = "tls")]
    fn open(&self, info: ConnectionInfo) -> redis::RedisResult<Client> {
        if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            return Client::open(info);
        }
        // rustls asks the process for its cryptography, and panics when two crates have offered one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Somebody else may be first.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let Certificates { roots, client } = &self.certificates;
        if roots.is_none() && client.is_none() {
            return Client::open(info);
        }
        let client_tls = client.as_ref().map(|(certificate, key)| redis::ClientTlsConfig {
            client_cert: certificate.clone(),
            client_key: key.expose().as_bytes().to_vec(),
        });
        Client::build_with_tls(info, redis::TlsCertificates { client_tls, root_cert: roots.clone() })
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "the certificates are behind the feature")]
    fn open(&self, info: ConnectionInfo) -> redis::RedisResult<Client> {
        Client::open(info)
    }

    async fn password(&self) -> Result<Option<Secret>, StoreError> {
        let path = match &self.password {
            None => return Ok(None),
            Some(Password::Given(password)) => return Ok(Some(password.clone())),
            Some(Password::File(path)) => path.clone(),
        };
        let read = tokio::task::spawn_blocking(move || read_password(path)).await;
        read.unwrap_or_else(|error| {
            Err(StoreError::new(StoreErrorKind::Unavailable, "reading the password of Redis was interrupted")
                .with_source(error))
        })
        .map(Some)
    }
}

fn read_password(path: PathBuf) -> Result<Secret, StoreError> {
    let unusable = |rule: &str| {
        StoreError::new(
            StoreErrorKind::Unavailable,
            format!("the password file for Redis, {}, {rule}", path.display()),
        )
    };
    let text = std::fs::read(&path).map_err(|error| unusable("cannot be read").with_source(error))?;
    let text = zeroize::Zeroizing::new(text);
    if text.len() > LONGEST_PASSWORD {
        return Err(unusable("is longer than any password"));
    }
    let text = std::str::from_utf8(&text).map_err(|_| unusable("is not valid UTF-8"))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(unusable("is empty")),
        password => Ok(Secret::new(password)),
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
