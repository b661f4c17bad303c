//! Requests and answers of each group against what the server speaks, transcribed by hand into one table a group.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

mod api_keys;
mod auth;
mod documents;
mod documents_batch;
mod documents_files;
mod documents_recovery;
mod graph_sources;
mod health;
mod ingestion;
mod injections;
mod jobs;
mod parse;
mod pdf;
mod pipeline;
mod query;
mod setup;
mod table;
mod tasks;
mod tenants;
mod users;
mod workspaces;
