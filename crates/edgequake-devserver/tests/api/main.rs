//! The server as a client sees it, through a loopback socket.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]
#![allow(unreachable_pub, reason = "modules of one test program")]

mod admin;
mod api_keys;
mod batches;
mod bodies;
mod checks;
mod document_files;
mod documents;
mod faults;
mod finding;
mod ingestion;
mod pipeline;
mod fuzz;
mod injections;
mod jobs;
mod lineage;
#[cfg(feature = "pdf")]
mod parse;
#[cfg(feature = "pdf")]
mod pdf_file;
#[cfg(feature = "pdf")]
mod pdfs;
mod pdf_progress;
mod query;
mod recovery;
mod scanning;
mod seeding;
mod session;
mod setup;
#[cfg(feature = "websocket")]
mod sockets;
mod support;
mod states;
mod tenancy;
mod unserved;
mod uploads;
mod users;
mod watching;
