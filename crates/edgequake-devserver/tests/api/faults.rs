//! Failures to order, as a client sees them on a socket and without one.

use std::time::{Duration, Instant};

use edgequake_devserver::{DevServer, Fault};
use edgequake_types::TrackId;
use edgequake_types::documents::{DocumentStatus, GetDocument, ListDocuments, UploadText};
use edgequake_types::query::{Query, StreamQuery};
use edgequake_types::session::{Me, Refresh};
use edgequake_types::tasks::{GetTask, RetryTask, TaskStatus};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::documents::{default_workspace, wait_for_task};
use crate::support::{Api, USER, with_users};

fn order(server: &DevServer, fault: Fault) {
    server.faults().add(fault).unwrap();
}

/// Sends a request on a connection of its own, and reads until the connection ends: what arrived, and the error.
async fn raw(server: &DevServer, request: &str) -> (String, Option<std::io::ErrorKind>) {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    (String::from_utf8(answer).unwrap(), end.err().map(|error| error.kind()))
}

/// Waits for what other tasks of the runtime do.
async fn wait_until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
}

const LIVE: &str = "GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn statuses_have_the_error_body_of_the_server_or_another_one() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::status(503).retry_after("7").on("ListDocuments").times(1));
    order(&server, Fault::status(502).body("upstream died").on("GET /api/v1/documents").times(1));
    let elsewhere = Fault::status(302).header("Location", "/login").header("x-request-id", "of-a-gateway");
    order(&server, elsewhere.on("ListDocuments").times(1));
    let page = Fault::status(200).header("content-type", "text/markdown").body("{x}");
    order(&server, page.on("ListDocuments").times(1));
    order(&server, Fault::status(204).on("ListDocuments").times(1));
    order(&server, Fault::html(504).on("ListDocuments").times(1));
    order(&server, Fault::unauthorized().on("ListDocuments").times(1));
    order(&server, Fault::rate_limited(3).on("ListDocuments").times(1));
    let list = ListDocuments::new();
    let answer = api.send(&list).await;
    assert_eq!(
        (answer.cause().as_str(), answer.header("retry-after")),
        ("503 SERVICE_UNAVAILABLE fault", "7")
    );
    assert_eq!(answer.error().details.unwrap()["retryable"], true);
    let answer = api.send(&list).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (502, &b"upstream died"[..]));
    let answer = api.send(&list).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/login"));
    assert_eq!((answer.header("x-request-id"), answer.body.len()), ("of-a-gateway", 0));
    let answer = api.send(&list).await;
    assert_eq!((answer.header("content-type"), &*answer.body), ("text/markdown", &b"{x}"[..]));
    let answer = api.send(&list).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    let answer = api.send(&list).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (504, "text/html"));
    assert!(answer.body.starts_with(b"<html>"));
    assert_eq!(api.send(&list).await.cause(), "401 UNAUTHORIZED");
    let answer = api.send(&list).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "3"));
    assert_eq!(api.send(&list).await.status, 200);
}

#[tokio::test]
async fn a_fault_can_hide_the_answer_of_an_operation_that_was_executed() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let token = api.login(USER).await.refresh_token.unwrap();
    order(&server, Fault::status(502).on("Refresh").times(1));
    assert_eq!(api.send(&Refresh::new(token.clone())).await.status, 502);
    // The token was not spent.
    let token = api.ok(&Refresh::new(token)).await.refresh_token.unwrap();
    order(&server, Fault::status(502).after_execution().on("Refresh").times(1));
    assert_eq!(api.send(&Refresh::new(token.clone())).await.status, 502);
    assert_eq!(api.send(&Refresh::new(token)).await.cause(), "401 UNAUTHORIZED token_reuse");
}

#[tokio::test]
async fn tokens_expire_and_writes_are_refused_to_order() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::expire_tokens().times(1));
    assert_eq!(api.send(&Me::new()).await.status, 401);
    assert_eq!(api.send(&Me::new()).await.status, 401);
    let api = api.logged_in(USER).await;
    order(&server, Fault::read_only());
    assert_eq!(api.send(&ListDocuments::new()).await.status, 200);
    assert_eq!(api.send(&Query::new("x")).await.status, 200);
    let refused = api.send(&UploadText::new("x")).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "5"));
    server.faults().clear();
    assert_eq!(api.send(&UploadText::new("x")).await.status, 202);
}

#[tokio::test]
async fn only_operations_that_require_a_credential_refuse_it() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::unauthorized());
    assert_eq!(api.get("/health").await.status, 200);
    let token = api.login(USER).await.refresh_token.unwrap();
    api.ok(&Refresh::new(token.clone())).await;
    assert_eq!(api.send(&Me::new()).await.status, 401);
    server.faults().clear();
    order(&server, Fault::unauthorized().on("Login"));
    assert_eq!(api.send(&edgequake_types::session::Login::new(USER, "x")).await.cause(), "401 UNAUTHORIZED");
}

#[tokio::test]
async fn connections_are_reset_and_cut() {
    let server = with_users().start().await.unwrap();
    let reset = Some(std::io::ErrorKind::ConnectionReset);
    order(&server, Fault::reset().times(1));
    assert_eq!(raw(&server, LIVE).await, (String::new(), reset));
    order(&server, Fault::reset_after_head().times(1));
    let (answer, end) = raw(&server, LIVE).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(end, reset);
    order(&server, Fault::truncate(1).times(1));
    let (answer, end) = raw(&server, LIVE).await;
    assert!(answer.contains("content-length: 2\r\n") && answer.ends_with("\r\n\r\nO"), "{answer}");
    assert_eq!(end, None);
    assert!(raw(&server, LIVE).await.0.ends_with("OK"));
}

#[tokio::test]
async fn faults_of_bodies_wait_for_a_body() {
    let server = with_users().start().await.unwrap();
    let id = server.faults().add(Fault::truncate(1).times(1)).unwrap();
    let head = LIVE.replace("GET", "HEAD");
    assert!(raw(&server, &head).await.0.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(server.faults().hits(id), 0);
    assert!(raw(&server, LIVE).await.0.ends_with("\r\n\r\nO"));
    assert_eq!(server.faults().hits(id), 1);
}

/// However much is to arrive, the end is missing.
#[tokio::test]
async fn a_cut_body_is_never_whole() {
    let server = with_users().start().await.unwrap();
    order(&server, Fault::truncate(1000).times(1));
    let (answer, _) = raw(&server, LIVE).await;
    assert!(answer.contains("content-length: 2\r\n") && answer.ends_with("\r\n\r\nO"), "{answer}");
}

#[tokio::test]
async fn answers_without_a_body_declare_no_length() {
    let server = with_users().allow_origin("http://localhost:3000").start().await.unwrap();
    let token = Api::new(&server).login(USER).await.access_token;
    let preflight = "origin: http://localhost:3000\r\naccess-control-request-method: GET\r\n";
    let bearer = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", token.expose());
    let socket = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhl\r\n";
    let socket = format!("{bearer}x-tenant-id: default\r\nx-workspace-id: default\r\n{socket}");
    for (request, headers, status) in [
        ("DELETE /__dev/faults", "", 204),
        ("OPTIONS /live", preflight, 204),
        ("GET /ws/pipeline/progress", &socket, 101),
        ("POST /api/v1/auth/logout", &bearer, 204),
    ] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let length = if request.starts_with("POST") { "content-length: 2\r\n" } else { "" };
        let body = if length.is_empty() { "" } else { "{}" };
        let request = format!("{request} HTTP/1.1\r\nhost: localhost\r\n{headers}{length}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
        assert!(!head.contains("content-length"), "{head}");
    }
}

#[tokio::test]
async fn a_silent_connection_stays_open_and_says_nothing() {
    let server = with_users().start().await.unwrap();
    order(&server, Fault::silence().times(1));
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(LIVE.as_bytes()).await.unwrap();
    // Another connection is served, and this one has still said nothing then.
    for _ in 0..3 {
        assert!(raw(&server, LIVE).await.0.ends_with("OK"));
    }
    assert_eq!(stream.try_read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert!(stream.try_write(b"GET ").is_ok());
    // It ends with the server, which does not wait for it.
    let begun = Instant::now();
    server.shutdown().await;
    assert!(begun.elapsed() < Duration::from_millis(500), "nothing was in progress");
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_silent_connection_ends_once_the_client_closes_its_side() {
    let server = with_users().start().await.unwrap();
    order(&server, Fault::silence());
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    // After a request, with data that is never read, and with another request behind it.
    for more in ["", "GET ", LIVE] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(format!("{LIVE}{more}").as_bytes()).await.unwrap();
        wait_until(|| server.faults().active()[0].hits > 0).await;
        stream.write_all(more.as_bytes()).await.unwrap();
        assert_eq!(tasks(), before + 1);
        drop(stream);
        wait_until(|| tasks() == before).await;
        server.faults().clear();
        order(&server, Fault::silence());
    }
}

#[tokio::test]
async fn streams_are_cut_and_fall_silent() {
    let (server, api) = default_workspace(with_users()).await;
    let question = StreamQuery::new("nothing to find");
    let all = api.send(&question).await;
    assert!(String::from_utf8_lossy(&all.body).matches("data: ").count() > 3);
    let body = r#"{"query":"nothing to find"}"#;
    let token = api.login(USER).await.access_token;
    let request = format!(
        "POST /api/v1/query/stream HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        token.expose(),
        body.len()
    );
    order(&server, Fault::cut_stream(2).on("StreamQuery").times(1));
    let (answer, end) = raw(&server, &request).await;
    assert_eq!((answer.matches("data: ").count(), end), (2, None));
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");

    order(&server, Fault::silent_stream(1).on("StreamQuery").times(1));
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("data: ") {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.unwrap();
        assert!(length > 0, "{answer}");
        answer.push_str(std::str::from_utf8(&piece[..length]).unwrap());
    }
    assert!(raw(&server, LIVE).await.0.ends_with("OK"));
    assert_eq!(stream.try_read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// Paused time: a delay is as long as ordered, and a slow body comes in pieces.
#[tokio::test(start_paused = true)]
async fn delays_and_slow_bodies() {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let backend = DevServer::builder().build().unwrap();
    backend.faults().add(Fault::delayed(Duration::from_secs(5)).times(1)).unwrap();
    backend.faults().add(Fault::slow_body(1, Duration::from_secs(1)).times(1)).unwrap();
    backend.faults().add(Fault::reset().times(1)).unwrap();
    let live = || http::Request::get("/live").body(String::new()).unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(backend.service().oneshot(live()).await.unwrap().status(), 200);
    assert_eq!(started.elapsed().as_secs(), 5);
    let mut body = backend.service().oneshot(live()).await.unwrap().into_body();
    for (seconds, piece) in [(6, "O"), (7, "K")] {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), piece);
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
    assert!(body.frame().await.is_none());
    // Without a connection, a reset is a body that fails.
    let response = backend.service().oneshot(live()).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn processing_fails_to_order_and_can_be_retried() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::fail_processing("embedding").times(1));
    let uploaded = api.ok(&UploadText::new("text")).await;
    let (document, task) = (uploaded.document_id.unwrap(), uploaded.task_id.unwrap());
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Failed);
    let failed = api.ok(&GetDocument::new(&document)).await;
    assert_eq!(failed.status, Some(DocumentStatus::Failed));
    assert_eq!(failed.error_message.as_deref(), Some("Processing failed at stage embedding"));
    assert_eq!(api.ok(&GetTask::new(&task)).await.error.unwrap().step.as_deref(), Some("embedding"));
    assert_eq!(api.ok(&ListDocuments::new()).await.status_counts.failed, 1);

    assert_eq!(api.ok(&RetryTask::new(&task)).await.unwrap().retry_count, 1);
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Indexed);
    assert_eq!(api.ok(&GetDocument::new(&document)).await.status, Some(DocumentStatus::Completed));
    assert_eq!(api.send(&RetryTask::new(&task)).await.cause(), "409 CONFLICT");

    order(&server, Fault::partial_processing("embedding").times(1));
    let uploaded = api.ok(&UploadText::new("other text")).await;
    wait_for_task(&api, &uploaded.task_id.unwrap()).await;
    let partial = api.ok(&GetDocument::new(uploaded.document_id.unwrap())).await;
    assert_eq!(partial.status, Some(DocumentStatus::PartialFailure));
    assert!(partial.warning_message.is_some());
}

#[tokio::test]
async fn processing_hangs_to_order_until_it_is_cancelled() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::hang_processing("chunking"));
    let uploaded = api.ok(&UploadText::new("text")).await;
    let task: TrackId = uploaded.task_id.unwrap();
    let step =
        async || api.ok(&GetTask::new(&task)).await.progress.and_then(|progress| progress.current_step);
    while step().await.as_deref() != Some("chunking") {
        tokio::task::yield_now().await;
    }
    let cancel = edgequake_types::tasks::CancelTask::new(&task);
    assert_eq!(api.ok(&cancel).await.unwrap().status, TaskStatus::Cancelled);
}
