//! The server as a client sees it, through a loopback socket.

mod session;
mod support;
