//! Credentials for the EdgeQuake server: keys from anywhere, and logins that keep themselves alive.
//!
//! A [`Credentials`] is asked for an [`Authorization`] (one header and the [`Generation`] it belongs to) and told when the
//! server refused one. Which one is used is the program's choice:
//!
//! | provider | for |
//! |---|---|
//! | [`StaticKey`] | a key that the program has |
//! | [`Env`] | a key in `EDGEQUAKE_API_KEY` |
//! | [`DotEnv`] | a key in one named `.env` file |
//! | [`KeyFile`] | a key in a file of its own, such as a mounted secret that rotates |
//! | [`Program`] | a credential that a program of the user gives, such as a password manager |
//! | [`Jwt`] | a login with a name and a password, or with tokens in hand, kept alive by refreshing |
//! | [`Chain`] | the first of several that is configured |
//! | [`Anonymous`] | servers with authentication turned off |
//!
//! ```
//! use edgequake_auth::{AuthContext, Chain, Env, SharedCredentials, StaticKey};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let chain = Chain::builder()
//!     .explicit(StaticKey::new("eq_0123456789")?)
//!     .environment(Env::from_process())
//!     .or_anonymous()
//!     .build();
//! let credentials = SharedCredentials::from(chain);
//!
//! let mut headers = http::HeaderMap::new();
//! let cx = AuthContext::new("https://api.example.com".parse().unwrap());
//! credentials.authorize(&cx).await?.apply(&mut headers);
//! assert_eq!(headers["authorization"], "Bearer eq_0123456789");
//! # Ok::<(), edgequake_auth::CredentialsError>(())
//! # }).unwrap();
//! ```
//!
//! # What is kept of a login, and where
//!
//! A [`TokenStore`] keeps logins between runs and shares them between processes: [`FileStore`], [`MemoryStore`], and with the
//! feature `keyring` `KeyringStore`. A [`FallbackStore`] joins two of them. A login belongs to the server it
//! came from (origin and path prefix) and is never sent elsewhere.
//!
//! # No HTTP client
//!
//! How a login is sent is passed in, as a [`TokenTransport`]. Credentials work on any executor: logins, refreshes and logouts run
//! on a thread with a runtime of its own, which is started when it is first needed and ends when it is idle.
//!
//! # Secrets
//!
//! Keys, passwords and tokens are wiped when they are dropped, and appear in no `Debug`, `Display`, error or log. The copies
//! that travel (header values, the bodies of answers, what a TLS library buffers) are not wiped.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod boxed;
mod error;
mod authorization;
mod retry_after;
mod blocking;
mod clock;
mod credentials;
mod driver;
pub mod store;
mod protocol;
mod transport;
mod providers;
mod jwt;
#[cfg(any(test, feature = "testing"))]
pub mod contract;

#[cfg(test)]
mod leaks;

pub use authorization::{Authorization, Carrier, Generation};
pub use boxed::BoxFuture;
pub use credentials::{AuthContext, Credentials, Recourse, SharedCredentials};
pub use error::{CredentialsError, CredentialsErrorKind};
pub use jwt::{
    AccessToken, Jwt, JwtBuilder, LogoutOutcome, LostSession, LostSessions, Removal, Revocation, Session,
    SessionCounters, SessionPhase, SessionStatus, SessionWatch, Tokens,
};
pub use providers::{
    Anonymous, Chain, ChainBuilder, DotEnv, DotEnvKey, Env, KeyFile, Password, Program, SecretFile, StaticKey,
};
pub use retry_after::{LONGEST_WAIT, retry_after, wait_in_body};
#[cfg(feature = "keyring")]
pub use store::KeyringStore;
pub use store::{
    EndReason, FallbackStore, FileStore, Intent, Lease, LoginKey, MemoryStore, RandomId, Record, RecordError,
    Revision, ServerKey, Status, StoreError, StoreErrorKind, Stored, StoredTokens, Swap, TokenStore, Version,
};
pub use transport::{TokenTransport, TransportError, TransportErrorKind};
