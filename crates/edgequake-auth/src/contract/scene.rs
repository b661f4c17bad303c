//! [`Scene`]: one login in a store, its server, and processes that share it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use super::server::{PASSWORD, Server};
use super::{Call, Fault, Faulty, Gate};
use crate::credentials::{AuthContext, Credentials as _};
use crate::error::CredentialsError;
use crate::jwt::{Jwt, JwtBuilder};
use crate::store::{
    Intent, Lease, LoginKey, RandomId, Record, ServerKey, StoreErrorKind, StoredTokens, Swap, TokenStore,
};

/// Long enough for a machine that is busy, and short enough for a lease to be waited for.
const EXCHANGE: Duration = Duration::from_secs(1);
const MARGIN: Duration = Duration::from_millis(200);
/// More than saving again and again takes.
const SETTLED: Duration = Duration::from_secs(30);

#[expect(clippy::panic, reason = "a test suite ends by panics")]
pub(super) fn fail(what: &str) -> ! {
    panic!("{what}")
}

/// What has to be there.
pub(super) fn must<T, E: std::fmt::Debug>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| fail(&format!("{what}: {error:?}")))
}

/// Waits for both.
pub(super) async fn both<A, B>(one: impl Future<Output = A>, two: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut two) = (pin!(one), pin!(two));
    let (mut first, mut second) = (None, None);
    poll_fn(move |cx| {
        if first.is_none()
            && let Poll::Ready(value) = one.as_mut().poll(cx)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = two.as_mut().poll(cx)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(one), Some(two)) => Poll::Ready((one, two)),
            unfinished => {
                (first, second) = unfinished;
                Poll::Pending
            }
        }
    })
    .await
}

/// A login of its own, whose access token has expired.
pub(super) struct Scene<'a, F> {
    open: &'a F,
    key: LoginKey,
    pub(super) server: Server,
}

impl<'a, S: TokenStore, F: Fn() -> S> Scene<'a, F> {
    pub(super) async fn new(open: &'a F) -> Self {
        Self::with(open, |_| {}).await
    }

    /// `change` is what happened to the record before.
    pub(super) async fn with(open: &'a F, change: impl FnOnce(&mut Record)) -> Self {
        let origin = must(format!("https://{}.invalid", RandomId::random()).parse(), "an origin");
        let key = ServerKey::new(origin, "/prefix").account("mona@corp.test");
        let server = Server::default();
        let refresh = server.open();
        let tokens = StoredTokens::new(Some("a0-0".into()), Some(refresh.into()));
        let mut record = Record::new(tokens.expires_at(Some(SystemTime::UNIX_EPOCH)), SystemTime::UNIX_EPOCH);
        change(&mut record);
        let swap = must(open().compare_and_set(&key, None, &record).await, "nobody else writes");
        assert!(matches!(swap, Swap::Done(_)), "nothing was there");
        Self { open, key, server }
    }

    /// A process that shares the login, and its store.
    pub(super) fn process(&self) -> (Jwt, Faulty<S>) {
        self.start(|builder| builder)
    }

    /// One with the password.
    pub(super) fn process_with_password(&self) -> (Jwt, Faulty<S>) {
        self.start(|builder| builder.login(self.key.account(), PASSWORD))
    }

    fn start(&self, complete: impl FnOnce(JwtBuilder) -> JwtBuilder) -> (Jwt, Faulty<S>) {
        let store = Faulty::new((self.open)());
        let builder = Jwt::builder(self.key.server().origin().clone(), self.server.clone())
            .path_prefix(self.key.server().prefix())
            .account(self.key.account())
            .timeout(EXCHANGE)
            .lease_margin(MARGIN)
            .store(store.clone());
        (must(complete(builder).build(), "a provider"), store)
    }

    /// What is stored.
    pub(super) async fn record(&self) -> Record {
        let stored = must((self.open)().read(&self.key).await, "the store can be read");
        stored.unwrap_or_else(|| fail("the login is there")).record
    }

    /// Whether these are the tokens of a process that starts now, without anything being sent.
    pub(super) async fn assert_stored(&self, access: &str) {
        let before = self.server.presented().len();
        assert_eq!(
            must(token(&self.process().0).await, "the login works"),
            access,
            "the successor is stored"
        );
        assert_eq!(self.server.presented().len(), before, "what is stored is used as it is");
    }

    /// No refresh token was presented twice, and only these were at all.
    pub(super) fn assert_presented(&self, tokens: &[&str]) {
        assert_eq!(self.server.presented(), tokens, "each refresh token is presented once");
    }
}

/// The access token that a call gets.
pub(super) async fn token(jwt: &Jwt) -> Result<String, CredentialsError> {
    let authorization = jwt.authorize(&AuthContext::new(jwt.origin().clone())).await?;
    let header = authorization.header().and_then(|(_, value)| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    Ok(token.unwrap_or_else(|| fail("a bearer token")).to_owned())
}

/// Waits until nothing is left to do.
pub(super) async fn settle(jwt: &Jwt) {
    assert!(jwt.settle(SETTLED).await, "new tokens are stored");
    assert!(!jwt.watch().status().unsaved, "new tokens are stored");
}

/// Orders a pause, starts `work`, and gives it once it stands there.
pub(super) async fn until_stopped<'a, S: TokenStore, T>(
    store: &Faulty<S>,
    call: Call,
    fault: impl FnOnce(Gate) -> Fault,
    work: impl Future<Output = T> + 'a,
) -> (Gate, std::pin::Pin<Box<dyn Future<Output = T> + 'a>>) {
    let gate = Gate::new();
    store.plan(call, fault(gate.clone()));
    let mut work: std::pin::Pin<Box<dyn Future<Output = T> + 'a>> = Box::pin(work);
    let mut reached = Box::pin(gate.reached());
    poll_fn(|cx| {
        if work.as_mut().poll(cx).is_ready() {
            fail(&format!("it ends without a {call:?}"));
        }
        reached.as_mut().poll(cx)
    })
    .await;
    drop(reached);
    (gate, work)
}

/// A store error that passes.
pub(super) const FAILS: Fault = Fault::Fails(StoreErrorKind::Unavailable);
/// A write that happens all the same.
pub(super) const LOST: Fault = Fault::LosesAnswer(StoreErrorKind::Busy);

/// What a process leaves that vanished after its intent, with a lease that is soon over.
pub(super) fn vanished(record: &mut Record) {
    let holder = RandomId::random();
    let soon = Duration::from_millis(50);
    record.fence = 7;
    record.lease =
        Some(Lease { holder, renewals: 2, length: soon, exchange: soon, margin: soon, since: None });
    let tokens = record.tokens().map(|tokens| tokens.version);
    record.intent = tokens.map(|tokens| Intent { tokens, holder, since: record.started, inherited: false });
}
