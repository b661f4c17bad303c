//! [`DevServer`]: the server on a loopback socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::backend::{Backend, StartError};
use crate::connection;

/// How long [`DevServer::shutdown`] waits for requests in progress.
const GRACE_PERIOD: Duration = Duration::from_millis(500);

/// The pause after a failed accept, for example when no file descriptors are left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running server. It stops when this handle is dropped; [`shutdown`](Self::shutdown) waits until it has stopped.
///
/// It dereferences to [`Backend`], which has the statistics, the request log, and the controls for tests.
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
    stop: oneshot::Sender<()>,
    /// Owns the listener and every connection, and closes them when it is dropped.
    accepting: JoinSet<()>,
}

impl DevServer {
    pub(crate) async fn listen(backend: Backend, port: u16) -> Result<Self, StartError> {
        let bind = |source| StartError::Bind { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let (stop, stopped) = oneshot::channel();
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, backend.clone(), stopped));
        Ok(Self { backend, addr, url: format!("http://{addr}"), stop, accepting })
    }

    /// The base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening, gives requests in progress up to half a second to finish, and closes all connections.
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

async fn accept(listener: TcpListener, backend: Backend, mut stopped: oneshot::Receiver<()>) {
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let service = backend.service();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    backend.app().counters.connections.increment();
                    connections.spawn(connection::serve(stream, service.clone(), stopping.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    stop.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    // Connections that are still busy after the grace period are closed with `connections`.
    let _ = tokio::time::timeout(GRACE_PERIOD, ended).await;
}
