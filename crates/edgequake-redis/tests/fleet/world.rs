//! [`World`]: the server, the store, and the processes with their relays, from their start to their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use edgequake_auth::{Jwt, LoginKey, ServerKey, TokenStore};
use edgequake_client::Client;
use edgequake_client::transport::{HttpTransport, Proxies};
use edgequake_devserver::{DevServer, Role, SeedDocument};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::child::{Orders, Place};
use crate::limits::{LIFETIME, PROCESSES};
use crate::log::{Log, Span};
use crate::point::Kind;
use crate::process::{Arrival, Faketime, Process};
use crate::refreshes::RefreshHook;
use crate::relay::{Relay, Target, Unwatched};
use crate::server::Server;

/// A name that only the relays know.
const HOST: &str = "fleet.test";
const PASSWORD: &str = "correct horse";

/// Where the login is.
pub(crate) enum Store {
    Redis(Box<Server>),
    Folder(tempfile::TempDir),
}

impl Store {
    fn open(&self) -> Arc<dyn TokenStore> {
        match self {
            Self::Redis(server) => Arc::new(server.store()),
            Self::Folder(folder) => Arc::new(edgequake_auth::FileStore::new(folder.path().join("logins"))),
        }
    }
}

/// One of the places for a process: a process that was killed is followed by another.
pub(crate) struct Slot {
    pub(crate) process: Process,
    pub(crate) server: Relay,
    pub(crate) store: Option<Relay>,
    hook: RefreshHook,
    pub(crate) faketime: Option<Faketime>,
    /// When the fault that it has is over.
    pub(crate) busy: Option<Instant>,
    pub(crate) fault: Option<Kind>,
}

pub(crate) struct World {
    pub(crate) server: DevServer,
    pub(crate) store: Store,
    pub(crate) log: Log,
    /// The parent's own way to the store, and its session with the password.
    pub(crate) direct: Arc<dyn TokenStore>,
    pub(crate) driver: Jwt,
    /// It logs in just now, since a session is lost.
    pub(crate) logging_in: Option<(Duration, tokio::task::JoinHandle<()>)>,
    pub(crate) key: LoginKey,
    documents: Vec<(String, String)>,
    pub(crate) slots: Vec<Slot>,
    clocks: Option<tempfile::TempDir>,
    pub(crate) arrivals: mpsc::UnboundedReceiver<Arrival>,
    arrive: mpsc::UnboundedSender<Arrival>,
    /// Whether the next answer to a refresh waits at its relay.
    pub(crate) armed: Arc<AtomicBool>,
    /// When nobody could have a token: from the loss of a session to the next login.
    pub(crate) without: Vec<Span>,
    pub(crate) logins: usize,
}

impl World {
    /// With the library that sets clocks, if it is there.
    pub(crate) async fn new(store: Store, faketime: Option<std::path::PathBuf>) -> Self {
        let mut server = DevServer::builder()
            .user("mona", "mona@corp.test", PASSWORD, Role::User)
            .allow_host(HOST)
            .token_lifetime(LIFETIME)
            .rate_limit(None);
        for number in 0..8 {
            let text = format!("What document {number} of the fleet says.");
            server = server.document(SeedDocument::new(format!("document {number}"), text));
        }
        let server = server.start().await.unwrap();
        let proxies = Proxies::all(&format!("http://{}", server.addr()), "").unwrap();
        let url = format!("http://{HOST}:{}", server.addr().port());
        let client = Client::builder().base_url(&url).allow_http(true).user_agent("driver");
        let client = client.transport(HttpTransport::builder().proxies(proxies).tls(false)).build().unwrap();
        let direct = store.open();
        let builder = client.session_builder().login("mona", PASSWORD).store(Arc::clone(&direct));
        let driver = builder.build().unwrap();
        driver.login().await.unwrap();
        let listed = client.with_session(driver.clone()).documents().list(Default::default()).await.unwrap();
        let documents: Vec<_> = listed
            .documents
            .into_iter()
            .map(|document| (document.id.to_string(), document.title.unwrap()))
            .collect();
        assert_eq!(documents.len(), 8);
        let key = ServerKey::new(url.parse().unwrap(), "").account("mona");
        let (arrive, arrivals) = mpsc::unbounded_channel();
        let clocks = faketime.is_some().then(|| tempfile::tempdir().unwrap());
        let mut world = Self {
            server,
            store,
            log: Log::new(),
            direct,
            driver,
            logging_in: None,
            key,
            documents,
            slots: Vec::new(),
            clocks,
            arrivals,
            arrive,
            armed: Arc::default(),
            without: Vec::new(),
            logins: 1,
        };
        for slot in 0..PROCESSES {
            world.add_slot(slot, faketime.as_ref()).await;
        }
        world
    }

    async fn add_slot(&mut self, slot: usize, library: Option<&std::path::PathBuf>) {
        let hook = RefreshHook {
            number: Arc::default(),
            log: self.log.clone(),
            armed: Arc::clone(&self.armed),
            arrivals: self.arrive.clone(),
        };
        let server = Relay::start(Target::Tcp(self.server.addr()), hook.clone()).await;
        let store = match &self.store {
            Store::Redis(redis) => Some(Relay::start(Target::Unix(redis.socket()), Unwatched).await),
            Store::Folder(_) => None,
        };
        let faketime = library.zip(self.clocks.as_ref()).map(|(library, folder)| Faketime {
            library: library.clone(),
            file: folder.path().join(slot.to_string()),
        });
        let process = self.spawn(slot, &server, store.as_ref(), &hook, faketime.as_ref());
        self.slots.push(Slot { process, server, store, hook, faketime, busy: None, fault: None });
    }

    fn spawn(
        &self,
        slot: usize,
        server: &Relay,
        store: Option<&Relay>,
        hook: &RefreshHook,
        faketime: Option<&Faketime>,
    ) -> Process {
        let (number, agent) = self.log.begin(slot);
        hook.number.store(number, Ordering::Release);
        let store = match (&self.store, store) {
            (Store::Folder(folder), _) => Place::Folder(folder.path().join("logins")),
            (Store::Redis(_), Some(relay)) => Place::Redis(relay.port),
            (Store::Redis(_), None) => unreachable!("Redis is behind a relay"),
        };
        let url = format!("http://{HOST}:{}", self.server.addr().port());
        let orders = Orders { agent, url, server: server.port, store, documents: self.documents.clone() };
        Process::start(number, &orders, faketime, &self.log, &self.arrive)
    }

    /// Another process in the place of one that was killed.
    pub(crate) fn replace(&mut self, slot: usize) {
        let at = &self.slots[slot];
        let process = self.spawn(slot, &at.server, at.store.as_ref(), &at.hook, at.faketime.as_ref());
        let at = &mut self.slots[slot];
        (at.process, at.busy, at.fault) = (process, None, None);
    }

    /// Tells those that have no fault now.
    pub(crate) async fn tell_free(&mut self, line: &str) {
        for slot in self.free() {
            self.slots[slot].process.tell(line).await;
        }
    }

    /// Which processes have no fault now.
    pub(crate) fn free(&self) -> Vec<usize> {
        (0..self.slots.len()).filter(|slot| self.slots[*slot].busy.is_none()).collect()
    }

    /// Ends the processes. The result is what is wrong with what they leave.
    pub(crate) async fn end(mut self) -> (Log, DevServer, Vec<Span>, Vec<String>) {
        self.rest().await;
        self.tell_free("disarm").await;
        let mut wrong = Vec::new();
        for slot in std::mem::take(&mut self.slots) {
            let number = slot.process.number;
            if tokio::time::timeout(Duration::from_secs(20), slot.process.end()).await.is_err() {
                wrong.push(format!("process {number} did not end"));
            } else if self.log.lives()[number].settled != Some(true) {
                wrong.push(format!("process {number} did not settle"));
            }
        }
        let stored = self.direct.read(&self.key).await.unwrap();
        let session = self.server.ledger().sessions().into_iter().rfind(|session| session.end.is_none());
        let counter =
            stored.as_ref().and_then(|stored| stored.record.tokens()).map(|tokens| tokens.version.counter);
        let known = stored.as_ref().is_some_and(|stored| !stored.record.is_unsettled());
        // The tokens of the login are the first.
        if let Some(session) = session
            && known
            && counter.is_some_and(|counter| counter != session.refreshes + 1)
        {
            wrong.push(format!("{} refreshes, and the store has {counter:?}", session.refreshes));
        }
        (self.log, self.server, self.without, wrong)
    }
}
