//! A folder with one login, and the processes that share it.

use std::time::{Duration, Instant, SystemTime};

use edgequake_auth::{FileStore, Record, TokenStore as _};
use edgequake_devserver::{DevServer, LedgerEntry, SessionEvent, SessionId};

use crate::child::EXCHANGE;
use crate::dev;
use crate::kid::{Kid, Said};
use crate::point::{Kind, Plan, Point};
use crate::proof::{self, Run};
use crate::tally::Tally;

const KIDS: usize = 3;
/// Far less than an exchange may take.
const SHORT: Duration = Duration::from_millis(100);
/// More than a lease, an exchange and their margins, which are three and a half exchanges.
const LONG: Duration = EXCHANGE.saturating_mul(4);

pub(crate) struct World<'a> {
    server: &'a DevServer,
    number: usize,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    session: Option<SessionId>,
    kids: Vec<Kid>,
    born: usize,
    /// What was done about this session, oldest first.
    runs: Vec<Run>,
    tally: Tally,
}

impl<'a> World<'a> {
    pub(crate) fn new(server: &'a DevServer, number: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (runs, tally) = (Vec::new(), Tally::default());
        let mut world =
            Self { server, number, folder, runtime, session: None, kids: Vec::new(), born: 0, runs, tally };
        for _ in 0..KIDS {
            let kid = world.bear();
            world.kids.push(kid);
        }
        world.log_in();
        world
    }

    fn store(&self) -> FileStore {
        FileStore::new(self.folder.path().join("logins"))
    }

    fn bear(&mut self) -> Kid {
        self.born += 1;
        let agent = format!("world-{}-child-{}", self.number, self.born);
        Kid::start(self.server.addr(), agent, self.store().path())
    }

    /// A session for all, as somebody at a terminal would make one.
    fn log_in(&mut self) {
        let session = self.runtime.block_on(dev::log_in(self.server, &self.store()));
        self.session = Some(session);
        self.runs.clear();
        self.tally.sessions += 1;
    }

    fn read(&mut self) -> Option<Record> {
        let key = dev::key(self.server);
        let stored = self.runtime.block_on(self.store().read(&key)).unwrap();
        self.tally.reads += 1;
        stored.map(|stored| stored.record)
    }

    /// Lets an accident happen to one of the processes while the others go on, and finds out what became of the session.
    pub(crate) fn suffer(&mut self, plan: Plan) {
        let mut missed = 0;
        while !self.try_to_suffer(plan) {
            missed += 1;
            assert!(missed < 100, "nobody comes to {plan:?}");
            self.tally.missed += 1;
            self.judge();
        }
        *self.tally.accidents.entry(plan).or_default() += 1;
        self.judge();
    }

    /// `false` if the victim did not come to the point.
    fn try_to_suffer(&mut self, plan: Plan) -> bool {
        fastrand::shuffle(&mut self.kids);
        let how = if fastrand::bool() { "fresh" } else { "kept" };
        let point = plan.point.map_or_else(|| "-".to_owned(), |point| point.to_string());
        let order = match plan.kind {
            Kind::RuntimeDropped => format!("undriven dropped {point}"),
            Kind::RuntimeIdle => format!("undriven idle {point}"),
            _ => format!("ask {how} {point}"),
        };
        let asked = SystemTime::now();
        self.kids[0].tell(&order);
        // One may be at it too, another comes when the accident has happened.
        let rival = fastrand::bool();
        if rival {
            self.kids[1].tell("ask kept -");
        }
        let (mut hit, mut resumed, mut passed) = (true, None, None);
        match (plan.kind, plan.point) {
            (Kind::Killed, None) => {
                // The moment has to be any moment, so it is a matter of time and not of events.
                std::thread::sleep(Duration::from_micros(fastrand::u64(0..15_000)));
                self.kids[0].kill();
                self.look_again();
            }
            (Kind::RuntimeDropped | Kind::RuntimeIdle, _) => {
                let result = self.kids[0].done();
                hit = result != "missed";
                if hit && result != "ok" {
                    self.tally.broken.push(format!("{plan:?}: {result}"));
                }
                self.look_again();
            }
            (kind, Some(point)) => match self.kids[0].listen() {
                Said::At(at) if at == point && kind == Kind::Killed => {
                    self.kids[0].kill();
                    self.look_again();
                }
                Said::At(at) if at == point => {
                    let since = Instant::now();
                    self.kids[0].stop();
                    self.kids[0].go();
                    passed = Some(self.kids[0].passed.clone());
                    if kind == Kind::StoppedLong {
                        self.look_again();
                        std::thread::sleep(LONG.saturating_sub(since.elapsed()));
                    } else {
                        std::thread::sleep(SHORT);
                    }
                    resumed = Some(SystemTime::now());
                    self.kids[0].resume();
                    self.kids[0].done();
                    self.look_again();
                }
                Said::Done(_) => hit = false,
                said => panic!("{plan:?}: {said:?}"),
            },
            (kind, None) => panic!("{kind} at no point"),
        }
        if rival {
            self.finish(1, asked);
        }
        let victim = &self.kids[0];
        let passed = passed.unwrap_or_else(|| victim.passed.clone());
        let accident = hit.then_some(plan);
        self.runs.push(Run { agent: victim.agent.clone(), asked, accident, resumed, passed });
        if plan.kind == Kind::Killed && hit {
            self.kids[0] = self.bear();
        }
        hit
    }

    /// Somebody else needs a token, and the store is readable in any case.
    fn look_again(&mut self) {
        self.read();
        let asked = SystemTime::now();
        self.kids[2].tell("ask fresh -");
        self.finish(2, asked);
    }

    /// Waits until one that has no accident is done.
    fn finish(&mut self, kid: usize, asked: SystemTime) {
        let kid = &mut self.kids[kid];
        let result = kid.done();
        let (agent, passed) = (kid.agent.clone(), kid.passed.clone());
        let sent_in_vain = passed.contains(&Point::AfterSend) && !passed.contains(&Point::AfterAnswer);
        // A refresh that is asked for does not present a token that may be spent while the access token works.
        let spared = result.starts_with("Interrupted") && !passed.contains(&Point::BeforeSend);
        self.runs.push(Run { agent: agent.clone(), asked, accident: None, resumed: None, passed });
        if result != "ok" && !sent_in_vain && !spared && self.lost().is_none() {
            self.tally.broken.push(format!("{agent}: {result}, although the session is alive"));
        }
    }

    fn entries(&self) -> Vec<LedgerEntry> {
        self.session.map(|session| self.server.ledger().of(session)).unwrap_or_default()
    }

    /// The entry that ended the session.
    fn lost(&self) -> Option<LedgerEntry> {
        self.entries().into_iter().find(|entry| entry.event == SessionEvent::Reused)
    }

    /// Holds what the server has seen against the rules, and makes a new session where the old one is lost.
    fn judge(&mut self) {
        let entries = self.entries();
        let of = |event: &SessionEvent| entries.iter().filter(|entry| entry.event == *event).count();
        let refreshes = of(&SessionEvent::Refreshed);
        for entry in &entries {
            if matches!(entry.event, SessionEvent::RefreshRefused { .. }) {
                self.tally.broken.push(format!("a token was refused: {entry:?}"));
            }
        }
        match self.lost() {
            Some(reused) => {
                let spent = entries.iter().find(|entry| {
                    entry.event == SessionEvent::Refreshed && entry.generation == reused.generation
                });
                let proof = spent.and_then(|spent| proof::of_loss(spent, &reused, &self.runs));
                match (proof, spent) {
                    (Some(proof), Some(spent)) => {
                        let of_spender =
                            |run: &&Run| Some(&run.agent) == spent.agent.as_ref() && run.accident.is_some();
                        let plan = self.runs.iter().rev().find(of_spender).and_then(|run| run.accident);
                        *self.tally.lost.entry((plan, proof)).or_default() += 1;
                    }
                    _ => {
                        let text = format!("lost without a proof: {spent:?}, {reused:?}, {:?}", self.runs);
                        self.tally.broken.push(text);
                    }
                }
                self.tally.refreshes += refreshes;
                self.log_in();
            }
            None => {
                let record = self.read().unwrap();
                let counter = record.tokens().map(|tokens| tokens.version.counter);
                // The tokens of the login are the first.
                if counter != Some(refreshes as u64 + 1) || record.is_unsettled() {
                    let text =
                        format!("{refreshes} refreshes, and the store has {record:?} after {:?}", self.runs);
                    self.tally.broken.push(text);
                    self.log_in();
                }
            }
        }
    }

    /// The figures, once nobody is at it any more.
    pub(crate) fn end(mut self) -> Tally {
        self.kids.clear();
        self.tally.refreshes +=
            self.entries().iter().filter(|entry| entry.event == SessionEvent::Refreshed).count();
        self.tally
    }
}
