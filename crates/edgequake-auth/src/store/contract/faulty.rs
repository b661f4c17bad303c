//! [`Faulty`]: a store that fails, loses answers, pauses and dies to order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::boxed::BoxFuture;
use crate::store::{
    LoginKey, Record, Revision, ServerKey, Status, StoreError, StoreErrorKind, Stored, Swap, TokenStore,
};

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// [`latest`](TokenStore::latest).
    Latest,
    /// [`read`](TokenStore::read).
    Read,
    /// Any [`compare_and_set`](TokenStore::compare_and_set).
    Write,
    /// One that takes a lease, before a token is sent.
    Lease,
    /// One of tokens, with nothing left open: after a login, after a refresh.
    Save,
    /// One that ends a session: a logout, or a refusal.
    End,
}

impl Call {
    /// Whether writing this is such a call.
    pub(crate) fn is(self, record: &Record) -> bool {
        self == Self::Write || Some(self) == Self::of(record)
    }

    fn of(record: &Record) -> Option<Self> {
        match record.status {
            Status::Ended { .. } => Some(Self::End),
            Status::Active(_) if record.lease.is_some() => Some(Self::Lease),
            Status::Active(_) if record.intent.is_none() => Some(Self::Save),
            Status::Active(_) => None,
        }
    }
}

/// What becomes of a call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fault {
    /// It fails, and nothing has happened.
    Fails(StoreErrorKind),
    /// It happens, and fails all the same.
    LosesAnswer(StoreErrorKind),
    /// It stands still until the gate is opened, and happens then, also if its caller has given it up. Needs a Tokio runtime.
    Waits(Gate),
    /// It happens, and its answer comes once the gate is opened. Needs a Tokio runtime.
    AnswersLate(Gate),
    /// It never happens and never returns, nor does any call after it: the process has been killed.
    Dies,
    /// It happens; neither it nor any call after it returns.
    DiesAfter,
}

/// Where a call stands still: whoever ordered that sees it arrive, and lets it go.
#[derive(Debug, Clone)]
pub struct Gate {
    reached: Arc<watch::Sender<bool>>,
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// A gate that is closed.
    pub fn new() -> Self {
        Self { reached: Arc::new(watch::Sender::new(false)), open: Arc::new(watch::Sender::new(false)) }
    }

    /// Waits until a call stands here.
    pub async fn reached(&self) {
        self.reached.subscribe().wait_for(|reached| *reached).await.ok();
    }

    /// Lets it go, and all that come later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    async fn pass(&self) {
        self.reached.send_replace(true);
        self.open.subscribe().wait_for(|open| *open).await.ok();
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// A store whose calls have the faults that were planned for them. Clones are one, like the threads of a process.
///
/// ```
/// use edgequake_auth::store::contract::{Call, Fault, Faulty};
/// use edgequake_auth::{MemoryStore, Record, ServerKey, StoreErrorKind, StoredTokens, TokenStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = Faulty::new(MemoryStore::new());
/// store.plan(Call::Save, Fault::LosesAnswer(StoreErrorKind::Unavailable));
///
/// let server = ServerKey::from("https://api.example.com".parse::<edgequake_types::Origin>().unwrap());
/// let mona = server.account("mona");
/// let record = Record::new(StoredTokens::new(Some("a1".into()), None), std::time::SystemTime::now());
/// assert!(store.compare_and_set(&mona, None, &record).await.is_err());
/// // It has happened.
/// assert_eq!(store.read(&mona).await?.unwrap().record, record);
/// assert!(store.all_happened());
/// # Ok::<(), edgequake_auth::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Faulty<S> {
    store: Arc<S>,
    shared: Arc<Mutex<Shared>>,
}

impl<S> Clone for Faulty<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), shared: Arc::clone(&self.shared) }
    }
}

#[derive(Debug, Default)]
struct Shared {
    plan: Vec<(Call, Fault)>,
    dead: bool,
}

impl<S: TokenStore> Faulty<S> {
    /// A store without faults so far.
    pub fn new(store: S) -> Self {
        Self { store: Arc::new(store), shared: Arc::default() }
    }

    /// The next call of this kind that has no fault yet gets this one.
    pub fn plan(&self, call: Call, fault: Fault) {
        self.shared().plan.push((call, fault));
    }

    /// The process dies now: no call that comes from now on happens or returns.
    pub fn kill(&self) {
        self.shared().dead = true;
    }

    /// Whether each fault that was planned has happened, or has begun to.
    pub fn all_happened(&self) -> bool {
        self.shared().plan.is_empty()
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, is: impl Fn(Call) -> bool) -> Option<Fault> {
        let mut shared = self.shared();
        if shared.dead {
            return Some(Fault::Dies);
        }
        let next = shared.plan.iter().position(|(call, _)| is(*call))?;
        let (_, fault) = shared.plan.remove(next);
        shared.dead = matches!(fault, Fault::Dies | Fault::DiesAfter);
        Some(fault)
    }

    async fn run<T: Send + 'static>(
        &self,
        is: impl Fn(Call) -> bool,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        match self.fault(is) {
            None => work.await,
            Some(Fault::Fails(kind)) => Err(ordered(kind)),
            Some(Fault::LosesAnswer(kind)) => {
                work.await?;
                Err(ordered(kind))
            }
            Some(Fault::Waits(gate)) => {
                on_its_own(async move {
                    gate.pass().await;
                    work.await
                })
                .await
            }
            Some(Fault::AnswersLate(gate)) => {
                on_its_own(async move {
                    let answer = work.await;
                    gate.pass().await;
                    answer
                })
                .await
            }
            Some(Fault::Dies) => std::future::pending().await,
            Some(Fault::DiesAfter) => {
                drop(work.await);
                std::future::pending().await
            }
        }
    }
}

/// As a disk does it: what was begun goes on if nobody waits for it any more.
async fn on_its_own<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(lost) => {
            Err(StoreError::new(StoreErrorKind::Unavailable, "the call panicked, or its runtime is gone")
                .with_source(lost))
        }
    }
}

fn ordered(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, "this call was told to fail")
}

impl<S: TokenStore> TokenStore for Faulty<S> {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let (store, key) = (Arc::clone(&self.store), key.clone());
        Box::pin(self.run(|call| call == Call::Read, async move { store.read(&key).await }))
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        let (store, key, written) = (Arc::clone(&self.store), key.clone(), record.clone());
        let work = async move { store.compare_and_set(&key, expected, &written).await };
        Box::pin(self.run(|call| call.is(record), work))
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        let (store, server) = (Arc::clone(&self.store), server.clone());
        Box::pin(self.run(|call| call == Call::Latest, async move { store.latest(&server).await }))
    }

    fn poll_interval(&self) -> Duration {
        self.store.poll_interval()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{fresh_key, record};
    use crate::store::{EndReason, Intent, Lease, MemoryStore, RandomId};

    fn lease(mut record: Record) -> Record {
        let (holder, length) = (RandomId::random(), Duration::from_secs(1));
        let tokens = record.tokens().unwrap().version;
        record.intent = Some(Intent { tokens, holder, since: record.started, inherited: false });
        record.lease =
            Some(Lease { holder, renewals: 0, length, exchange: length, margin: length, since: None });
        record
    }

    #[tokio::test]
    async fn faults_meet_the_calls_they_were_planned_for_in_their_order() {
        let (inner, key) = (MemoryStore::new(), fresh_key());
        let store = Faulty::new(inner.clone());
        let (saved, leased) = (record("a"), lease(record("a")));
        let mut ended = record("a");
        ended.status = Status::ended(EndReason::Refused, ended.started);
        store.plan(Call::End, Fault::Fails(StoreErrorKind::Busy));
        store.plan(Call::Lease, Fault::LosesAnswer(StoreErrorKind::Corrupt));
        store.plan(Call::Latest, Fault::Fails(StoreErrorKind::Unavailable));
        let Swap::Done(first) = store.compare_and_set(&key, None, &saved).await.unwrap() else { panic!() };
        let error = store.compare_and_set(&key, Some(first), &leased).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
        let found = store.read(&key).await.unwrap().unwrap();
        assert_eq!(found.record, leased, "it has happened");
        let error = store.compare_and_set(&key, Some(found.revision), &ended).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy);
        assert_eq!(inner.read(&key).await.unwrap().unwrap().record, leased, "nothing has happened");
        assert!(!store.all_happened());
        assert_eq!(store.latest(key.server()).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert!(store.all_happened());
    }

    #[tokio::test]
    async fn pauses_end_when_their_gate_is_opened() {
        let (inner, key) = (MemoryStore::new(), fresh_key());
        let store = Faulty::new(inner.clone());
        let saved = record("a");
        for (fault, happened) in
            [(Fault::Waits as fn(Gate) -> Fault, false), (Fault::AnswersLate as fn(Gate) -> Fault, true)]
        {
            let gate = Gate::new();
            store.plan(Call::Write, fault(gate.clone()));
            let expected = inner.read(&key).await.unwrap().map(|found| found.revision);
            let next = record(if happened { "c" } else { "b" });
            let write = store.compare_and_set(&key, expected, &next);
            let watch = async {
                gate.reached().await;
                let found = inner.read(&key).await.unwrap().map(|found| found.record.write);
                assert_eq!(found == Some(next.write), happened);
                gate.open();
            };
            let (swap, ()) = tokio::join!(write, watch);
            assert!(matches!(swap.unwrap(), Swap::Done(_)));
        }
        assert_ne!(inner.read(&key).await.unwrap().unwrap().record.write, saved.write);
    }

    #[tokio::test]
    async fn a_call_that_was_begun_happens_also_if_it_is_dropped() {
        let (inner, key) = (MemoryStore::new(), fresh_key());
        let store = Faulty::new(inner.clone());
        let (gate, saved) = (Gate::new(), record("a"));
        store.plan(Call::Save, Fault::Waits(gate.clone()));
        tokio::select! {
            swap = store.compare_and_set(&key, None, &saved) => panic!("{swap:?}"),
            () = gate.reached() => {}
        }
        assert!(inner.read(&key).await.unwrap().is_none());
        gate.open();
        while inner.read(&key).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(inner.read(&key).await.unwrap().unwrap().record, saved);
    }

    #[tokio::test(start_paused = true)]
    async fn the_dead_say_nothing() {
        for (fault, happened) in [(Some(Fault::Dies), false), (Some(Fault::DiesAfter), true), (None, false)] {
            let (inner, key) = (MemoryStore::new(), fresh_key());
            let store = Faulty::new(inner.clone());
            match fault {
                Some(fault) => store.plan(Call::Save, fault),
                None => store.kill(),
            }
            let saved = record("a");
            let limit = Duration::from_secs(3600);
            tokio::time::timeout(limit, store.compare_and_set(&key, None, &saved)).await.unwrap_err();
            tokio::time::timeout(limit, store.read(&key)).await.unwrap_err();
            assert_eq!(inner.read(&key).await.unwrap().is_some(), happened);
        }
    }
}
