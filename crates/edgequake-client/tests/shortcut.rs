//! A client without layers of its own takes a shorter way through the stack. Whatever happens, it does what one with layers does.
//!
//! A program of its own: its retries are logged nowhere, which would be remembered for the tests that read logs.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{AuthContext, Authorization, Credentials, CredentialsError, Generation, Recourse};
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::fault::Fault;
use edgequake_client::layers::auth::Rejected;
use edgequake_client::layers::retry::{Attempts, RetryHint};
use edgequake_client::layers::unauthorized::{RenewalPaused, Replayed};
use edgequake_client::policy::Policy;
use edgequake_client::types::{Auth, Retry};
use edgequake_client::{BoxError, Client};
use futures_util::stream;
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use proptest::prelude::*;
use tokio::time::{Instant, Sleep, sleep};
use tower::Service;
use tower::layer::util::Identity;

/// What becomes of an attempt, after some milliseconds.
#[derive(Debug, Clone)]
enum Step {
    Answer { status: u16, body: &'static str, retry_after: Option<u8>, stalls: bool },
    Fails(Option<Fault>),
    Silence,
}

#[derive(Debug, Clone)]
struct Scenario {
    steps: Vec<(u64, Step)>,
    /// How often a refused credential has a successor, and whether one is at hand at first.
    renewals: usize,
    at_hand: bool,
    auth: Auth,
    retry: Retry,
    body: Option<bool>,
    timeout: Option<u64>,
    attempt_timeout: Option<u64>,
    /// How long the transport is not ready.
    busy: u64,
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let status =
        prop::sample::select(vec![200_u16, 204, 401, 401, 403, 404, 408, 429, 500, 502, 503, 503, 504]);
    let body = prop::sample::select(vec![
        "",
        "text",
        r#"{"code":"UNAVAILABLE","message":"m","retryable":true}"#,
        r#"{"error":"rate_limit_exceeded","retry_after_seconds":1}"#,
    ]);
    let answer = (status, body, prop::option::of(0_u8..4), prop::bool::weighted(0.1))
        .prop_map(|(status, body, retry_after, stalls)| Step::Answer { status, body, retry_after, stalls });
    let fault = prop::sample::select(vec![
        None,
        Some(Fault::Connect),
        Some(Fault::NotSent),
        Some(Fault::Interrupted),
        Some(Fault::Certificate),
    ]);
    let step = prop_oneof![6 => answer, 2 => fault.prop_map(Step::Fails), 1 => Just(Step::Silence)];
    (prop::sample::select(vec![0_u64, 0, 300, 1000, 2000]), step)
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let limit = || prop::option::of(prop::sample::select(vec![1000_u64, 2500, 60_000]));
    let asked = (
        prop::sample::select(vec![Auth::Required, Auth::Optional, Auth::Public]),
        prop::sample::select(vec![Retry::Safe, Retry::Refused, Retry::Never]),
        prop::option::of(any::<bool>()),
    );
    let limits = (limit(), limit(), prop::sample::select(vec![0_u64, 0, 0, 200]));
    (prop::collection::vec(step(), 1..5), 0_usize..3, prop::bool::weighted(0.8), asked, limits).prop_map(
        |(steps, renewals, at_hand, (auth, retry, body), (timeout, attempt_timeout, busy))| Scenario {
            steps,
            renewals,
            at_hand,
            auth,
            retry,
            body,
            timeout,
            attempt_timeout,
            busy,
        },
    )
}

#[derive(Debug)]
struct Keys {
    at_hand: bool,
    can_renew: bool,
    left: AtomicUsize,
    current: Mutex<(Authorization, usize)>,
}

impl Keys {
    fn new(scenario: &Scenario) -> Self {
        Self {
            at_hand: scenario.at_hand,
            can_renew: scenario.renewals > 0,
            left: AtomicUsize::new(scenario.renewals),
            current: Mutex::new((key(0), 0)),
        }
    }
}

fn key(number: usize) -> Authorization {
    Authorization::new(AUTHORIZATION, &format!("Bearer k{number}"), Generation::next()).unwrap()
}

impl Credentials for Keys {
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        self.at_hand.then(|| self.current.lock().unwrap().0.clone())
    }

    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        sleep(Duration::from_millis(100)).await;
        Ok(self.current.lock().unwrap().0.clone())
    }

    fn rejected(&self, used: Generation) -> Recourse {
        let mut current = self.current.lock().unwrap();
        if current.0.generation() != used {
            return Recourse::Retry;
        }
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
            return Recourse::After(Duration::from_secs(7));
        }
        *current = (key(current.1 + 1), current.1 + 1);
        Recourse::Retry
    }

    fn can_renew(&self) -> bool {
        self.can_renew
    }
}

/// A transport that follows the scenario, and notes what it was given and when.
struct Scripted {
    shared: Arc<Shared>,
    pause: Option<Pin<Box<Sleep>>>,
}

struct Shared {
    scenario: Scenario,
    began: Instant,
    taken: AtomicUsize,
    told: Mutex<Vec<String>>,
}

impl Clone for Scripted {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), pause: None }
    }
}

impl Service<Request<RequestBody>> for Scripted {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let busy = self.shared.scenario.busy;
        if busy > 0 {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(busy))));
            ready!(pause.as_mut().poll(cx));
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        self.pause = None;
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.answer(request).await })
    }
}

impl Shared {
    async fn answer(&self, request: Request<RequestBody>) -> Result<Response<ResponseBody>, BoxError> {
        let at = self.began.elapsed().as_millis();
        let mut headers: Vec<_> = request.headers().iter().map(|header| format!("{header:?}")).collect();
        headers.sort();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let key = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        let body = request.into_body().collect().await?.to_bytes();
        self.told.lock().unwrap().push(format!("{at} {method} {uri} {headers:?} {key:?} {body:?}"));
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let last = (0, Step::Answer { status: 200, body: "ok", retry_after: None, stalls: false });
        let (wait, step) = self.scenario.steps.get(number).cloned().unwrap_or(last);
        sleep(Duration::from_millis(wait)).await;
        match step {
            Step::Answer { status, body, retry_after, stalls } => {
                let first = stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from(body)))]);
                let body = if stalls {
                    use futures_util::StreamExt;
                    ResponseBody::new(StreamBody::new(first.chain(stream::pending())))
                } else {
                    ResponseBody::new(Full::from(body))
                };
                let mut answer = Response::builder().status(status);
                if let Some(seconds) = retry_after {
                    answer = answer.header(RETRY_AFTER, u64::from(seconds));
                }
                Ok(answer.body(body)?)
            }
            Step::Fails(Some(fault)) => Err(fault.mark("on purpose").into()),
            Step::Fails(None) => Err("on purpose".into()),
            Step::Silence => std::future::pending().await,
        }
    }
}

/// Plays a scenario; what the transport saw, and what the caller.
async fn play(scenario: &Scenario, layered: bool) -> Vec<String> {
    // The jitter of the waits.
    fastrand::seed(7);
    let began = Instant::now();
    let shared = Arc::new(Shared {
        scenario: scenario.clone(),
        began,
        taken: AtomicUsize::new(0),
        told: Mutex::default(),
    });
    let limit = |limit: Option<u64>| limit.map(Duration::from_millis);
    let mut builder = Client::builder()
        .base_url("http://localhost:8080")
        .credentials(Keys::new(scenario))
        .timeout(limit(scenario.timeout))
        .attempt_timeout(limit(scenario.attempt_timeout));
    if layered {
        builder = builder.layer(Identity::new()).attempt_layer(Identity::new());
    }
    let client = builder.build_on(Scripted { shared: Arc::clone(&shared), pause: None }).unwrap();
    let body = match scenario.body {
        None => RequestBody::empty(),
        Some(true) => RequestBody::from("again"),
        Some(false) => RequestBody::once(Full::from("once")),
    };
    let mut request = Request::post("http://localhost:8080/x").body(body).unwrap();
    request
        .extensions_mut()
        .insert(Policy::for_method(&Method::POST).auth(scenario.auth).retry(scenario.retry));
    let outcome = match client.execute(request).await {
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            let attempts = head.extensions.get::<Attempts>().map(|attempts| attempts.0);
            let told = (
                attempts,
                head.extensions.get::<Replayed>().is_some(),
                head.extensions.get::<RenewalPaused>().copied(),
                head.extensions.get::<Rejected>().is_some(),
                head.extensions.get::<RetryHint>().is_some(),
            );
            let body = match body.collect().await {
                Ok(body) => format!("{:?}", body.to_bytes()),
                Err(error) => error.to_string(),
            };
            format!("{} {:?} {told:?} {body}", head.status, head.headers)
        }
        Err(error) => format!("{error:?} {:?} {}", error.kind(), error.attempts()),
    };
    let mut told = std::mem::take(&mut *shared.told.lock().unwrap());
    told.push(format!("{} {outcome}", began.elapsed().as_millis()));
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_shorter_way_is_the_same(scenario in scenario()) {
        let run = |layered| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async {
                // A silence without a limit would last for ever.
                tokio::time::timeout(Duration::from_secs(3600), play(&scenario, layered)).await.ok()
            })
        };
        prop_assert_eq!(run(false), run(true));
    }
}
