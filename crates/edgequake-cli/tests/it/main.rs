//! The program itself against the dev server: what it prints where, what it answers, and what it never shows.

// Helpers of tests, too, fail by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod admin;
mod api_keys;
mod completions;
mod deletion;
mod documents;
mod errors;
mod help;
mod interruptions;
mod lists;
mod pdfs;
mod pipeline;
mod pipes;
mod questions;
mod recovery;
mod rig;
mod sessions;
mod settings;
mod tasks;
mod uploads;
#[cfg(unix)]
mod upload_stops;
mod waits;
