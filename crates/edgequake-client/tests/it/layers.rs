//! Each layer alone, and the whole stack: readiness, errors, and what is passed on.
//!
//! The probe is a service that panics when it is called without having been ready, and whose clone is not ready: what the rules
//! of tower allow and careless layers break.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{
    AuthContext, Authorization, Credentials, CredentialsError, Generation, Recourse, SharedCredentials,
    StaticKey,
};
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::layers::auth::{AuthLayer, Rejected};
use edgequake_client::layers::decompression::DecompressionLayer;
use edgequake_client::layers::error_body::ErrorBodyLayer;
use edgequake_client::layers::guard::{GuardLayer, OriginViolation, TrustedOrigin};
use edgequake_client::layers::retry::{Attempts, Retried, RetryConfig, RetryLayer};
use edgequake_client::layers::scope::{ScopeHeaders, ScopeLayer};
use edgequake_client::layers::timeout::{
    AttemptTimeoutLayer, DeadlineLayer, IdleTimeoutLayer, TimedOut, TimeoutScope,
};
use edgequake_client::layers::trace::TraceLayer;
use edgequake_client::layers::unauthorized::{Replayed, UnauthorizedLayer};
use edgequake_client::policy::Policy;
use edgequake_client::types::{Auth, WorkspaceId};
use edgequake_client::{BoxError, Client};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::util::BoxCloneService;
use tower::{Layer, Service, ServiceExt};
use tower_test::mock;

/// Answers with these statuses in turn, the last one for ever; its clones are never ready at once.
struct Probe {
    ready: bool,
    polled: bool,
    calls: Arc<AtomicUsize>,
    statuses: Arc<[u16]>,
}

impl Probe {
    fn new(statuses: &[u16]) -> Self {
        Self { ready: false, polled: false, calls: Arc::default(), statuses: statuses.into() }
    }
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self {
            ready: false,
            polled: false,
            calls: Arc::clone(&self.calls),
            statuses: Arc::clone(&self.statuses),
        }
    }
}

impl Service<Request<RequestBody>> for Probe {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if !std::mem::replace(&mut self.polled, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        assert!(std::mem::replace(&mut self.ready, false), "called without having been ready");
        self.polled = false;
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut answer = Response::new(ResponseBody::from(Bytes::from_static(b"{}")));
        *answer.status_mut() = self.statuses[number.min(self.statuses.len() - 1)].try_into().unwrap();
        std::future::ready(Ok(answer))
    }
}

fn trusted() -> TrustedOrigin {
    TrustedOrigin::new("https://eq.example.com".parse().unwrap())
}

fn key() -> SharedCredentials {
    StaticKey::new("k1").unwrap().into()
}

fn request() -> Request<RequestBody> {
    Request::get("https://eq.example.com/api/v1/tasks").body(RequestBody::empty()).unwrap()
}

/// Credentials that always have another one.
#[derive(Debug, Default)]
struct Renewed {
    rejections: AtomicUsize,
    wait: bool,
}

impl Credentials for Renewed {
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        let authorization =
            Authorization::new(http::header::AUTHORIZATION, "Bearer k", Generation::next()).unwrap();
        (!self.wait).then_some(authorization)
    }

    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Authorization::new(http::header::AUTHORIZATION, "Bearer k", Generation::next())
    }

    fn rejected(&self, _: Generation) -> Recourse {
        self.rejections.fetch_add(1, Ordering::Relaxed);
        Recourse::Retry
    }
}

type Boxed = BoxCloneService<Request<RequestBody>, StatusCode, BoxError>;

/// A layer over the probe, told apart by nothing but its name.
fn over<L, R>(layer: L, probe: &Probe) -> Boxed
where
    L: Layer<Probe>,
    L::Service: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + 'static,
    <L::Service as Service<Request<RequestBody>>>::Error: Into<BoxError>,
    <L::Service as Service<Request<RequestBody>>>::Future: Send + 'static,
    R: 'static,
{
    let service = layer.layer(probe.clone());
    BoxCloneService::new(service.map_err(Into::into).map_response(|answer: Response<R>| answer.status()))
}

fn every_layer(probe: &Probe) -> Vec<(&'static str, Boxed)> {
    vec![
        ("auth, ready", over(AuthLayer::new(key(), trusted()), probe)),
        (
            "auth, waiting",
            over(AuthLayer::new(Renewed { wait: true, ..Renewed::default() }.into(), trusted()), probe),
        ),
        ("unauthorized", over(UnauthorizedLayer::new(key()), probe)),
        ("retry", over(RetryLayer::new(RetryConfig::default()), probe)),
        ("decompression", over(DecompressionLayer::new().ask(true), probe)),
        ("error body", over(ErrorBodyLayer::new(), probe)),
        ("guard", over(GuardLayer::new(trusted()), probe)),
        ("scope", over(ScopeLayer::new(ScopeHeaders::new()), probe)),
        ("deadline", over(DeadlineLayer::new(Some(Duration::from_secs(9))), probe)),
        ("attempt timeout", over(AttemptTimeoutLayer::new(Some(Duration::from_secs(9))), probe)),
        ("idle timeout", over(IdleTimeoutLayer::new(Some(Duration::from_secs(9))), probe)),
        ("operation span", over(TraceLayer::operation(), probe)),
        ("attempt span", over(TraceLayer::attempt(), probe)),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_layer_keeps_the_rule_of_readiness() {
    for status in [200, 503] {
        let probe = Probe::new(&[status]);
        for (name, service) in every_layer(&probe) {
            for _ in 0..3 {
                let answer = service.clone().oneshot(request()).await;
                assert_eq!(answer.unwrap(), status, "{name}");
            }
            // The same instance twice: what was polled ready must be what is called.
            let mut service = service;
            for _ in 0..2 {
                assert_eq!(service.ready().await.unwrap().call(request()).await.unwrap(), status, "{name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_stack_keeps_the_rule_of_readiness_through_retries_and_replays() {
    let probe = Probe::new(&[503, 401, 503, 200]);
    let calls = Arc::clone(&probe.calls);
    let client = Client::builder()
        .base_url("https://eq.example.com")
        .credentials(Renewed::default())
        .layer(tower::layer::util::Identity::new())
        .attempt_layer(tower::layer::util::Identity::new())
        .build_on(probe)
        .unwrap();
    let answer = client.request(http::Method::GET, "/x").await.unwrap();
    assert_eq!(answer.status(), 200);
    // 503, then 401 and its replay, which is 503, then 200: three attempts, the replay not counted.
    assert_eq!(answer.extensions().get(), Some(&Attempts(3)));
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn auth_puts_one_header_in_the_place_of_another() {
    let (mut mock, mut handle) = mock::spawn_layer::<Request<RequestBody>, Response<ResponseBody>, _>(
        AuthLayer::new(key(), trusted()),
    );
    handle.allow(1);
    assert!(mock.poll_ready().is_ready());
    let mut sent = request();
    sent.headers_mut().insert("authorization", "Basic old".parse().unwrap());
    let answer = mock.call(sent);
    let (served, reply) = tokio::join!(answer, async {
        let (served, reply) = handle.next_request().await.unwrap();
        let mut refused = Response::new(ResponseBody::default());
        *refused.status_mut() = StatusCode::UNAUTHORIZED;
        reply.send_response(refused);
        served
    });
    assert_eq!(reply.headers().get_all("authorization").iter().count(), 1);
    assert_eq!(reply.headers()["authorization"], "Bearer k1");
    assert!(reply.headers()["authorization"].is_sensitive());
    let rejected = served.unwrap().extensions().get::<Rejected>().copied().unwrap();
    assert!(rejected.generation.is_some());
}

#[tokio::test]
async fn auth_asks_for_nothing_where_nothing_may_be_sent() {
    #[derive(Debug)]
    struct Unasked(AtomicBool);

    impl Credentials for Unasked {
        async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
            self.0.store(true, Ordering::Relaxed);
            Ok(Authorization::anonymous())
        }
    }

    let probe = Probe::new(&[200]);
    let service = over(AuthLayer::new(Unasked(AtomicBool::new(false)).into(), trusted()), &probe);
    for uri in
        ["https://evil.example.com/", "http://eq.example.com/", "https://eq.example.com:8443/", "/relative"]
    {
        let error =
            service.clone().oneshot(Request::get(uri).body(RequestBody::empty()).unwrap()).await.unwrap_err();
        assert!(error.is::<OriginViolation>(), "{uri}: {error}");
    }
    assert_eq!(probe.calls.load(Ordering::Relaxed), 0);
    // A public operation is sent, and asks for nothing either.
    let mut public = request();
    public.extensions_mut().insert(Policy::for_method(&http::Method::GET).auth(Auth::Public));
    assert_eq!(service.oneshot(public).await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn no_permit_is_held_while_a_credential_is_waited_for() {
    // One at a time below; a caller who waits for a login must not keep the place.
    let limited = tower::limit::ConcurrencyLimit::new(Probe::new(&[200]), 1);
    let slow: SharedCredentials = Renewed { wait: true, ..Renewed::default() }.into();
    let waiting = AuthLayer::new(slow, trusted()).layer(limited.clone());
    let waiting = tokio::spawn(waiting.oneshot(request()));
    tokio::task::yield_now().await;
    let quick = AuthLayer::new(key(), trusted()).layer(limited);
    let answer =
        tokio::time::timeout(Duration::from_secs(1), quick.oneshot(request())).await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_401_is_replayed_once_and_marked() {
    let probe = Probe::new(&[401]);
    let credentials: SharedCredentials = Renewed::default().into();
    let stack = UnauthorizedLayer::new(credentials.clone())
        .layer(AuthLayer::new(credentials, trusted()).layer(probe.clone()));
    let answer = stack.oneshot(request()).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(answer.extensions().get::<Replayed>().is_some());
    assert_eq!(probe.calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn the_guard_refuses_whoever_set_the_header() {
    let probe = Probe::new(&[200]);
    let guard = over(GuardLayer::new(trusted()), &probe);
    for uri in ["https://evil.example.com/", "http://eq.example.com/", "https://eq.example.com:444/"] {
        let error =
            guard.clone().oneshot(Request::get(uri).body(RequestBody::empty()).unwrap()).await.unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"refused to send to an origin other than https://eq.example.com, which the credentials belong to");
        }
    }
    let plain = TrustedOrigin::new("http://eq.example.com".parse().unwrap());
    let to_plain = || Request::get("http://eq.example.com/").body(RequestBody::empty()).unwrap();
    let error = over(GuardLayer::new(plain.clone()), &probe).oneshot(to_plain()).await.unwrap_err();
    insta::assert_snapshot!(error, @"refused to send credentials to http://eq.example.com over plain http, where anyone on the network can read them: use https, or set allow_http(true) (EDGEQUAKE_ALLOW_HTTP=true) if the network is trusted");
    assert_eq!(probe.calls.load(Ordering::Relaxed), 0);
    assert_eq!(over(GuardLayer::new(plain.allow_http(true)), &probe).oneshot(to_plain()).await.unwrap(), 200);
}

#[tokio::test]
async fn scope_headers_are_added_and_never_replaced() {
    let (mut mock, mut handle) = mock::spawn_layer::<Request<RequestBody>, Response<ResponseBody>, _>(
        ScopeLayer::new(ScopeHeaders::new().workspace(&WorkspaceId::new("default").unwrap())),
    );
    for (own, expected) in [(None, "default"), (Some("mine"), "mine")] {
        handle.allow(1);
        assert!(mock.poll_ready().is_ready());
        let mut sent = request();
        if let Some(own) = own {
            sent.headers_mut().insert("x-workspace-id", own.parse().unwrap());
        }
        let answer = mock.call(sent);
        let (served, reply) = handle.next_request().await.unwrap();
        assert_eq!(served.headers()["x-workspace-id"], expected);
        assert_eq!(served.headers().get_all("x-workspace-id").iter().count(), 1);
        reply.send_response(Response::default());
        answer.await.unwrap();
    }
}

/// Never ready.
#[derive(Clone)]
struct Stuck;

impl Service<Request<RequestBody>> for Stuck {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = std::future::Pending<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        std::future::pending()
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_bounds_readiness_and_a_slow_login_and_says_so() {
    let limit = Duration::from_secs(2);
    let error = DeadlineLayer::new(Some(limit)).layer(Stuck).oneshot(request()).await.unwrap_err();
    assert_eq!(error.downcast_ref::<TimedOut>().unwrap().scope, TimeoutScope::Total);

    let slow: SharedCredentials = Renewed { wait: true, ..Renewed::default() }.into();
    let stack =
        DeadlineLayer::new(Some(limit)).layer(AuthLayer::new(slow, trusted()).layer(Probe::new(&[200])));
    let error = stack.oneshot(request()).await.unwrap_err();
    assert_eq!(error.downcast_ref::<TimedOut>().unwrap().limit, limit);
}

#[tokio::test(start_paused = true)]
async fn a_slow_login_is_not_charged_to_the_attempt() {
    let slow: SharedCredentials = Renewed { wait: true, ..Renewed::default() }.into();
    let attempt = AttemptTimeoutLayer::new(Some(Duration::from_secs(1))).layer(Probe::new(&[200]));
    let answer = AuthLayer::new(slow, trusted()).layer(attempt).oneshot(request()).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn bodies_obey_the_deadline_and_the_idle_limit() {
    let silent = tower::service_fn(async |_: Request<RequestBody>| {
        let body = http_body_util::StreamBody::new(futures_util::stream::pending::<
            Result<http_body::Frame<Bytes>, BoxError>,
        >());
        Ok::<_, Infallible>(Response::new(ResponseBody::new(body)))
    });
    let answer =
        DeadlineLayer::new(Some(Duration::from_secs(3))).layer(silent).oneshot(request()).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err();
    assert_eq!(error.downcast_ref::<TimedOut>().unwrap().scope, TimeoutScope::Total);
    let answer =
        IdleTimeoutLayer::new(Some(Duration::from_secs(3))).layer(silent).oneshot(request()).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err();
    assert_eq!(error.downcast_ref::<TimedOut>().unwrap().scope, TimeoutScope::Idle);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_was_retried_says_how_often_and_keeps_its_cause() {
    let lost = tower::service_fn(async |_: Request<RequestBody>| {
        Err::<Response<ResponseBody>, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let error = RetryLayer::new(RetryConfig::default().max_attempts(3))
        .layer(lost)
        .oneshot(request())
        .await
        .unwrap_err();
    let retried = error.downcast_ref::<Retried>().unwrap();
    assert_eq!(retried.attempts, 3);
    assert!(retried.waited >= Duration::from_millis(750));
    assert!(retried.source.is::<std::io::Error>());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_can_be_sent_once_is_not_retried() {
    let probe = Probe::new(&[503]);
    let once = RequestBody::once(http_body_util::Full::new(Bytes::from_static(b"x")));
    let request = Request::get("https://eq.example.com/").body(once).unwrap();
    assert_eq!(over(RetryLayer::new(RetryConfig::default()), &probe).oneshot(request).await.unwrap(), 503);
    assert_eq!(probe.calls.load(Ordering::Relaxed), 1);
}
