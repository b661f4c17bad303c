//! The client against scripted servers on loopback, and against the dev server.

mod errors;
mod logins;
mod retries;
mod server;
mod streams;
mod urls;
mod wire;
