//! An in-memory EdgeQuake server on loopback, for tests, examples and first steps.
//!
//! It serves what a client of the real server sees: logins with refresh and lockout, API keys with scopes, tenants and
//! workspaces with membership, documents that are processed in the background, and questions that are answered from the
//! text of the workspace's own documents (ranked by BM25, no language model). Nothing is stored on disk, and nothing but
//! a loopback address is ever bound.
//!
//! The wire form comes from `edgequake-types` alone: routes are its constants, bodies its models.
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
//! Sessions, users, API keys, tenants, workspaces, documents (text and text files), tasks, queries, the probes and the
//! setup status. Not served: PDFs, the knowledge graph, chat, WebSockets, single sign-on, and the cookie that browsers
//! keep their refresh token in; those routes are 404.
//!
//! # Where it differs from the real server on purpose
//!
//! * The default tenant and the default workspace exist from the start, and every user is a member of them.
//! * A session may work in every workspace that its user is a member of: a scope header wins over the token's claims.
//!   The newest servers refuse that with 403; [`strict_scope`](DevServerBuilder::strict_scope) turns the refusal on.
//! * Static keys may read and query in every workspace; with `strict_scope` they fail the membership check.
//! * A token dies when its lifetime is over; the real server grants 30 seconds more.
//! * A member of a tenant may make workspaces in it, and owns them.
//! * Bodies are limited to 10 MiB, and all documents together to 256 MiB of text.

mod auth;
mod backend;
mod clock;
mod error;
mod events;
mod limiter;
mod log;
mod options;
mod processing;
mod reply;
mod retrieval;
mod route;
mod routes;
mod server;
mod state;

pub use backend::Backend;
pub use edgequake_types::session::Role;
pub use log::{CredentialKind, LoggedRequest, Stats};
pub use options::{DevServerBuilder, Era};
pub use server::{DevServer, StartError};
