//! Credentials for EdgeQuake: keys, environment, `.env`, and JWT login with a refresh that survives.

use std::future::Future;
use std::pin::Pin;

mod authorization;
mod blocking;
mod credentials;
mod error;
pub mod jwt;
#[cfg(test)]
mod leaks;
mod providers;
mod store;
mod transport;

pub use authorization::{Authorization, Carrier, Generation};
pub use credentials::{AuthContext, Credentials, Recourse, SharedCredentials};
pub use error::{CredentialsError, CredentialsErrorKind};
pub use jwt::{Jwt, JwtBuilder, LogoutOutcome, Session, Tokens};
pub use providers::{Anonymous, Chain, ChainBuilder, DotEnv, DotEnvKey, Env, KeyFile, StaticKey};
#[cfg(feature = "keyring")]
pub use store::KeyringStore;
pub use store::{
    FallbackStore, FileStore, MemoryStore, StoreError, StoreErrorKind, StoreLock, StoredLogin, TokenStore,
};
pub use transport::{TokenTransport, TransportError, TransportErrorKind};

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
