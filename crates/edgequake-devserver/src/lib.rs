//! An in-memory EdgeQuake server on loopback, for tests, examples and first steps.
//!
//! It behaves like the real server as far as a client can see: logins with refresh and lockout, API keys with scopes,
//! tenants and workspaces with membership, documents that are processed in the background, and queries that are
//! answered from the documents of the workspace (ranked by BM25, without a language model). Nothing is stored on
//! disk, and only a loopback address is bound.
//!
//! The wire format is that of `edgequake-types`: its operations are the routes, and its models the bodies.
//!
//! ```
//! use edgequake_devserver::{DevServer, Role};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = DevServer::builder()
//!     .user("mona", "mona@corp.test", "correct horse", Role::User)
//!     .start()
//!     .await?;
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//!
//! // ... point a client at `server.url()` ...
//!
//! assert_eq!(server.stats().logins, 0);
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What it serves
//!
//! Sessions, users, API keys, tenants, workspaces, documents (text and text files), tasks, queries, the probes and
//! the setup status. Not served: PDFs, the knowledge graph, chat, WebSockets, single sign-on, and the refresh token
//! cookie of browsers; those routes are 404.
//!
//! # Intentional differences from the real server
//!
//! * The default tenant and the default workspace exist from the start, and every user is a member of them.
//! * A session may work in every workspace that its user is a member of: a scope header overrides the token's claims.
//!   The newest servers reject that with 403, which [`strict_scope`](DevServerBuilder::strict_scope) turns on.
//! * Static keys may read and query in every workspace; with `strict_scope` they fail the membership check.
//! * A token expires exactly at the end of its lifetime; the real server allows 30 seconds more.
//! * A member of a tenant may create workspaces in it, and owns them.
//! * Bodies are limited to 10 MiB, and all documents together to 256 MiB of text.

mod place;
mod stop;
mod clock;
mod bus;
mod link;
mod error;
mod faults;
mod digest;
mod ledger;
mod redact;
mod recorder;
mod limiter;
mod log;
mod config;
mod reply;
mod events;
mod retrieval;
mod state;
mod auth;
mod app;
mod processing;
mod seed;
mod route;
mod effects;
mod pipeline;
mod routes;
mod service;
mod backend;
mod admin;
mod guard;
#[cfg(feature = "tls")]
mod tls;
mod connection;
mod server;
mod builder;

pub use backend::{Backend, StartError};
pub use builder::DevServerBuilder;
pub use bus::{ProcessingEvent, ProcessingEvents};
pub use clock::Clock;
pub use config::Era;
pub use edgequake_types::session::Role;
pub use faults::{ActiveFault, Effect, Fault, FaultError, FaultId, Faults};
pub use ledger::{Ledger, LedgerEntry, SessionEnd, SessionEvent, SessionId, SessionRecord};
pub use log::{CredentialKind, LoggedRequest, Stats};
pub use recorder::{RecordedBody, RecordedRequest, Recorder};
pub use seed::{SeedDocument, SeedError};
pub use server::DevServer;
pub use service::{BackendService, ResponseBody, ResponseFuture};
