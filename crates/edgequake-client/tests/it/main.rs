//! The client against scripted servers on loopback, and against the dev server.

// Helpers of tests, too, fail by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod answers;
mod bodies;
mod calls;
mod connections;
mod compression;
mod dev;
mod environment;
mod errors;
mod flows;
#[cfg(all(feature = "folder", unix))]
mod folder;
#[cfg(all(feature = "folder", unix))]
mod folder_changes;
#[cfg(all(feature = "folder", unix))]
mod folder_many;
mod fronts;
mod futures;
mod http2;
mod http2_server;
mod ingestion;
mod layers;
mod late;
mod leftovers;
mod limits;
#[path = "../support/log.rs"]
mod log;
mod logins;
mod memory;
mod mutual_tls;
mod pages;
mod pool;
mod progress;
mod proxies;
mod real_proxies;
mod record;
mod redirects;
mod relay;
mod resources;
mod retries;
mod retry_table;
mod secrets;
mod runtimes;
mod server;
mod sessions;
#[cfg(feature = "websocket")]
mod socket;
#[cfg(feature = "websocket")]
mod socket_ways;
mod socks;
mod streams;
mod tls;
mod tls_server;
mod told;
mod uploads;
mod urls;
mod waits;
mod wire;
mod without_socket;
