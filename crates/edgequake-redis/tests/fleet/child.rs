//! A process of the fleet: tasks that call, a session that is refreshed, and points where it waits for its accident.
//!
//! It speaks in lines on its standard output, and is told in lines on its standard input.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use edgequake_auth::{
    BoxFuture, FileStore, Jwt, LoginKey, Record, Revision, ServerKey, StoreError, Stored, Swap, TokenStore,
    Version,
};
use edgequake_client::Client;
use edgequake_client::transport::{HttpTransport, Proxies};
use edgequake_redis::RedisStore;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::limits::{CALL, EXCHANGE, MARGIN, PACE, STORE, TASKS};
use crate::point::Point;

/// Set in a child.
pub(crate) const ORDERS: &str = "EDGEQUAKE_TEST_FLEET_ORDERS";

/// What a child is to work with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) agent: String,
    pub(crate) url: String,
    /// The relay to the server.
    pub(crate) server: u16,
    pub(crate) store: Place,
    /// Ids and titles of documents that are there.
    pub(crate) documents: Vec<(String, String)>,
}

/// Where the login is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Place {
    /// The port of the relay to Redis.
    Redis(u16),
    Folder(std::path::PathBuf),
}

/// Does nothing in an ordinary test run.
#[test]
fn does_what_it_is_told() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let orders: Orders = serde_json::from_str(&orders).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(live(orders));
    std::process::exit(0);
}

/// One line, whole, also if this process is killed right after it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("@ {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

async fn live(orders: Orders) {
    let way = Arc::new(Way::default());
    let (client, session) = connect(&orders, &way);
    let (ended, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    // Lines are read on a thread of its own, so that a runtime that is busy does not delay what they say.
    std::thread::spawn({
        let (way, end) = (Arc::clone(&way), Arc::clone(&end));
        let (session, runtime) = (session.clone(), tokio::runtime::Handle::current());
        move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                match line.split_once(' ') {
                    Some(("arm", point)) => *way.armed.lock().unwrap() = Some(point.parse().unwrap()),
                    _ if line == "disarm" => *way.armed.lock().unwrap() = None,
                    _ if line == "go" => way.go.notify_one(),
                    _ if line == "refresh" => {
                        let session = session.clone();
                        runtime.spawn(async move { drop(session.refresh_now().await) });
                    }
                    _ => break,
                }
            }
            end.notify_one();
        }
    });
    let documents = Arc::new(orders.documents);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            tokio::spawn(call_again_and_again(
                client.clone(),
                task,
                Arc::clone(&documents),
                Arc::clone(&ended),
            ))
        })
        .collect();
    let refreshing = tokio::spawn(refresh_now_and_then(session.clone()));
    let telling = tokio::spawn(tell_counters(session.clone()));
    end.notified().await;
    ended.notify_waiters();
    refreshing.abort();
    for task in tasks {
        task.abort();
    }
    let settled = session.settle(Duration::from_secs(10)).await;
    telling.abort();
    tell(&session);
    say(&format!("settled {settled}"));
}

fn connect(orders: &Orders, way: &Arc<Way>) -> (Client, Jwt) {
    let proxies = Proxies::all(&format!("http://127.0.0.1:{}", orders.server), "").unwrap();
    let client = Client::builder()
        .base_url(&orders.url)
        .allow_http(true)
        .user_agent(&orders.agent)
        .timeout(CALL)
        .attempt_timeout(EXCHANGE * 2)
        .token_timeout(EXCHANGE)
        .transport(HttpTransport::builder().proxies(proxies).tls(false))
        .build()
        .unwrap();
    let inner: Arc<dyn TokenStore> = match &orders.store {
        Place::Redis(port) => {
            let url = format!("redis://127.0.0.1:{port}");
            Arc::new(RedisStore::builder(url).time_limit(STORE).build().unwrap())
        }
        Place::Folder(path) => Arc::new(FileStore::new(path)),
    };
    let store = Watched { inner, way: Arc::clone(way), intended: Mutex::new(None) };
    // No password, so that a lost refresh token shows.
    let builder = client.session_builder().account("mona").lease_margin(MARGIN).store_timeout(STORE * 2);
    let session = builder.store(store).build().unwrap();
    (client.with_session(session.clone()), session)
}

/// Asks for what is known, and tells whether it was right.
async fn call_again_and_again(
    client: Client,
    task: usize,
    documents: Arc<Vec<(String, String)>>,
    ended: Arc<Notify>,
) {
    let mut pause = PACE.mul_f64(fastrand::f64());
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = ended.notified() => return,
        }
        pause = PACE.mul_f64(0.5 + fastrand::f64());
        let begun = Instant::now();
        let result = if task.is_multiple_of(2) {
            client.auth().me().await.map(|me| me.user.username == "mona")
        } else {
            let (id, title) = &documents[fastrand::usize(..documents.len())];
            let found = client.documents().get(id.as_str()).await;
            found.map(|found| found.title.as_deref() == Some(title) && found.id.to_string() == *id)
        };
        let took = begun.elapsed().as_millis();
        match result {
            Ok(true) => say(&format!("call {took} right")),
            Ok(false) => say(&format!("call {took} wrong task {task}")),
            Err(error) => say(&format!("call {took} failed {:?}: {error}", error.kind()).replace('\n', " ")),
        }
    }
}

/// As a program does that wants its token to last for a while.
async fn refresh_now_and_then(session: Jwt) {
    loop {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(100..500))).await;
        drop(session.refresh_now().await);
    }
}

fn tell(session: &Jwt) {
    let counters = session.counters();
    say(&format!("counters {} {} {}", counters.refreshes, counters.takeovers, counters.late));
}

/// Often, since a process that is killed tells nothing any more.
async fn tell_counters(session: Jwt) {
    let mut last = session.counters();
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = session.counters();
        if now != last {
            tell(&session);
            last = now;
        }
    }
}

/// Where a child waits for its accident.
#[derive(Debug, Default)]
struct Way {
    armed: Mutex<Option<Point>>,
    go: Notify,
}

impl Way {
    /// With the number of the tokens that are exchanged.
    async fn pass(&self, point: Point, tokens: u64) {
        let armed = self.armed.lock().unwrap().take_if(|armed| *armed == point).is_some();
        say(&format!("{} {point} {tokens}", if armed { "at" } else { "passed" }));
        if armed {
            self.go.notified().await;
        }
    }
}

/// A store that tells intents and saves, and a Redis that went back.
#[derive(Debug)]
struct Watched {
    inner: Arc<dyn TokenStore>,
    way: Arc<Way>,
    intended: Mutex<Option<Version>>,
}

impl TokenStore for Watched {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async move {
            let read = self.inner.read(key).await;
            if let Err(error) = &read {
                say(&format!("store {:?}", error.kind()));
            }
            read
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let version = record.tokens().map(|tokens| tokens.version);
            let intent = version.filter(|_| record.is_unsettled() && record.lease.is_some());
            let settled = record.lease.is_none() && record.intent.is_none();
            let intended = *self.intended.lock().unwrap();
            let save = intended.filter(|before| {
                settled && version.is_some_and(|version| version.counter == before.counter + 1)
            });
            if let Some(tokens) = intent {
                self.way.pass(Point::BeforeIntent, tokens.counter).await;
            }
            if let Some(tokens) = save {
                self.way.pass(Point::AfterAnswer, tokens.counter).await;
            }
            let swap = self.inner.compare_and_set(key, expected, record).await?;
            if let Swap::Done(_) = swap {
                if let Some(tokens) = intent {
                    *self.intended.lock().unwrap() = version;
                    self.way.pass(Point::AfterIntent, tokens.counter).await;
                }
                if let Some(tokens) = save {
                    self.way.pass(Point::AfterSave, tokens.counter).await;
                }
            }
            Ok(swap)
        })
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        self.inner.latest(server)
    }

    fn poll_interval(&self) -> Duration {
        self.inner.poll_interval()
    }
}
