//! The process that has the accidents: it refreshes as it is told, and says which points it passes.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{
    AuthContext, BoxFuture, Credentials as _, FileStore, Jwt, LoginKey, Record, Revision, ServerKey,
    StoreError, Stored, Swap, TokenStore, TokenTransport, TransportError, TransportErrorKind,
};
use http::{Request, Response};

use crate::http1;
use crate::point::Point;

/// Set in a child: the address of the server, the name that it goes by, the folder of the logins.
pub(crate) const ORDERS: &str = "EDGEQUAKE_AUTH_TEST_CRASH";
/// The limit of an exchange. All that others wait for follows from it.
pub(crate) const EXCHANGE: Duration = Duration::from_secs(1);

/// Does nothing in an ordinary test run.
#[test]
fn does_what_it_is_told() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let mut orders = orders.splitn(3, '|');
    let address = orders.next().unwrap().parse().unwrap();
    let (agent, folder) = (orders.next().unwrap().to_owned(), orders.next().unwrap().into());
    let (commands, commanded) = channel();
    let (go, gone) = channel();
    let (reach, reached) = channel();
    let way = Way { armed: Mutex::new(None), reach: Mutex::new(reach), go: Mutex::new(gone) };
    let child = Child { address, agent, folder, way: Arc::new(way), reached, go: go.clone() };
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map(Result::unwrap) {
            if line == "go" { go.send(()).unwrap() } else { commands.send(line).unwrap() }
        }
        std::process::exit(0);
    });
    let mut kept = None;
    for command in commanded {
        let words: Vec<_> = command.split(' ').collect();
        let &[what, how, point] = &words[..] else { panic!("no command: {command}") };
        *child.way.armed.lock().unwrap() = point.parse().ok();
        match (what, how) {
            ("ask", "fresh") => child.ask(&child.provider(), false),
            ("ask", "kept") => child.ask(kept.get_or_insert_with(|| child.provider()), true),
            ("undriven", how) => child.leave_alone(how == "dropped"),
            _ => panic!("no command: {command}"),
        }
    }
}

/// One line, whole, also if this process is killed right after it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("@ {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

struct Child {
    address: SocketAddr,
    agent: String,
    folder: PathBuf,
    way: Arc<Way>,
    reached: Receiver<()>,
    go: Sender<()>,
}

impl Child {
    /// Without a password, so that a lost refresh token shows.
    fn provider(&self) -> Jwt {
        let origin = format!("http://{}", self.address).parse().unwrap();
        let answered = Arc::new(AtomicBool::new(false));
        let (way, agent) = (Arc::clone(&self.way), self.agent.clone());
        let wire = Wire { address: self.address, agent, way, answered: Arc::clone(&answered) };
        let store = Watched { inner: FileStore::new(&self.folder), way: Arc::clone(&self.way), answered };
        Jwt::builder(origin, wire).account("mona").timeout(EXCHANGE).store(store).build().unwrap()
    }

    fn ask(&self, jwt: &Jwt, again: bool) {
        let result = runtime().block_on(async {
            if again {
                jwt.refresh_now().await
            } else {
                jwt.authorize(&AuthContext::new(jwt.origin().clone())).await.map(drop)
            }
        });
        match result {
            Ok(()) => say("done ok"),
            Err(error) => say(&format!("done {:?}: {error}", error.kind())),
        }
    }

    /// Polls a call once and never again. Its runtime is dropped with it at the point, or stays.
    fn leave_alone(&self, dropped: bool) {
        let jwt = self.provider();
        let caller = runtime();
        let asked = jwt.clone();
        let mut call =
            Box::pin(async move { asked.authorize(&AuthContext::new(asked.origin().clone())).await });
        caller.block_on(std::future::poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        }));
        let mut left = Some((caller, call));
        if self.reached.recv_timeout(Duration::from_secs(20)).is_err() {
            return say("done missed");
        }
        if dropped {
            left = None;
        }
        self.go.send(()).unwrap();
        let settled = runtime().block_on(jwt.settle(Duration::from_secs(20)));
        let unsaved = jwt.watch().status().unsaved;
        drop(left);
        say(if settled && !unsaved { "done ok" } else { "done unsettled" });
    }
}

/// A runtime of the caller's, without anything.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Where a child waits for its accident.
#[derive(Debug)]
struct Way {
    armed: Mutex<Option<Point>>,
    reach: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

impl Way {
    fn pass(&self, point: Point) {
        say(&format!("passed {point}"));
        if self.armed.lock().unwrap().take_if(|armed| *armed == point).is_some() {
            say(&format!("at {point}"));
            self.reach.lock().unwrap().send(()).unwrap();
            // The whole thread stands still, as under a stop.
            self.go.lock().unwrap().recv().unwrap();
        }
    }
}

#[derive(Debug)]
struct Wire {
    address: SocketAddr,
    agent: String,
    way: Arc<Way>,
    answered: Arc<AtomicBool>,
}

impl TokenTransport for Wire {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        let (address, agent) = (self.address, self.agent.clone());
        let (way, answered) = (Arc::clone(&self.way), Arc::clone(&self.answered));
        Box::pin(async move {
            if request.uri().path() != "/api/v1/auth/refresh" {
                // A successor is given up.
                let exchange = move || http1::post(address, &agent, &request, || {});
                let answer = tokio::task::spawn_blocking(exchange).await.unwrap();
                return answer.map_err(interrupted);
            }
            way.pass(Point::BeforeSend);
            let on_the_way = Arc::clone(&way);
            let exchange =
                move || http1::post(address, &agent, &request, || on_the_way.pass(Point::AfterSend));
            let answer = tokio::task::spawn_blocking(exchange).await.unwrap().map_err(interrupted)?;
            if answer.status().is_success() {
                way.pass(Point::AfterAnswer);
                answered.store(true, Ordering::Release);
            }
            Ok(answer)
        })
    }
}

fn interrupted(error: std::io::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).with_source(error)
}

/// A file store that tells intents and saves.
#[derive(Debug)]
struct Watched {
    inner: FileStore,
    way: Arc<Way>,
    answered: Arc<AtomicBool>,
}

impl TokenStore for Watched {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        self.inner.read(key)
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let intent = record.is_unsettled() && record.lease.is_some();
            let save =
                !record.is_unsettled() && record.tokens().is_some() && self.answered.load(Ordering::Acquire);
            if intent {
                self.way.pass(Point::BeforeIntent);
            }
            let swap = self.inner.compare_and_set(key, expected, record).await?;
            if let Swap::Done(_) = swap {
                if intent {
                    self.way.pass(Point::AfterIntent);
                }
                if save {
                    self.answered.store(false, Ordering::Release);
                    self.way.pass(Point::AfterSave);
                }
            }
            Ok(swap)
        })
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        self.inner.latest(server)
    }
}
