//! [`Relay`]: between one process and the server or the store. It goes silent, cuts and delays, as it is told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use crate::point::Kind;

/// How long a slow relay keeps each piece.
const SLOW: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    Silent,
    Cut,
    Slow,
}

impl Mode {
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::ServerSilent | Kind::StoreSilent => Self::Silent,
            Kind::ServerCut | Kind::StoreCut => Self::Cut,
            Kind::ServerSlow | Kind::StoreSlow => Self::Slow,
            _ => Self::Pass,
        }
    }
}

/// What stands behind it.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Tcp(std::net::SocketAddr),
    Unix(PathBuf),
}

/// What it tells of what passes.
pub(crate) trait Hook: Send + Sync + 'static {
    /// A piece goes to the target.
    fn up(&self, _piece: &[u8]) -> Watching {
        Watching::No
    }
    /// The answer to a request that is being watched is about to go back.
    fn answered(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Whether the answer to what was sent matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watching {
    Yes,
    No,
}

/// Tells nothing.
pub(crate) struct Unwatched;

impl Hook for Unwatched {}

#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) port: u16,
    mode: watch::Sender<Mode>,
}

impl Relay {
    pub(crate) async fn start(target: Target, hook: impl Hook) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, current) = watch::channel(Mode::Pass);
        let hook = Arc::new(hook);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, target.clone(), current.clone(), Arc::clone(&hook)));
            }
        });
        Self { port, mode }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn serve(stream: TcpStream, target: Target, mode: watch::Receiver<Mode>, hook: Arc<impl Hook>) {
    stream.set_nodelay(true).ok();
    let mut opening = mode.clone();
    let now = *opening.borrow_and_update();
    if now == Mode::Cut {
        stream.set_zero_linger().ok();
        return;
    }
    if now == Mode::Silent {
        opening.changed().await.ok();
        return;
    }
    let near = stream.into_split();
    match target {
        Target::Tcp(address) => {
            let Ok(far) = TcpStream::connect(address).await else { return };
            far.set_nodelay(true).ok();
            pass(near, far.into_split(), mode, hook).await;
        }
        Target::Unix(path) => {
            let Ok(far) = UnixStream::connect(path).await else { return };
            pass(near, far.into_split(), mode, hook).await;
        }
    }
}

/// Both directions, until one of them is over or cut.
async fn pass(
    near: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    far: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    mode: watch::Receiver<Mode>,
    hook: Arc<impl Hook>,
) {
    let watching = std::sync::Mutex::new(Watching::No);
    let up = async {
        let (mut from, mut to, mut mode, mut buffer) = (near.0, far.1, mode.clone(), vec![0; 16 * 1024]);
        while let Some(piece) = next(&mut from, &mut mode, &mut buffer).await {
            if hook.up(piece) == Watching::Yes {
                *watching.lock().unwrap() = Watching::Yes;
            }
            if to.write_all(piece).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        let (mut from, mut to, mut mode, mut buffer) = (far.0, near.1, mode.clone(), vec![0; 16 * 1024]);
        while let Some(piece) = next(&mut from, &mut mode, &mut buffer).await {
            let watched = std::mem::replace(&mut *watching.lock().unwrap(), Watching::No);
            if watched == Watching::Yes {
                hook.answered().await;
                if !goes_on(&mut mode).await {
                    return;
                }
            }
            if to.write_all(piece).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// The next piece that may pass; `None` at the end, or once the connection is lost.
async fn next<'a>(
    from: &mut (impl AsyncRead + Unpin),
    mode: &mut watch::Receiver<Mode>,
    buffer: &'a mut [u8],
) -> Option<&'a [u8]> {
    let read = tokio::select! {
        read = from.read(buffer) => read.ok()?,
        _ = mode.wait_for(|mode| *mode == Mode::Cut) => return None,
    };
    (read > 0 && goes_on(mode).await).then(|| &buffer[..read])
}

/// Waits as long as the mode demands. `false` if the piece is lost: what was swallowed never arrives.
async fn goes_on(mode: &mut watch::Receiver<Mode>) -> bool {
    let now = *mode.borrow_and_update();
    match now {
        Mode::Pass => true,
        Mode::Cut => false,
        Mode::Slow => {
            tokio::time::sleep(SLOW).await;
            true
        }
        Mode::Silent => {
            mode.wait_for(|mode| *mode != Mode::Silent).await.ok();
            false
        }
    }
}
