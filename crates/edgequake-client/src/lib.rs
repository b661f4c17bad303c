//! Client for the EdgeQuake Graph-RAG server.
//!
//! Three ways to use it:
//!
//! * [`Client`]: typed calls over a complete stack. `Client::from_env()?` and go.
//! * [`layers`]: single tower layers for a stack of your own, over any `Service<http::Request<B>>`; without default features
//!   there is nothing else in the crate, and no transport.
//! * `types` and `auth`: the models and the credential providers, re-exported.
//!
//! ```no_run
//! # async fn run() -> Result<(), edgequake_client::Error> {
//! use edgequake_client::Client;
//! use edgequake_client::types::query::Query;
//!
//! let client = Client::builder().base_url("https://eq.example.com").build()?;
//! let client = client.login("user@example.com", "SecurePassword123!").await?;
//! let answer = client.query().execute(Query::new("When was the bridge built?")).await?;
//! println!("{}", answer.answer);
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

// From the ground up: a module uses only those before it.
mod boxed;
pub mod fault;
pub mod body;
mod clock;
pub mod policy;
pub mod sse;
pub mod layers;
pub mod record;
#[cfg(feature = "client")]
pub mod transport;
#[cfg(feature = "client")]
pub mod stack;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "websocket")]
mod websocket;
#[cfg(feature = "client")]
pub mod resources;
#[cfg(feature = "folder")]
pub mod folder;

#[cfg(feature = "client")]
pub use body::FileUploadError;
pub use boxed::BoxError;
#[cfg(feature = "client")]
pub use call::{
    Call, DownloadStream, EventStream, FileUpload, Items, LineStream, Pages, ReaderUpload, Receive,
    UntypedCall, UploadsFile, WithHead,
};
#[cfg(feature = "client")]
pub use client::{BaseUrl, BaseUrlError, Client, ClientBuilder};
pub use edgequake_auth as auth;
pub use edgequake_auth::{CredentialsError, CredentialsErrorKind};
pub use edgequake_types as types;
#[cfg(feature = "client")]
pub use error::{Error, ErrorKind, ProcessingFailure};
pub use layers::retry::{RetryBudget, RetryConfig};
pub use layers::timeout::TimeoutScope;
#[cfg(feature = "client")]
pub use resources::{Progress, UploadAndWait, Uploaded, Wait, WaitAll, Waited};
#[cfg(feature = "client")]
pub use transport::{
    Certificate, ClientCertificate, ConnectionLimitReached, ConnectionStats, HttpTransport,
    HttpTransportBuilder, Proxies, ProxyError, TlsError, TransportBuildError, TransportError,
};
#[cfg(feature = "websocket")]
pub use websocket::{ProgressStream, ProgressUpdate};
