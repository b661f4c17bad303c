//! [`DevServer`]: the server on a loopback socket.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::Secret;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::admin;
use crate::backend::{Backend, StartError};
use crate::connection::{self, Shared};
use crate::guard::Guard;
#[cfg(feature = "tls")]
use crate::tls::Identity;

/// How long [`DevServer::shutdown`] waits for requests in progress.
const GRACE_PERIOD: Duration = Duration::from_millis(500);

/// The pause after a failed accept, for example when no file descriptors are left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where and how to listen.
#[derive(Debug)]
pub(crate) struct Listen {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) guard: Guard,
    /// The first administrator and the password.
    pub(crate) admin: Option<(String, Secret)>,
    pub(crate) tls: bool,
}

/// A running server. It stops when this handle is dropped; [`shutdown`](Self::shutdown) waits until it has stopped.
///
/// It dereferences to [`Backend`], which has the controls for tests: [faults](Backend::faults), the
/// [clock](Backend::clock), the [ledger](Backend::ledger) of sessions, the [recorder](Backend::recorder) of requests,
/// [counts](Backend::stats), [seeds](Backend::seed) and the [reset](Backend::reset).
///
/// ```
/// use edgequake_devserver::DevServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::builder().auth(false).start().await?;
/// assert!(server.addr().ip().is_loopback());
/// assert!(server.request_log().is_empty());
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DevServer {
    backend: Backend,
    addr: SocketAddr,
    url: String,
    admin: Option<(String, Secret)>,
    #[cfg(feature = "tls")]
    authority: Option<String>,
    stop: oneshot::Sender<()>,
    /// Owns the listener and every connection, and closes them when it is dropped.
    accepting: JoinSet<()>,
}

impl DevServer {
    pub(crate) async fn listen(backend: Backend, listen: Listen) -> Result<Self, StartError> {
        let Listen { ip, port, guard, admin, .. } = listen;
        #[cfg(feature = "tls")]
        let identity = listen.tls.then(|| Identity::new(&guard.hosts)).transpose();
        #[cfg(feature = "tls")]
        let (acceptor, authority) = identity
            .map_err(|error| StartError::Tls { source: Box::new(error) })?
            .map(|identity| (identity.acceptor, identity.authority))
            .unzip();
        let bind = |source| StartError::Bind { ip, port, source };
        let listener = TcpListener::bind((ip, port)).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let (stop, stopped) = oneshot::channel();
        let mut accepting = JoinSet::new();
        let shared = Shared {
            app: Arc::clone(backend.app()),
            service: backend.service(),
            admin: admin::router(backend.clone()),
            guard,
            #[cfg(feature = "tls")]
            acceptor,
        };
        accepting.spawn(accept(listener, backend.clone(), Arc::new(shared), stopped));
        let scheme = if listen.tls { "https" } else { "http" };
        let url = format!("{scheme}://{}", reachable(addr));
        Ok(Self {
            backend,
            addr,
            url,
            admin,
            #[cfg(feature = "tls")]
            authority,
            stop,
            accepting,
        })
    }

    /// User name and password of the first administrator of the [builder](crate::DevServerBuilder::user), if there is
    /// one.
    pub fn admin(&self) -> Option<(&str, &Secret)> {
        self.admin.as_ref().map(|(name, password)| (name.as_str(), password))
    }

    /// The certificate to trust, in PEM, of a server with TLS.
    #[cfg(feature = "tls")]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The base URL: `http://127.0.0.1:PORT`, unless the server was told to listen elsewhere.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening, gives requests in progress and WebSockets up to half a second to finish, and closes all connections.
    pub async fn shutdown(self) {
        let Self { stop, mut accepting, .. } = self;
        // An error means that the task has already ended.
        let _ = stop.send(());
        while accepting.join_next().await.is_some() {}
    }
}

impl Deref for DevServer {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
    }
}

/// Where this machine reaches a server that listens on an address.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() {
        addr.set_ip(match addr {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    addr
}

async fn accept(
    listener: TcpListener,
    backend: Backend,
    shared: Arc<Shared>,
    mut stopped: oneshot::Receiver<()>,
) {
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    backend.app().counters.connections.increment();
                    connections.spawn(connection::serve(stream, peer, Arc::clone(&shared), stopping.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    stop.send_replace(true);
    drop(stopping);
    let ended = async {
        while connections.join_next().await.is_some() {}
        // WebSockets are no connections any more, but look at `stop` until they have said goodbye.
        stop.closed().await;
    };
    // Connections that are still busy after the grace period are closed with `connections`.
    let _ = tokio::time::timeout(GRACE_PERIOD, ended).await;
}
