//! What spans say of calls that end in each way, and the trace that is passed on to the server.
//!
//! A program of its own: whether a span is looked at is remembered for the whole process, and other tests log nowhere.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "support/log.rs"]
mod log;

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use log::Log;

use bytes::Bytes;
use edgequake_client::auth::StaticKey;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::fault::Fault;
use edgequake_client::layers::trace_context::TraceContextLayer;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::{BoxError, Client};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use opentelemetry::propagation::Injector;
use opentelemetry::trace::TracerProvider;
use tower::service_fn;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

/// An answer whose body comes in these pieces, the last of which may be a failure.
fn answer(status: u16, pieces: Vec<Result<&'static str, BoxError>>) -> Response<ResponseBody> {
    let frames = pieces.into_iter().map(|piece| piece.map(|text| Frame::data(Bytes::from(text))));
    let body = ResponseBody::new(StreamBody::new(futures_util::stream::iter(frames)));
    Response::builder().status(status).body(body).unwrap()
}

/// What the nth request gets.
fn act(n: u32, path: &str) -> Result<Response<ResponseBody>, BoxError> {
    match (path, n) {
        ("/busy/health", 1..3) => Ok(answer(503, vec![])),
        ("/refused/health", _) => Err(Fault::Connect.mark("connection refused").into()),
        ("/lost/health", _) => Err(Fault::Interrupted.mark("connection reset").into()),
        ("/broken/health", _) => {
            Ok(answer(200, vec![Ok("{\"sta"), Err(Fault::Interrupted.mark("connection reset").into())]))
        }
        ("/gone/health", _) => Ok(answer(404, vec![Ok("gone")])),
        _ => Ok(answer(200, vec![Ok("{\"status\":"), Ok("\"healthy\"}")])),
    }
}

fn client(name: &str) -> Client {
    let requests = Arc::new(AtomicU32::new(0));
    let transport = service_fn(move |request: Request<RequestBody>| {
        let n = requests.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            if request.uri().path().starts_with("/silent") {
                std::future::pending::<()>().await;
            }
            act(n, request.uri().path())
        }
    });
    let builder = Client::builder().base_url(format!("http://127.0.0.1:1/{name}"));
    builder.credentials(StaticKey::new("k1").unwrap()).build_on(transport).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_span_says_how_it_ended() {
    let log = Log::default();
    let output = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_writer(log.clone());
    let filter: Targets = "edgequake_client::layers::trace=trace".parse().unwrap();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(output).with(filter));

    for name in ["good", "busy", "refused", "lost", "broken", "gone"] {
        let result = client(name).health().get().await;
        assert_eq!(result.is_ok(), matches!(name, "good" | "busy"), "{name}: {result:?}");
    }
    client("silent").health().get().timeout(Duration::from_secs(5)).await.unwrap_err();
    tokio::time::timeout(Duration::from_secs(5), client("silent").health().get().into_future())
        .await
        .unwrap_err();
    // Over plain http to another host, the guard lets nothing out.
    let elsewhere = Client::builder().base_url("http://eq.test").credentials(StaticKey::new("k1").unwrap());
    let elsewhere = elsewhere.build_on(service_fn(async |_: Request<RequestBody>| {
        Err::<Response<ResponseBody>, _>(BoxError::from("not reached"))
    }));
    elsewhere.unwrap().health().get().await.unwrap_err();
    // A stream that is dropped.
    let events = "data: {\"type\":\"token\",\"content\":\"a\"}\n\n";
    let transport = service_fn(move |_: Request<RequestBody>| async move {
        let mut answer = answer(200, vec![Ok(events), Ok(events)]);
        answer.headers_mut().insert("content-type", HeaderValue::from_static("text/event-stream"));
        Ok::<_, Infallible>(answer)
    });
    let mut stream =
        Client::from_service("http://127.0.0.1:1", transport).unwrap().query().stream("?").await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);

    let text = log.take();
    insta::assert_snapshot!(text.replace("edgequake_client::layers::", ""));
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, name: &str, value: String) {
        self.0.insert(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
    }
}

#[tokio::test]
async fn the_trace_of_a_call_is_passed_on_and_nothing_else() {
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry_sdk::propagation::TraceContextPropagator;

    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(bridge));

    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let transport = service_fn(move |request: Request<RequestBody>| {
        heard.lock().unwrap().push(request.headers().clone());
        let n = heard.lock().unwrap().len();
        std::future::ready(Ok::<_, Infallible>(answer(if n == 1 { 503 } else { 200 }, vec![Ok("[]")])))
    });
    let layer = TraceContextLayer::new(|headers| {
        let context = tracing::Span::current().context();
        TraceContextPropagator::new().inject_context(&context, &mut Headers(headers));
        headers.insert("authorization", HeaderValue::from_static("Bearer other"));
    });
    let builder = Client::builder().base_url("http://127.0.0.1:1").credentials(StaticKey::new("k1").unwrap());
    let client = builder.trace_context(layer).build_on(transport).unwrap();

    let span = tracing::info_span!("of the caller");
    client.documents().list(ListDocuments::new()).into_future().instrument(span.clone()).await.unwrap();
    let own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    client.documents().list(ListDocuments::new()).header("traceparent", own).await.unwrap();

    let seen = seen.lock().unwrap();
    let parents: Vec<&str> = seen.iter().map(|headers| headers["traceparent"].to_str().unwrap()).collect();
    let ids: Vec<Vec<&str>> = parents.iter().map(|parent| parent.split('-').collect()).collect();
    use opentelemetry::trace::TraceContextExt as _;
    let context = span.context();
    let context = context.span().span_context().clone();
    // One trace, and each attempt is a span of its own in it.
    assert_eq!((ids[0][1], ids[1][1]), (&*context.trace_id().to_string(), &*context.trace_id().to_string()));
    assert!(ids[0][2] != ids[1][2] && ids[0][2] != context.span_id().to_string(), "{ids:?}");
    assert_eq!(parents[2], own);
    assert!(seen.iter().all(|headers| !headers.get_all("authorization").iter().any(|v| v == "Bearer other")));
}
