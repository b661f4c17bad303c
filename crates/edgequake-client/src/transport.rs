//! [`HttpTransport`]: the innermost service, a pooled hyper client over TLS and proxies.
//!
//! It sends what it is given: no redirects, no retries but of requests that were never written, no headers of its own besides `Host`
//! and, for a proxy, `Proxy-Authorization`. Connections are HTTP/1.1 or, where the server offers it by ALPN, HTTP/2. Cheap to clone; all clones share one pool. A connection is driven by
//! the runtime that opened it, and used on that one only: a call on another runtime opens its own.
//!
//! A server that has gone silent is found by PINGs (HTTP/2) and by TCP, and a connection on which a request was given up for want of
//! an answer gets no other. What happens to connections is told by events of level DEBUG with the target `edgequake_client::transport`
//! (`connecting`, `connected`, `not connected`, `connection reused`, `connection retired`, `connection closed`), and counted by
//! [`HttpTransport::connection_stats`] and [`Client::stats`](crate::Client::stats).

mod steps;
mod stats;
mod error;
mod open_files;
mod resolver;
mod dial;
mod no_proxy;
mod proxy;
mod tls;
mod client_certificate;
mod origin_tls;
mod proxy_tls;
mod tunnel;
mod socks;
mod connection;
mod heard;
mod background;
mod upload;
mod connector;
mod pool;
mod exchange;
#[cfg(feature = "websocket")]
mod upgrade;
mod service;
mod builder;

pub use builder::{HttpTransportBuilder, TransportBuildError};
pub use client_certificate::ClientCertificate;
pub use error::{ConnectionLimitReached, TransportError};
pub use exchange::TransportBody;
pub use open_files::TooManyOpenFiles;
pub use proxy::{Proxies, ProxyError};
pub(crate) use resolver::Unresolved;
pub use service::{HttpTransport, ResponseFuture};
pub use stats::{ConnectionStats, RetireReason};
pub(crate) use steps::ConnectTimedOut;
pub use tls::{Certificate, TlsError};
pub(crate) use tunnel::TunnelError;
#[cfg(feature = "websocket")]
pub(crate) use upgrade::OwnConnection;
