//! [`World`]: the server, the store, the processes with their relays, and what happens to them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_auth::{Jwt, LoginKey, ServerKey, TokenStore};
use edgequake_client::Client;
use edgequake_client::transport::{HttpTransport, Proxies};
use edgequake_devserver::{DevServer, Role, SeedDocument};
use tokio::sync::{mpsc, oneshot};

use crate::child::{Orders, Place};
use crate::kid::{Arrival, Faketime, Kid};
use crate::limits::{FAULT, LIFETIME, LONG, PROCESSES, SHORT, STEP};
use crate::log::{Log, Span};
use crate::point::{Kind, Plan, Point};
use crate::relay::{Hook, Mode, Relay, Target, Unwatched, Watching};
use crate::server::Server;

/// A name that only the relays know.
const HOST: &str = "fleet.test";
const PASSWORD: &str = "correct horse";

/// Where the login is.
pub(crate) enum Store {
    Redis(Server),
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
struct Slot {
    kid: Kid,
    server: Relay,
    store: Option<Relay>,
    watched: Watched,
    faketime: Option<Faketime>,
    /// When the fault that it has is over.
    busy: Option<tokio::time::Instant>,
    fault: Option<Kind>,
}

pub(crate) struct World {
    pub(crate) server: DevServer,
    pub(crate) store: Store,
    pub(crate) log: Log,
    /// The parent's own way to the store, and its session with the password.
    direct: Arc<dyn TokenStore>,
    driver: Jwt,
    /// It logs in just now, since a session is lost.
    logging_in: Option<(Duration, tokio::task::JoinHandle<()>)>,
    key: LoginKey,
    documents: Vec<(String, String)>,
    slots: Vec<Slot>,
    clocks: Option<tempfile::TempDir>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    arrive: mpsc::UnboundedSender<Arrival>,
    /// What the relays wait for.
    wanted: Arc<Mutex<bool>>,
    /// When nobody could have a token: from the loss of a session to the next login.
    pub(crate) without: Vec<Span>,
    pub(crate) logins: usize,
}

/// Sees refreshes on their way.
#[derive(Clone)]
struct Watched {
    number: Arc<AtomicUsize>,
    log: Log,
    wanted: Arc<Mutex<bool>>,
    arrive: mpsc::UnboundedSender<Arrival>,
}

impl Hook for Watched {
    fn up(&self, piece: &[u8]) -> Watching {
        let line = piece.split(|byte| *byte == b'\r').next().unwrap_or_default();
        if String::from_utf8_lossy(line).contains("/api/v1/auth/refresh ") {
            Watching::Yes
        } else {
            Watching::No
        }
    }

    async fn answered(&self) {
        let number = self.number.load(Ordering::Acquire);
        self.log.pass(number, Point::AfterSend);
        let waits = std::mem::take(&mut *self.wanted.lock().unwrap());
        if waits {
            let (release, released) = oneshot::channel();
            let arrival = Arrival { number, point: Point::AfterSend, release: Some(release) };
            self.arrive.send(arrival).ok();
            released.await.ok();
        }
    }
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
            wanted: Arc::default(),
            without: Vec::new(),
            logins: 1,
        };
        for slot in 0..PROCESSES {
            world.add_slot(slot, faketime.as_ref()).await;
        }
        world
    }

    async fn add_slot(&mut self, slot: usize, library: Option<&std::path::PathBuf>) {
        let watched = Watched {
            number: Arc::default(),
            log: self.log.clone(),
            wanted: Arc::clone(&self.wanted),
            arrive: self.arrive.clone(),
        };
        let server = Relay::start(Target::Tcp(self.server.addr()), watched.clone()).await;
        let store = match &self.store {
            Store::Redis(redis) => Some(Relay::start(Target::Unix(redis.socket()), Unwatched).await),
            Store::Folder(_) => None,
        };
        let faketime = library.zip(self.clocks.as_ref()).map(|(library, folder)| Faketime {
            library: library.clone(),
            file: folder.path().join(slot.to_string()),
        });
        let kid = self.bear(slot, &server, store.as_ref(), &watched, faketime.as_ref());
        self.slots.push(Slot { kid, server, store, watched, faketime, busy: None, fault: None });
    }

    fn bear(
        &self,
        slot: usize,
        server: &Relay,
        store: Option<&Relay>,
        watched: &Watched,
        faketime: Option<&Faketime>,
    ) -> Kid {
        let (number, agent) = self.log.begin(slot);
        watched.number.store(number, Ordering::Release);
        let store = match (&self.store, store) {
            (Store::Folder(folder), _) => Place::Folder(folder.path().join("logins")),
            (Store::Redis(_), Some(relay)) => Place::Redis(relay.port),
            (Store::Redis(_), None) => unreachable!("Redis is behind a relay"),
        };
        let url = format!("http://{HOST}:{}", self.server.addr().port());
        let orders = Orders { agent, url, server: server.port, store, documents: self.documents.clone() };
        Kid::start(number, &orders, faketime, &self.log, &self.arrive)
    }

    /// Which processes have no fault now.
    fn free(&self) -> Vec<usize> {
        (0..self.slots.len()).filter(|slot| self.slots[*slot].busy.is_none()).collect()
    }

    /// Lets something happen to whoever comes to the point first. `false` if nobody came.
    pub(crate) async fn suffer(&mut self, plan: Plan, random: &mut fastrand::Rng) -> bool {
        // At least two go on.
        while self.free().len() <= 2 {
            self.attend(None).await;
            self.tick().await;
        }
        if plan.point == Point::AfterSend {
            *self.wanted.lock().unwrap() = true;
        } else {
            self.tell_free(&format!("arm {}", plan.point)).await;
        }
        let patience = tokio::time::Instant::now() + Duration::from_secs(6);
        let mut nudged = tokio::time::Instant::now();
        let mut hit = false;
        while !hit && tokio::time::Instant::now() < patience {
            if tokio::time::Instant::now() >= nudged {
                let free = self.free();
                if let Some(slot) = free.get(random.usize(..free.len().max(1))) {
                    self.slots[*slot].kid.tell("refresh").await;
                }
                nudged += Duration::from_millis(400);
            }
            hit = self.attend(Some(plan)).await;
            if !hit {
                self.tick().await;
            }
        }
        *self.wanted.lock().unwrap() = false;
        self.tell_free("disarm").await;
        hit
    }

    async fn tell_free(&mut self, line: &str) {
        for slot in self.free() {
            self.slots[slot].kid.tell(line).await;
        }
    }

    /// Sees to all who wait. The first of them that comes to the point of the plan has its fault.
    async fn attend(&mut self, plan: Option<Plan>) -> bool {
        let mut hit = false;
        while let Ok(arrival) = self.arrivals.try_recv() {
            hit |= self.arrived(arrival, plan.filter(|_| !hit)).await;
        }
        hit
    }

    /// A process waits at a point: its fault happens, or it goes on.
    async fn arrived(&mut self, arrival: Arrival, plan: Option<Plan>) -> bool {
        let Arrival { number, point, release } = arrival;
        let found = self.slots.iter().position(|slot| slot.kid.number == number);
        let Some(slot) = found else { return false };
        let plan = plan.filter(|plan| plan.point == point && self.slots[slot].busy.is_none());
        if let Some(plan) = plan {
            self.befall(slot, plan.kind).await;
        }
        match release {
            Some(release) => drop(release.send(())),
            None => self.slots[slot].kid.tell("go").await,
        }
        if plan.is_some_and(|plan| plan.kind == Kind::Killed) {
            self.replace(slot);
        }
        plan.is_some()
    }

    async fn befall(&mut self, slot: usize, kind: Kind) {
        let log = self.log.clone();
        let at = &mut self.slots[slot];
        log.fault(at.kid.number, kind);
        match kind {
            Kind::Killed => at.kid.kill().await,
            Kind::StoppedShortly | Kind::StoppedLong => at.kid.stop().await,
            Kind::ClockAhead => at.faketime.as_ref().unwrap().set(STEP),
            Kind::ClockBehind => at.faketime.as_ref().unwrap().set(-STEP),
            Kind::ServerSilent | Kind::ServerCut | Kind::ServerSlow => at.server.set(Mode::of(kind)),
            Kind::StoreSilent | Kind::StoreCut | Kind::StoreSlow => {
                at.store.as_ref().unwrap().set(Mode::of(kind));
            }
        }
        let lasts = match kind {
            Kind::StoppedShortly => SHORT,
            Kind::StoppedLong => LONG,
            _ => FAULT,
        };
        (at.busy, at.fault) = (Some(tokio::time::Instant::now() + lasts), Some(kind));
    }

    /// Another process in the place of one that was killed.
    fn replace(&mut self, slot: usize) {
        let at = &self.slots[slot];
        let kid = self.bear(slot, &at.server, at.store.as_ref(), &at.watched, at.faketime.as_ref());
        let at = &mut self.slots[slot];
        (at.kid, at.busy, at.fault) = (kid, None, None);
    }

    /// A moment passes: faults end, and whoever waits for nothing goes on. Where a session is lost, somebody logs in.
    pub(crate) async fn tick(&mut self) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let now = tokio::time::Instant::now();
        for at in &mut self.slots {
            if at.busy.is_none_or(|until| now < until) {
                continue;
            }
            match at.fault.take() {
                Some(Kind::StoppedShortly | Kind::StoppedLong) => at.kid.resume(),
                Some(Kind::ClockAhead | Kind::ClockBehind) => at.faketime.as_ref().unwrap().set(0),
                _ => {
                    at.server.set(Mode::Pass);
                    if let Some(store) = &at.store {
                        store.set(Mode::Pass);
                    }
                }
            }
            at.busy = None;
            self.log.over(at.kid.number);
        }
        self.log_in_if_lost().await;
    }

    /// As somebody at a terminal would, who does not keep others waiting.
    async fn log_in_if_lost(&mut self) {
        if let Some((since, login)) = self.logging_in.take_if(|(_, login)| login.is_finished()) {
            login.await.unwrap();
            self.without.push((since, self.log.now()));
        }
        if self.logging_in.is_some() {
            return;
        }
        let stored = self.direct.read(&self.key).await;
        let lost = stored.is_ok_and(|stored| stored.is_none_or(|stored| stored.record.tokens().is_none()));
        if lost {
            let end = self.server.ledger().sessions().into_iter().rev().find_map(|session| session.end);
            let since = end.map_or_else(|| self.log.now(), |end| self.log.since(end.entry.at));
            self.log_in(since);
        }
    }

    fn log_in(&mut self, since: Duration) {
        let driver = self.driver.clone();
        self.logins += 1;
        self.logging_in = Some((since, tokio::spawn(async move { drop(driver.login().await.unwrap()) })));
    }

    /// Nothing new happens until there have been so many refreshes.
    pub(crate) async fn calm(&mut self, refreshes: u64) {
        let all = |server: &DevServer| -> u64 {
            server.ledger().sessions().iter().map(|session| session.refreshes).sum()
        };
        let (until, patience) = (all(&self.server) + refreshes, self.log.now() + Duration::from_secs(6));
        while all(&self.server) < until && self.log.now() < patience {
            self.attend(None).await;
            self.tick().await;
        }
    }

    /// Waits until no process has a fault, and lets whoever has come to a point go on.
    pub(crate) async fn rest(&mut self) {
        while self.free().len() < self.slots.len() || self.logging_in.is_some() {
            self.attend(None).await;
            self.tick().await;
        }
        self.attend(None).await;
    }

    /// Redis forgets everything. The fleet says so, presents nothing, and goes on with a new login. What is wrong is told.
    pub(crate) async fn restart_redis(&mut self) -> Vec<String> {
        self.rest().await;
        let since = self.log.now();
        let Store::Redis(redis) = &mut self.store else { return Vec::new() };
        redis.kill().await;
        redis.begin().await;
        let begun = self.log.now();
        let patience = begun + Duration::from_secs(10);
        // Who had read nothing yet cannot know.
        let knows = |number: &usize| self.log.lives()[*number].was_served(since);
        let numbers: Vec<_> = self.slots.iter().map(|slot| slot.kid.number).filter(knows).collect();
        let told = |log: &Log| {
            let lives = log.lives();
            numbers.iter().filter(|number| lives[**number].went_back.iter().any(|at| *at > since)).count()
        };
        while told(&self.log) < numbers.len() && self.log.now() < patience {
            self.tell_free("refresh").await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut wrong = Vec::new();
        let told = told(&self.log);
        if told < numbers.len() || numbers.is_empty() {
            wrong.push(format!("{told} of {} processes said that Redis went back", numbers.len()));
        }
        match self.direct.read(&self.key).await {
            Err(error) if error.kind() == edgequake_auth::StoreErrorKind::WentBack => {}
            other => wrong.push(format!("Redis forgot the login, and this was read: {other:?}")),
        }
        for entry in self.server.ledger().entries() {
            // What was on its way when Redis ended arrives rightly.
            let late = self.log.since(entry.at) > begun + crate::limits::EXCHANGE;
            if late && matches!(entry.event, edgequake_devserver::SessionEvent::Refreshed) {
                wrong.push(format!("a token was presented although Redis went back: {entry:?}"));
            }
        }
        self.log_in(since);
        wrong
    }

    /// Ends the processes. The result is what is wrong with what they leave.
    pub(crate) async fn end(mut self) -> (Log, DevServer, Vec<Span>, Vec<String>) {
        self.rest().await;
        self.tell_free("disarm").await;
        let mut wrong = Vec::new();
        for slot in std::mem::take(&mut self.slots) {
            let number = slot.kid.number;
            if tokio::time::timeout(Duration::from_secs(20), slot.kid.end()).await.is_err() {
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
