//! The store against a real Redis or Valkey, and against peers that are none.
//!
//! Tests with a real server are ignored unless asked for: `cargo xtask redis` installs the servers and runs them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test, helpers included")]

mod server;
#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "encryption")]
mod encrypted;
mod leaks;
mod lost;
mod permissions;
mod real;
mod strange;
#[cfg(feature = "tls")]
mod tls;
