//! What all clones of a provider share, and how a flight is started, waited for and brought home.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use edgequake_types::Origin;

use super::clock::Clock;
use super::flight::{Flight, Pilot, flight};
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

/// What a caller does next.
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

    pub(crate) fn core(&self) -> RwLockWriteGuard<'_, Core> {
        self.core.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// For looking only: those who look do not wait for each other.
    pub(crate) fn glance(&self) -> RwLockReadGuard<'_, Core> {
        self.core.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the lock of a store is waited for: as long as another process may need for its refresh.
    pub(crate) fn lock_limit(&self) -> Duration {
        self.timeout.saturating_add(self.store_timeout)
    }

    /// Longer than any flight takes that is still being driven: lock, load, two refreshes, login, save.
    fn patience(&self) -> Duration {
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
        if let Some(authorization) = self.glance().state.fresh(now) {
            return Some(authorization.clone());
        }
        let mut core = self.core();
        core.state.usable(now)?;
        match core.state.decide(now) {
            Decision::Use(authorization) => Some(authorization),
            Decision::UseAndStart(authorization, ticket) => {
                let (pilot, _) = core.board(ticket);
                drop(core);
                self.depart(ticket, pilot).ok();
                Some(authorization)
            }
            _ => None,
        }
    }

    /// The credential, after whatever it takes. Leaving at any await changes nothing for anybody else.
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
                Step::Wait(ticket, flight) => match self.arrival(ticket, &flight).await {
                    Err(error) if error.kind() == Kind::Interrupted && lost == 0 => lost += 1,
                    outcome => return outcome,
                },
            }
        }
    }

    /// Waits for a flight. One that is lost, or that nobody drives, is given up, and the next caller starts another on
    /// the runtime that caller is on.
    pub(crate) async fn arrival(&self, ticket: Ticket, flight: &Flight<Outcome>) -> Outcome {
        match tokio::time::timeout(self.patience(), flight.wait()).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) | Err(_) => {
                self.core().abandon(ticket);
                Err(state::interrupted())
            }
        }
    }

    fn step(self: &Arc<Self>) -> Result<Step, CredentialsError> {
        let mut core = self.core();
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
                let (pilot, _) = core.board(ticket);
                drop(core);
                self.depart(ticket, pilot)?;
                Ok(Step::Use(authorization))
            }
            Decision::Start(ticket) => {
                let (pilot, flight) = core.board(ticket);
                drop(core);
                self.depart(ticket, pilot)?;
                Ok(Step::Wait(ticket, flight))
            }
        }
    }

    /// Sends a refresh on its way, as a task of the runtime that the caller is on now.
    fn depart(self: &Arc<Self>, ticket: Ticket, pilot: Pilot<Outcome>) -> Result<(), CredentialsError> {
        let crew = Crew { inner: Arc::clone(self), ticket, pilot: Some(pilot) };
        let runtime = blocking::runtime()?;
        let plan = self.core().state.plan(self.clock.now());
        // Not under the lock: a runtime that is shutting down drops the task, and with it the crew, right here.
        runtime.spawn(async move {
            let result = crew.inner.renew(plan, ticket).await;
            crew.home(|state, now, jitter| state.settle(now, ticket, result, jitter));
        });
        Ok(())
    }

    /// Sends a login on its way that was asked for. Waits for its turn first.
    pub(crate) async fn login_now(self: &Arc<Self>, other: Option<Login>) -> Outcome {
        let runtime = blocking::runtime()?;
        let (crew, flight, ()) = self.turn(|state| state.begin_login().map(|ticket| (ticket, ()))).await;
        let ticket = crew.ticket;
        runtime.spawn(async move {
            let held = other.is_none();
            // Best kept apart from a refresh of another process, whose save would undo this one's.
            let _lock = crew.inner.lock_store().await.ok();
            let result = crew.inner.login(other, ticket).await;
            crew.home(|state, now, jitter| state.settle_login(now, ticket, result, held, jitter));
        });
        self.arrival(ticket, &flight).await
    }

    /// Waits until no flight is under way, and takes the place. `begin` says so, or names the flight that holds it.
    pub(crate) async fn turn<T>(
        self: &Arc<Self>,
        mut begin: impl FnMut(&mut State) -> Result<(Ticket, T), Ticket>,
    ) -> (Crew, Flight<Outcome>, T) {
        loop {
            let (busy, flight) = {
                let mut core = self.core();
                match begin(&mut core.state) {
                    Ok((ticket, found)) => {
                        let (pilot, flight) = core.board(ticket);
                        return (Crew { inner: Arc::clone(self), ticket, pilot: Some(pilot) }, flight, found);
                    }
                    Err(busy) => (busy, core.flight.as_ref().map(|(_, flight)| flight.clone())),
                }
            };
            match flight {
                Some(flight) => drop(self.arrival(busy, &flight).await),
                None => self.core().abandon(busy),
            }
        }
    }
}

impl Core {
    /// Opens the flight of a ticket to waiters.
    pub(crate) fn board(&mut self, ticket: Ticket) -> (Pilot<Outcome>, Flight<Outcome>) {
        let (pilot, waiters) = flight();
        self.flight = Some((ticket, waiters.clone()));
        (pilot, waiters)
    }

    fn abandon(&mut self, ticket: Ticket) {
        self.state.abandon(ticket);
        self.flight.take_if(|(held, _)| *held == ticket);
    }
}

/// Brings a flight home under all circumstances: if the task panics, or its runtime goes away, the waiters hear of it.
pub(crate) struct Crew {
    pub(crate) inner: Arc<Inner>,
    pub(crate) ticket: Ticket,
    pub(crate) pilot: Option<Pilot<Outcome>>,
}

impl Crew {
    pub(crate) fn home(mut self, settle: impl FnOnce(&mut State, super::clock::Now, f64) -> Outcome) {
        self.land(settle);
    }

    fn land(&mut self, settle: impl FnOnce(&mut State, super::clock::Now, f64) -> Outcome) {
        let Some(pilot) = self.pilot.take() else { return };
        let now = self.inner.clock.now();
        let outcome = {
            let mut core = self.inner.core();
            let outcome = settle(&mut core.state, now, fastrand::f64());
            core.flight.take_if(|(held, _)| *held == self.ticket);
            outcome
        };
        if let Err(error) = &outcome {
            tracing::debug!(kind = ?error.kind(), origin = %self.inner.origin, "no new access token");
        }
        pilot.land(outcome);
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let ticket = self.ticket;
        let lost = Failure { error: state::interrupted(), dead: Vec::new(), by_login: false };
        self.land(|state, now, jitter| state.settle(now, ticket, Err::<Renewed, _>(lost), jitter));
    }
}
