//! [`Relay`]: passes bytes on, and spoils its connections: they go silent, are reset, or become slow.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// So many bytes pass, in both directions together, before something happens. A TLS handshake has about 3,000.
const QUIET: std::ops::Range<usize> = 1_000..60_000;
/// So many bytes are slow, in pieces of this size with this pause before each.
const SLOW: usize = 2_000;
const PIECE: usize = 100;
const PAUSE: Duration = Duration::from_millis(3);

#[derive(Debug, Default)]
struct Counts {
    silences: AtomicU64,
    resets: AtomicU64,
    slowed: AtomicU64,
}

pub(crate) struct Relay {
    addr: SocketAddr,
    counts: Arc<Counts>,
    /// Owns the listener and every connection.
    accepting: JoinSet<()>,
}

impl Relay {
    /// Stands before the server at `target`. What happens to the connection of a number follows from `seed`.
    pub(crate) async fn start(target: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            for number in 0_u64.. {
                let client = loop {
                    tokio::select! {
                        accepted = listener.accept() => if let Ok((client, _)) = accepted { break client },
                        Some(_) = connections.join_next() => {}
                    }
                };
                let random = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003) + number);
                connections.spawn(pass(client, target, random, Arc::clone(&counted)));
            }
        });
        Self { addr, counts, accepting }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) async fn end(mut self) {
        self.accepting.shutdown().await;
    }

    /// Whether it has spoiled connections in each of its ways.
    pub(crate) fn has_met_all(&self) -> bool {
        let Counts { silences, resets, slowed } = &*self.counts;
        [silences, resets, slowed].into_iter().all(|count| count.load(Ordering::Relaxed) > 0)
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { silences, resets, slowed } = &*self.counts;
        write!(f, "a relay silenced {}, reset {}, slowed {}", of(silences), of(resets), of(slowed))
    }
}

async fn pass(mut client: TcpStream, target: SocketAddr, mut random: fastrand::Rng, counts: Arc<Counts>) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    for stream in [&client, &server] {
        let _ = stream.set_nodelay(true);
    }
    while forward(&mut client, &mut server, random.usize(QUIET), None).await {
        match random.u8(0..3) {
            0 => {
                counts.resets.fetch_add(1, Ordering::Relaxed);
                for stream in [&client, &server] {
                    let _ = stream.set_zero_linger();
                }
                return;
            }
            1 => {
                counts.silences.fetch_add(1, Ordering::Relaxed);
                // Whatever the client says is swallowed, until it gives up.
                while client.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
                return;
            }
            _ => {
                counts.slowed.fetch_add(1, Ordering::Relaxed);
                if !forward(&mut client, &mut server, SLOW, Some(PAUSE)).await {
                    return;
                }
            }
        }
    }
}

/// Passes so many bytes on, with a pause before each piece; false once either side has ended.
async fn forward(
    client: &mut TcpStream,
    server: &mut TcpStream,
    bytes: usize,
    pause: Option<Duration>,
) -> bool {
    let size = if pause.is_some() { PIECE } else { 16 * 1024 };
    let (mut there, mut back) = (vec![0; size], vec![0; size]);
    let mut passed = 0;
    while passed < bytes {
        let (length, piece, to) = tokio::select! {
            length = client.read(&mut there) => (length, &there, &mut *server),
            length = server.read(&mut back) => (length, &back, &mut *client),
        };
        let Some(length) = length.ok().filter(|length| *length > 0) else { return false };
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return false;
        }
        passed += length;
    }
    true
}
