//! What all clones of a provider share, and how a flight is started, waited for and finished.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, UNIX_EPOCH};

use super::access::Access;
use super::flight::{self, Flight, FlightSender};
use super::notes::Notes;
use super::process::Process;
use super::state::{self, ByLogin, Decision, Failure, State, Ticket};
use super::watch::{Board, Counts, LostSession, SessionPhase};
use crate::authorization::Authorization;
use crate::clock::{Clock, Now};
use crate::driver::Driver;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::protocol::Limits;
use crate::store::{ServerKey, TokenStore};
use crate::transport::TokenTransport;

/// What waiters get.
pub(crate) type Outcome = Result<Authorization, CredentialsError>;

/// A pause up to this long is waited for instead of failing.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Inner {
    pub(crate) server: ServerKey,
    pub(crate) transport: Arc<dyn TokenTransport>,
    /// In memory, where the program gave none.
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) driver: Driver,
    pub(crate) limits: Limits,
    pub(crate) early: Duration,
    pub(crate) store_timeout: Duration,
    pub(crate) retain_password: bool,
    /// The program has said which account is meant, be it the empty one.
    pub(crate) named: bool,
    pub(crate) counts: Counts,
    pub(crate) board: Board,
    /// The record was last seen with an exchange that nobody knows the end of.
    pub(crate) unsettled: AtomicBool,
    /// A login is under way: its password may have arrived, whatever becomes of the flight.
    pub(crate) presenting_password: AtomicBool,
    pub(crate) process: Process,
    core: RwLock<Core>,
    notes: Mutex<Notes>,
}

/// What a provider is told once.
pub(crate) struct Settings {
    pub(crate) server: ServerKey,
    pub(crate) transport: Arc<dyn TokenTransport>,
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) driver: Driver,
    pub(crate) early: Duration,
    pub(crate) limits: Limits,
    pub(crate) store_timeout: Duration,
    pub(crate) retain_password: bool,
    pub(crate) named: bool,
}

/// The state and the flight it is waiting for, under one lock.
pub(crate) struct Core {
    pub(crate) state: State,
    flight: Option<(Ticket, Flight<Outcome>)>,
}

/// What the caller does next.
enum Step {
    Use(Authorization),
    Wait(Ticket, Flight<Outcome>),
    Pause(Duration, CredentialsError),
}

impl Inner {
    pub(crate) fn new(settings: Settings, state: State, notes: Notes) -> Self {
        Self {
            server: settings.server,
            transport: settings.transport,
            store: settings.store,
            clock: settings.clock,
            driver: settings.driver,
            limits: settings.limits,
            early: settings.early,
            store_timeout: settings.store_timeout,
            retain_password: settings.retain_password,
            named: settings.named,
            counts: Counts::default(),
            board: Board::new(),
            unsettled: AtomicBool::new(false),
            presenting_password: AtomicBool::new(false),
            process: Process::new(),
            core: RwLock::new(Core { state, flight: None }),
            notes: Mutex::new(notes),
        }
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Core> {
        let mut core = self.core.write().unwrap_or_else(PoisonError::into_inner);
        if self.process.is_new()
            && let Some((ticket, _)) = core.flight.take()
        {
            core.state.abandon(ticket);
        }
        core
    }

    /// Readers do not wait for each other.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Core> {
        self.core.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credential, if it can be used without waiting. Starts an early refresh when one is due.
    pub(crate) fn ready(self: &Arc<Self>) -> Option<Authorization> {
        let now = self.clock.now();
        if let Some(authorization) = self.read().state.fresh(now) {
            return Some(authorization.clone());
        }
        let mut core = self.write();
        core.state.usable(now)?;
        match core.state.decide(now) {
            Decision::Use(authorization) => Some(authorization),
            Decision::UseAndStart(authorization, ticket) => {
                let (sender, _) = core.open_flight(ticket);
                drop(core);
                self.spawn_renewal(ticket, sender).ok();
                Some(authorization)
            }
            _ => None,
        }
    }

    /// The credential, after whatever it takes. Dropping the future affects nobody else.
    pub(crate) async fn authorize(self: &Arc<Self>) -> Outcome {
        let (mut lost, mut paused) = (0, 0);
        loop {
            match self.step()? {
                Step::Use(authorization) => return Ok(authorization),
                Step::Pause(wait, _) if paused < 2 => {
                    paused += 1;
                    // Not by the caller's runtime, which may have no timer.
                    self.driver.spawn(tokio::time::sleep(wait))?.wait().await;
                }
                Step::Pause(_, error) => return Err(error),
                Step::Wait(ticket, flight) => match self.wait_for(ticket, &flight).await {
                    // A password that may have arrived is not sent again: the server counts wrong ones.
                    Err(error)
                        if error.kind() == Kind::Interrupted && !error.is_login_failure() && lost == 0 =>
                    {
                        lost += 1;
                    }
                    outcome => return outcome,
                },
            }
        }
    }

    /// What is left of a flight that was lost, and whether a password may have arrived with it.
    fn lost(&self) -> CredentialsError {
        let lost = state::interrupted();
        if self.presenting_password.swap(false, Ordering::AcqRel) { lost.during_login() } else { lost }
    }

    /// Waits for a flight. One that is lost is given up, and the next caller starts another.
    pub(crate) async fn wait_for(&self, ticket: Ticket, flight: &Flight<Outcome>) -> Outcome {
        match flight.wait().await {
            Some(outcome) => outcome,
            None => {
                self.write().abandon(ticket);
                Err(self.lost())
            }
        }
    }

    /// A refresh that the program asks for: the one under way, or a new one.
    pub(crate) async fn refresh_now(self: &Arc<Self>) -> Outcome {
        loop {
            let (before, ticket, flight) = {
                let mut core = self.write();
                let before = core.state.access().map(Access::generation);
                match core.state.ask(self.clock.now()) {
                    Decision::Start(ticket) => {
                        let (sender, flight) = core.open_flight(ticket);
                        drop(core);
                        self.spawn_renewal(ticket, sender)?;
                        (None, ticket, flight)
                    }
                    Decision::Join(ticket) => match &core.flight {
                        Some((_, flight)) => (before, ticket, flight.clone()),
                        None => return Err(state::interrupted()),
                    },
                    Decision::Fail(error) => return Err(error),
                    Decision::Use(_) | Decision::UseAndStart(..) | Decision::Pause(..) => {
                        return Err(state::interrupted());
                    }
                }
            };
            let outcome = self.wait_for(ticket, &flight).await;
            // An early refresh leaves the token as it is where somebody else is at it.
            let unchanged = |found: &Authorization| before == Some(found.generation());
            if !outcome.as_ref().is_ok_and(unchanged) {
                return outcome;
            }
        }
    }

    /// Waits until nothing is under way, logouts and revocations included, and nothing is unsaved. Runs on the driver.
    pub(crate) async fn settled(self: &Arc<Self>) {
        drop(self.write());
        loop {
            let flight = self.read().flight.clone();
            match flight {
                Some((ticket, flight)) => drop(self.wait_for(ticket, &flight).await),
                None => match self.save_unsaved().await {
                    Ok(()) => {
                        // A logout that was asked for may not have begun yet.
                        let logouts = self.process.logouts.are_over().await;
                        let all = self.process.revocations.are_over().await && logouts;
                        if all && self.read().flight.is_none() {
                            return;
                        }
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                },
            }
        }
    }

    fn step(self: &Arc<Self>) -> Result<Step, CredentialsError> {
        let mut core = self.write();
        match core.state.decide(self.clock.now()) {
            Decision::Use(authorization) => Ok(Step::Use(authorization)),
            Decision::Fail(error) => Err(error),
            Decision::Pause(wait, error) if wait > SHORT_PAUSE || !error.is_transient() => Err(error),
            Decision::Pause(wait, error) => Ok(Step::Pause(wait, error)),
            Decision::Join(ticket) => match &core.flight {
                Some((_, flight)) => Ok(Step::Wait(ticket, flight.clone())),
                None => Err(state::interrupted()),
            },
            Decision::UseAndStart(authorization, ticket) => {
                let (sender, _) = core.open_flight(ticket);
                drop(core);
                self.spawn_renewal(ticket, sender)?;
                Ok(Step::Use(authorization))
            }
            Decision::Start(ticket) => {
                let (sender, flight) = core.open_flight(ticket);
                drop(core);
                self.spawn_renewal(ticket, sender)?;
                Ok(Step::Wait(ticket, flight))
            }
        }
    }

    /// Starts the renewal on the driver.
    fn spawn_renewal(
        self: &Arc<Self>,
        ticket: Ticket,
        sender: FlightSender<Outcome>,
    ) -> Result<(), CredentialsError> {
        let task = FlightTask { inner: Arc::clone(self), ticket, sender: Some(sender) };
        let plan = self.write().state.plan(self.clock.now());
        // Not under the lock: a runtime that is shutting down drops the task right here.
        self.driver.spawn(async move {
            let result = task.inner.renew(plan).await;
            task.finish(|state, now, jitter| state.settle(now, ticket, result, jitter));
        })?;
        Ok(())
    }

    /// Waits until no flight is under way, then begins one. `begin` succeeds, or names the flight that is under way.
    pub(crate) async fn begin_when_idle<T>(
        self: &Arc<Self>,
        mut begin: impl FnMut(&mut State) -> Result<(Ticket, T), Ticket>,
    ) -> (FlightTask, Flight<Outcome>, T) {
        loop {
            let (busy, flight) = {
                let mut core = self.write();
                match begin(&mut core.state) {
                    Ok((ticket, found)) => {
                        let (sender, flight) = core.open_flight(ticket);
                        return (
                            FlightTask { inner: Arc::clone(self), ticket, sender: Some(sender) },
                            flight,
                            found,
                        );
                    }
                    Err(busy) => (busy, core.flight.as_ref().map(|(_, flight)| flight.clone())),
                }
            };
            match flight {
                Some(flight) => drop(self.wait_for(busy, &flight).await),
                None => self.write().abandon(busy),
            }
        }
    }
}

impl Core {
    /// Opens the flight of a ticket to waiters.
    pub(crate) fn open_flight(&mut self, ticket: Ticket) -> (FlightSender<Outcome>, Flight<Outcome>) {
        let (sender, waiters) = flight::channel();
        self.flight = Some((ticket, waiters.clone()));
        (sender, waiters)
    }

    fn abandon(&mut self, ticket: Ticket) {
        self.state.abandon(ticket);
        self.flight.take_if(|(held, _)| *held == ticket);
    }
}

/// The work of one flight. If it panics, or its runtime goes away, the waiters are told so.
pub(crate) struct FlightTask {
    pub(crate) inner: Arc<Inner>,
    pub(crate) ticket: Ticket,
    pub(crate) sender: Option<FlightSender<Outcome>>,
}

impl FlightTask {
    pub(crate) fn finish(mut self, settle: impl FnOnce(&mut State, Now, f64) -> Outcome) {
        self.complete(settle);
    }

    fn complete(&mut self, settle: impl FnOnce(&mut State, Now, f64) -> Outcome) {
        let Some(sender) = self.sender.take() else { return };
        let now = self.inner.clock.now();
        let (outcome, leaving, logged_out, is_lost) = {
            let mut core = self.inner.write();
            let leaving = core.state.is_logged_out();
            let outcome = settle(&mut core.state, now, fastrand::f64());
            core.flight.take_if(|(held, _)| *held == self.ticket);
            (outcome, leaving, core.state.is_logged_out(), core.state.is_lost(now))
        };
        // That a session is over is what a logout of one's own is for.
        let failure =
            outcome.as_ref().err().filter(|error| !(leaving && error.kind() == Kind::SessionExpired));
        let failure = failure.cloned();
        match &failure {
            Some(error) => {
                self.inner.counts.fail(error.kind());
                if is_lost || (logged_out && error.kind() == Kind::SessionExpired) {
                    let phase = if logged_out { SessionPhase::LoggedOut } else { SessionPhase::Lost };
                    let at = UNIX_EPOCH.checked_add(now.wall).unwrap_or(UNIX_EPOCH);
                    self.inner.board.lose(LostSession { phase, error: error.clone(), at });
                }
            }
            None if outcome.is_ok() => self.inner.board.found(),
            None => {}
        }
        self.inner.notes().last_failure = failure;
        self.inner.publish();
        sender.send(outcome);
    }
}

impl Drop for FlightTask {
    fn drop(&mut self) {
        let ticket = self.ticket;
        let lost = self.inner.lost();
        let by_login = if lost.is_login_failure() { ByLogin::Yes } else { ByLogin::No };
        let lost = Failure { by_login, ..Failure::of(lost) };
        self.complete(|state, now, jitter| state.settle(now, ticket, Err(lost), jitter));
    }
}
