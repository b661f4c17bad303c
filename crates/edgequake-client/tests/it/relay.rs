//! [`Relay`]: passes bytes on between a client and a server, as a balancer does, and can go silent as one does that forgot a
//! connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Relay {
    pub(crate) port: u16,
    connections: Arc<AtomicUsize>,
    /// How many connections swallow everything, the first ones.
    silent: watch::Sender<usize>,
    /// How many the client has closed.
    closed: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Stands in front of the server at `url`, whatever its scheme.
    pub(crate) async fn start(url: &str) -> Self {
        let target = url.split("//").nth(1).unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (silent, silenced) = watch::channel(0);
        let (closing, closed) = watch::channel(0);
        let closing = Arc::new(closing);
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { return };
                let number = counted.fetch_add(1, Ordering::Relaxed);
                let (target, silenced, closing) = (target.clone(), silenced.clone(), Arc::clone(&closing));
                tokio::spawn(async move {
                    let server = TcpStream::connect(target).await.unwrap();
                    pass(client, server, number, silenced).await;
                    closing.send_modify(|count| *count += 1);
                });
            }
        });
        Self { port, connections, silent, closed, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// From now on everything on the connections that there are is swallowed, both ways. New ones work.
    pub(crate) fn go_silent(&self) {
        self.silent.send_replace(self.connections());
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Waits until the client has closed this many connections.
    pub(crate) async fn wait_for_closed(&self, connections: usize) {
        self.closed.clone().wait_for(|count| *count >= connections).await.unwrap();
    }
}

/// Passes bytes on until the client closes.
async fn pass(mut client: TcpStream, mut server: TcpStream, number: usize, silenced: watch::Receiver<usize>) {
    let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
    let is_silent = || *silenced.borrow() > number;
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(0) | Err(_) => return,
                Ok(_) if is_silent() => break,
                Ok(length) => drop(server.write_all(&up[..length]).await),
            },
            read = server.read(&mut down) => match read {
                // A connection that was forgotten does not tell that its server is gone.
                _ if is_silent() => break,
                Ok(0) | Err(_) => return,
                Ok(length) => drop(client.write_all(&down[..length]).await),
            },
        }
    }
    while client.read(&mut up).await.is_ok_and(|length| length > 0) {}
}
