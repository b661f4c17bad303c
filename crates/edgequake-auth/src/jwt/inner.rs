//! What all clones of a provider share, and how a flight is started, waited for and finished.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use edgequake_types::Origin;

use super::clock::Clock;
use super::flight::{self, Flight, FlightSender};
use super::notes::{Login, Notes};
use super::state::{self, Decision, Failure, Renewed, State, Ticket};
use crate::authorization::Authorization;
use crate::blocking;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::store::DynStore;
use crate::transport::TokenTransport;

/// What waiters get.
pub(crate) type Outcome = Result<Authorization, CredentialsError>;

/// A pause up to this long is waited for instead of failing.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Inner {
    pub(crate) origin: Origin,
    pub(crate) transport: Arc<dyn TokenTransport>,
    pub(crate) store: Option<Arc<dyn DynStore>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) early: Duration,
    pub(crate) timeout: Duration,
    pub(crate) store_timeout: Duration,
    pub(crate) retain_password: bool,
    pub(crate) refreshes: AtomicU64,
    pub(crate) logins: AtomicU64,
    pub(crate) store_errors: AtomicU64,
    core: RwLock<Core>,
    notes: Mutex<Notes>,
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
    #[expect(clippy::too_many_arguments, reason = "the builder's fields, called from one place")]
    pub(crate) fn new(
        origin: Origin,
        transport: Arc<dyn TokenTransport>,
        store: Option<Arc<dyn DynStore>>,
        clock: Arc<dyn Clock>,
        (early, timeout, store_timeout): (Duration, Duration, Duration),
        retain_password: bool,
        state: State,
        notes: Notes,
    ) -> Self {
        Self {
            origin,
            transport,
            store,
            clock,
            early,
            timeout,
            store_timeout,
            retain_password,
            refreshes: AtomicU64::new(0),
            logins: AtomicU64::new(0),
            store_errors: AtomicU64::new(0),
            core: RwLock::new(Core { state, flight: None }),
            notes: Mutex::new(notes),
        }
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Core> {
        self.core.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Readers do not wait for each other.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Core> {
        self.core.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the lock of a store is waited for: as long as another process may need for its refresh.
    pub(crate) fn lock_limit(&self) -> Duration {
        self.timeout.saturating_add(self.store_timeout)
    }

    /// Longer than any flight takes that still makes progress: lock, load, two refreshes, login, save.
    fn give_up_after(&self) -> Duration {
        let exchanges = self.timeout.saturating_mul(3);
        let store = self.store_timeout.saturating_mul(5);
        self.lock_limit()
            .saturating_add(exchanges)
            .saturating_add(store)
            .saturating_add(Duration::from_secs(5))
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
                    tokio::time::sleep(wait).await;
                }
                Step::Pause(_, error) => return Err(error),
                Step::Wait(ticket, flight) => match self.wait_for(ticket, &flight).await {
                    Err(error) if error.kind() == Kind::Interrupted && lost == 0 => lost += 1,
                    outcome => return outcome,
                },
            }
        }
    }

    /// Waits for a flight. One that is lost, or that nobody drives, is given up, and the next caller starts another on
    /// the runtime that caller is on.
    pub(crate) async fn wait_for(&self, ticket: Ticket, flight: &Flight<Outcome>) -> Outcome {
        match tokio::time::timeout(self.give_up_after(), flight.wait()).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) | Err(_) => {
                self.write().abandon(ticket);
                Err(state::interrupted())
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

    /// Spawns the renewal on the caller's runtime.
    fn spawn_renewal(
        self: &Arc<Self>,
        ticket: Ticket,
        sender: FlightSender<Outcome>,
    ) -> Result<(), CredentialsError> {
        let task = FlightTask { inner: Arc::clone(self), ticket, sender: Some(sender) };
        let runtime = blocking::runtime()?;
        let plan = self.write().state.plan(self.clock.now());
        // Not under the lock: a runtime that is shutting down drops the task right here.
        runtime.spawn(async move {
            let result = task.inner.renew(plan, ticket).await;
            task.finish(|state, now, jitter| state.settle(now, ticket, result, jitter));
        });
        Ok(())
    }

    /// Spawns a login that was asked for, once no other flight is under way.
    pub(crate) async fn login_now(self: &Arc<Self>, other: Option<Login>) -> Outcome {
        let runtime = blocking::runtime()?;
        let (task, flight, ()) =
            self.begin_when_idle(|state| state.begin_login().map(|ticket| (ticket, ()))).await;
        let ticket = task.ticket;
        runtime.spawn(async move {
            let held = other.is_none();
            // Best kept apart from a refresh of another process, whose save would undo this one's.
            let _lock = task.inner.lock_store().await.ok();
            let result = task.inner.login(other, ticket).await;
            task.finish(|state, now, jitter| state.settle_login(now, ticket, result, held, jitter));
        });
        self.wait_for(ticket, &flight).await
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
    pub(crate) fn finish(mut self, settle: impl FnOnce(&mut State, super::clock::Now, f64) -> Outcome) {
        self.complete(settle);
    }

    fn complete(&mut self, settle: impl FnOnce(&mut State, super::clock::Now, f64) -> Outcome) {
        let Some(sender) = self.sender.take() else { return };
        let now = self.inner.clock.now();
        let outcome = {
            let mut core = self.inner.write();
            let outcome = settle(&mut core.state, now, fastrand::f64());
            core.flight.take_if(|(held, _)| *held == self.ticket);
            outcome
        };
        if let Err(error) = &outcome {
            tracing::debug!(kind = ?error.kind(), origin = %self.inner.origin, "no new access token");
        }
        sender.send(outcome);
    }
}

impl Drop for FlightTask {
    fn drop(&mut self) {
        let ticket = self.ticket;
        let lost = Failure { error: state::interrupted(), refused_tokens: Vec::new(), by_login: false };
        self.complete(|state, now, jitter| state.settle(now, ticket, Err::<Renewed, _>(lost), jitter));
    }
}
