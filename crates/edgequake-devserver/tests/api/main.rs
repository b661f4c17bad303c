//! The server as a client sees it, through a loopback socket.

mod documents;
mod query;
mod session;
mod support;
