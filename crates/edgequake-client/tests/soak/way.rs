//! [`Way`]: how the clients reach the server, and [`Ground`]: the server, what stands before it, and the clients.

use std::fmt;
use std::time::{Duration, Instant};

use edgequake_client::layers::retry::{RetryBudget, RetryConfig};
use edgequake_client::transport::Certificate;
use edgequake_client::{Client, HttpTransport, Proxies};
use edgequake_devserver::{DevServer, Role};

use crate::relay::Relay;

/// The limit of a call. A stream has none in all.
pub(crate) const TOTAL: Duration = Duration::from_secs(5);
/// The limit of an attempt, up to the head of its answer.
pub(crate) const ATTEMPT: Duration = Duration::from_millis(250);
/// The limit of the pause between two pieces of an answer.
pub(crate) const IDLE: Duration = Duration::from_millis(400);

/// How many clients there are, each with a session and connections of its own.
const CLIENTS: usize = 4;

/// How long access tokens live.
const TOKEN_LIFETIME: Duration = Duration::from_secs(5);

/// How long is waited for connections to end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A key of the server that works whatever becomes of sessions.
pub(crate) const MASTER_KEY: &str = "soak-master-key";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Plain HTTP/1.1.
    Http1,
    /// TLS with HTTP/2, by a certificate that the client is told to trust.
    Http2,
    /// TLS through a relay that spoils connections: half of the clients with HTTP/1.1, the others with HTTP/2.
    Relay,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "TLS with HTTP/2",
            Self::Relay => "a relay, by TLS with HTTP/1.1 and with HTTP/2",
        })
    }
}

pub(crate) struct Ground {
    pub(crate) server: DevServer,
    relays: Vec<Relay>,
    pub(crate) clients: Vec<Client>,
    /// How many tasks there are without connections.
    idle: usize,
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

impl Way {
    pub(crate) async fn prepare(self, seed: u64) -> Ground {
        let builder = DevServer::builder()
            .user("mona", "mona@corp.test", "pw", Role::User)
            .master_key(MASTER_KEY)
            .token_lifetime(TOKEN_LIFETIME);
        let builder = if self == Self::Http1 { builder } else { builder.tls() };
        let server = builder.start().await.unwrap();
        server.recorder().start();
        let idle = tasks();
        let transport = HttpTransport::builder().proxies(Proxies::none());
        let (mut relays, mut ways) = (Vec::new(), Vec::new());
        match self {
            Self::Http1 => ways.push((server.url().to_owned(), transport.tls(false))),
            Self::Http2 => ways.push((server.url().to_owned(), transport.certificate(authority(&server)))),
            Self::Relay => {
                for (number, http2) in (0..).zip([false, true]) {
                    let relay = Relay::start(server.addr(), seed + number).await;
                    let transport = transport.clone().certificate(authority(&server)).http2(http2);
                    ways.push((format!("https://{}", relay.addr()), transport));
                    relays.push(relay);
                }
            }
        }
        let clients =
            ways.iter().cycle().take(CLIENTS).map(|(url, transport)| client(url, transport.clone()));
        let clients: Vec<_> = clients.collect();
        for client in &clients {
            log_in(client).await;
        }
        Ground { server, relays, clients, idle }
    }
}

fn authority(server: &DevServer) -> Certificate {
    Certificate::from_pem(server.authority().unwrap().as_bytes()).unwrap()
}

fn client(url: &str, transport: edgequake_client::transport::HttpTransportBuilder) -> Client {
    Client::builder()
        .base_url(url)
        .login("mona", "pw")
        .tenant_id("default")
        .workspace_id("default")
        .transport(transport)
        .attempt_timeout(ATTEMPT)
        .idle_timeout(IDLE)
        .timeout(TOTAL)
        .token_timeout(Duration::from_secs(1))
        .retry(RetryConfig::default().base(Duration::from_millis(4)).cap(Duration::from_millis(40)))
        .retry_budget(RetryBudget::new(1_000_000))
        .build()
        .unwrap()
}

/// Logs in before there are faults. A password that the server has never taken rests for long after a login that was lost, and the calls of its
/// client fail meanwhile; what happens to sessions is what this is about.
async fn log_in(client: &Client) {
    while let Err(error) = client.auth().me().await {
        assert!(error.is_retryable(), "{error:?}");
        tokio::time::sleep(error.retry_after().unwrap_or(IDLE)).await;
    }
}

impl Ground {
    pub(crate) fn figures(&self) -> String {
        let connections = self.server.stats().connections;
        let relays: Vec<String> = self.relays.iter().map(|relay| format!("; {relay}")).collect();
        format!("  connections: {connections} opened{}", relays.concat())
    }

    /// Whether every relay has done all that it does to connections.
    pub(crate) fn relays_have_met_all(&self) -> bool {
        self.relays.iter().all(Relay::has_met_all)
    }

    /// Drops the clients, and waits until all of their connections have ended.
    pub(crate) async fn leave(mut self) -> Self {
        self.clients.clear();
        for relay in self.relays.drain(..) {
            relay.end().await;
        }
        let patience = Instant::now() + PATIENCE;
        while tasks() > self.idle && Instant::now() < patience {
            tokio::task::yield_now().await;
        }
        self
    }

    /// Ends all there is.
    pub(crate) async fn end(self) {
        self.server.shutdown().await;
    }
}
