//! [`DevServer`]: the server on a loopback socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::backend::Backend;
use crate::options::DevServerBuilder;

/// How long [`DevServer::shutdown`] waits for requests that are being answered.
const GRACE: Duration = Duration::from_secs(1);

/// The pause after a failed accept, such as when there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be bound.
    #[error("cannot listen on 127.0.0.1:{port}; choose another port, or 0 for any free one")]
    Bind {
        /// The port that was asked for.
        port: u16,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// Two users share a name or an e-mail address.
    #[error("user names and e-mail addresses must differ from each other, also without regard to case")]
    Users,
    /// No random numbers for keys and salts.
    #[error("the operating system gives no random numbers")]
    Randomness,
}

/// A running server. It stops when this handle is dropped; [`shutdown`](Self::shutdown) waits for it.
///
/// Everything of [`Backend`] is at hand as well: statistics, the log of requests, the levers of a test.
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
    /// Owns the listener and every connection: with it, all of them end.
    accepting: JoinSet<()>,
}

impl DevServer {
    /// The options, each at its default.
    pub fn builder() -> DevServerBuilder {
        DevServerBuilder::default()
    }

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

    /// The address that is listened on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening, lets requests that are being answered finish for up to a second, and closes what is left.
    pub async fn shutdown(self) {
        let Self { stop, mut accepting, .. } = self;
        // An error means that the task has ended already.
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
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let router = backend.router();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    backend.shared().counters.connections.count();
                    connections.spawn(serve(stream, router.clone(), &graceful));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    // Connections that are still busy after the grace period are closed with `connections`.
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

fn serve(
    stream: TcpStream,
    router: axum::Router,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    // Small answers, such as the tokens of a stream, must not wait for each other.
    let _ = stream.set_nodelay(true);
    // No limit on idle connections: a test may let hours pass between two requests.
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let connection = graceful.watch(connection);
    async move {
        // A client that goes away is no event worth telling.
        let _ = connection.await;
    }
}
