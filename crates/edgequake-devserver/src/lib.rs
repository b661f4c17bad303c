//! An in-memory EdgeQuake server on loopback, for tests, examples and first steps.
//!
//! It behaves like the real server as far as a client can see: logins with refresh and lockout, API keys with scopes,
//! tenants and workspaces with membership, documents that are processed in the background, and queries that are
//! answered from the documents of the workspace (ranked by BM25, without a language model). Nothing is stored on
//! disk, and only a loopback address is bound unless it is told otherwise.
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
//! # Tests of your own code
//!
//! A [`DevServer`] stops when it is dropped, so each test can have one. These are its controls:
//!
//! | | |
//! |---|---|
//! | [`faults`](Backend::faults) | failures to order: statuses, delays, resets, cut bodies, silent connections, processing and deletions that fail, stages that last |
//! | [`clock`](Backend::clock) | moves the time by which tokens expire and lockouts end |
//! | [`ledger`](Backend::ledger) | why each session was lost, and by whom |
//! | [`recorder`](Backend::recorder) | requests with headers and bodies, secrets taken out |
//! | [`processing_events`](Backend::processing_events) | what happens to documents, without polling |
//! | [`seed`](Backend::seed), [`reset`](Backend::reset) | documents without uploads, and the start again |
//! | [`stats`](Backend::stats), [`request_log`](Backend::request_log) | counts, and the latest requests in brief |
//!
//! ```
//! use std::time::Duration;
//! use edgequake_devserver::{DevServer, Fault, Role, SeedDocument};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = DevServer::builder()
//!     .user("ada", "ada@corp.test", "correct horse", Role::Admin)
//!     .document(SeedDocument::new("Bridge", "The bridge opened in 1931."))
//!     .start()
//!     .await?;
//! let (_name, _password) = server.admin().ok_or("there is an administrator")?;
//!
//! // The first query is refused, and the answer to the next refresh is lost after the token was spent.
//! let refused = server.faults().add(Fault::status(503).retry_after("1").on("POST /api/v1/query").times(1))?;
//! server.faults().add(Fault::reset().after_execution().on("Refresh").times(1))?;
//! // A day later.
//! server.clock().advance(Duration::from_secs(24 * 60 * 60));
//!
//! // ... run the code under test ...
//!
//! # assert_eq!(server.faults().hits(refused), 0);
//! assert!(server.ledger().sessions().iter().all(|session| session.end.is_none()));
//! # Ok(())
//! # }
//! ```
//!
//! Without a socket, [`DevServerBuilder::build`] gives a [`Backend`], whose [`service`](Backend::service) is a tower
//! service. The program of this package is the same server: `edgequake-devserver exec -- COMMAND` runs a command with
//! the variables of a server of its own, and tests in any language have the same controls below `/__dev`.
//!
//! # What it serves
//!
//! Sessions, users, API keys, tenants, workspaces, documents (text and text files, one by one, in batches, or from
//! [folders](DevServerBuilder::scan_root)) and PDFs, their recovery, progress, lineage, files and pages, tasks and jobs, injected
//! knowledge, parsing, the pipeline, queries, the probes, the setup, and the progress of processing over WebSockets (HTTP/1.1). The
//! other operations of the real server answer 501 with the code `NOT_IMPLEMENTED`, such as the knowledge graph and chat.
//! So does a WebSocket without a socket, in plain text. Single sign-on is refused as by a server without an identity provider. The
//! refresh token cookie of browsers is not set.
//!
//! # Intentional differences from the real server
//!
//! * The default tenant and the default workspace exist from the start, and every user is a member of them.
//! * A session may work in every workspace that its user is a member of: a scope header overrides the token's claims.
//!   The newest servers reject that with 403, which [`strict_scope`](DevServerBuilder::strict_scope) turns on.
//! * Static keys may read and query in every workspace; with `strict_scope` they fail the membership check.
//! * A token expires exactly at the end of its lifetime; the real server allows 30 seconds more.
//! * A member of a tenant may create workspaces in it, and owns them.
//! * Entities are proper names, told by their capitals, and those in one sentence are related; all are of the type `CONCEPT`.
//!   A query uses all chunks that match (`naive`), the entities that it names with their chunks (`local`), their
//!   relationships (`global`), both (`hybrid`), all of this (`mix`, the default), or nothing (`bypass`). Of the
//!   conversation history, the last question counts where the new one has only a pronoun for a subject.
//! * Of a PDF the text layer is read, whichever backend or model is asked for, and pages without one have no text; nothing is
//!   rendered, so there are no assets, and no layouts of pages. A file may have 1,000 pages, 16 MiB of text and 60 seconds, and two
//!   are read at once. The document that it becomes is known once it is converted, and takes the file with it when it is deleted.
//! * Progress of a PDF goes by its task: under an id of the caller's own it is not found, or with [`Era::B`] never begins.
//! * Jobs are made of documents that are there only; for parsing, no backend but `edgeparse` is available.
//! * Bodies are limited to 10 MiB, those of uploaded files, which are read as they arrive, to 50 MiB,
//!   and all documents, PDFs and injected texts together to 256 MiB. Of a form, every field but the file may have 256 KiB, and
//!   there may be 1,000 parts. A body of JSON is decoded as a whole: while it is, small objects take a hundred times their text.
//! * Chunks that [failed](Fault::chunks) are really tried again, except in [`Era::B`]. Texts have nothing to analyze again, so that
//!   `reanalyze` ingests them once more.
//! * A document is cancelled at once, and so is all that the pipeline processes. What the real server answers to the cancelling of
//!   a document is not known; here it is the document's id and status.
//! * The prices of models are invented, and nobody pays them.
//! * Web pages are kept away: a request with an `Origin`, or with a `Host` that is neither an address nor a loopback
//!   name, is refused with 403 unless it is [allowed](DevServerBuilder::allow_host).
//! * There may be 10,000 accounts, keys and workspaces, and 1,000 tenants, each described in 16 KiB at most; the settings of a
//!   workspace take up to 32 KiB of memory. A task is kept as long as its document or file; of those without one, the last 1,000 that ended.
//!   A parse job is remembered for an hour, and 1,000 of them at most.
//! * What is kept for tests is bounded, too: 10,000 requests or 16 MiB in the log, 1,000 requests or 32 MiB in the recorder,
//!   100,000 entries in the ledger, and 1,000 faults with texts of 64 MiB together. A body for `/__dev` may have 8 MiB, and
//!   documents to seed 64 MiB.
//! * There may be 256 open WebSockets, and 100,000 refresh tokens, of which the oldest are forgotten first.
//!
//! # Features
//!
//! * `pdf` (on by default): PDFs and parsing. Without it, they are answered with 501.
//! * `websocket` (on by default): the progress of processing over WebSockets. Without it, they are answered with 501.
//! * `tls` (off by default): TLS with a certificate that is made at the start, and HTTP/2.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod place;
mod stop;
mod removed;
mod weight;
mod clock;
mod notice;
mod bus;
mod link;
mod error;
mod faults;
mod form;
mod body;
mod digest;
mod password;
mod ledger;
mod redact;
mod recorder;
mod limiter;
mod log;
mod config;
mod reply;
mod download;
mod events;
mod shrink;
mod scan;
mod retrieval;
mod state;
#[cfg(feature = "pdf")]
mod pdf;
mod auth;
mod app;
mod processing;
mod injecting;
mod conversions;
mod cancelling;
mod reworking;
#[cfg(feature = "pdf")]
mod converting;
mod seed;
mod route;
mod effects;
mod pipeline;
#[cfg(feature = "websocket")]
mod socket;
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
pub use bus::ProcessingEvents;
pub use clock::Clock;
pub use config::{CompletedStatus, Era};
pub use edgequake_types::session::Role;
pub use faults::{ActiveFault, Effect, Fault, FaultError, FaultId, Faults};
pub use ledger::{Ledger, LedgerEntry, SessionEnd, SessionEvent, SessionId, SessionRecord};
pub use log::{CredentialKind, LoggedRequest, Stats};
pub use notice::ProcessingEvent;
pub use recorder::{RecordedBody, RecordedRequest, Recorder};
pub use seed::{SeedDocument, SeedError};
pub use server::DevServer;
pub use service::{BackendService, ResponseBody, ResponseFuture};
