//! Calls and what they may have of their own; endpoints of a user's own; errors for mocks.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::types::documents::{GetDocument, ListDocuments, UploadText};
use edgequake_client::types::query::Query;
use edgequake_client::types::session::Login;
use edgequake_client::types::{Download, Json, Lines, UserId, WorkspaceId, model, operation};
use edgequake_client::{Client, Error, ErrorKind};
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

use crate::dev;
use crate::errors::chain;
use crate::server::{Act, Server, answer, json};

const ID: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

/// Reads the state of a gadget.
#[operation(GET "/plugins/{plugin}/gadgets/{*path}" -> Gadget, Required, Safe, Query, new(plugin, path), since = "0.40", crate = edgequake_client::types)]
pub(crate) struct GetGadget {
    /// The plugin.
    pub(crate) plugin: String,
    /// Where the gadget is.
    pub(crate) path: String,
    /// How much of it.
    pub(crate) depth: Option<u64>,
}

/// The answer to [`GetGadget`].
#[model(answer, crate = edgequake_client::types)]
pub(crate) struct Gadget {
    /// Its name.
    pub(crate) name: String,
    /// How many parts it has.
    pub(crate) parts: u64,
}

/// Lists names.
#[operation(GET "/plugins/names" -> Vec<String>, Required, Safe, None, new(), crate = edgequake_client::types)]
pub(crate) struct ListNames {}

/// Reads a pair.
#[operation(GET "/plugins/pair" -> Json<(u8, u8)>, Required, Safe, None, new(), crate = edgequake_client::types)]
pub(crate) struct GetPair {}

/// Follows gadgets.
#[operation(POST "/plugins/watch" -> Lines<Gadget>, Required, Never, Json, new(), crate = edgequake_client::types)]
pub(crate) struct WatchGadgets {}

/// Gives a file out.
#[operation(GET "/plugins/file" -> Download, Required, Safe, None, new(), crate = edgequake_client::types)]
pub(crate) struct GetFile {}

#[tokio::test]
async fn a_users_own_endpoint_is_called_like_any_other() {
    let server = Server::answers([json(200, r#"{"name":"g","parts":"3","unknown":1}"#)]).await;
    let gadget = server.client().send(GetGadget::new("a/b", "x/y z").depth(2)).await.unwrap();
    assert_eq!((gadget.name.as_str(), gadget.parts), ("g", 3));
    assert_eq!(server.only().line(), "GET /plugins/a%2Fb/gadgets/x/y%20z?depth=2");

    let server = Server::answers([json(200, r#"["a","b"]"#), json(200, "[1,2]")]).await;
    assert_eq!(server.client().send(ListNames::new()).await.unwrap(), ["a", "b"]);
    assert_eq!(server.client().send(GetPair::new()).await.unwrap(), Json((1, 2)));
}

#[tokio::test]
async fn an_operation_that_the_server_does_not_know_is_told_with_its_version() {
    // A router's answer has no body; an operation says what it did not find.
    for (status, body, told) in [
        (404, "", true),
        (405, "", true),
        (404, r#"{"code":"NOT_FOUND","message":"gadget x"}"#, false),
        (500, "", false),
    ] {
        let server = Server::answers([answer(status, &[], body.as_bytes())]).await;
        let client =
            server.builder().api_key("k1").retry(edgequake_client::RetryConfig::none()).build().unwrap();
        let error = client.send(GetGadget::new("p", "x")).await.unwrap_err();
        assert_eq!(error.to_string().contains("since 0.40"), told, "{status} {body}: {error}");
        let error = client.send(GetDocument::new("d")).await.unwrap_err();
        assert!(!error.to_string().contains("since"), "{error}");
    }
    let server = dev::ordering([]).await;
    let error = dev::client(&server).send(GetGadget::new("p", "x")).await.unwrap_err();
    let text = error.to_string();
    let (text, _id) = text.split_once("; request ").unwrap();
    insta::assert_snapshot!(text, @"/plugins/{plugin}/gadgets/{*path}: 404 Not Found [NOT_FOUND]; the server does not know this operation, which exists since 0.40: is the server older, or is the base URL wrong?");
}

#[tokio::test]
async fn a_call_has_headers_scope_and_a_head_of_its_own() {
    let accepted = dev::answer(202, r#"{"document_id":"d-1","task_id":"t-1"}"#);
    let server = dev::ordering([accepted.header("location", "/api/v1/tasks/t-1")]).await;
    let call = dev::client(&server).send(UploadText::new("The bridge"));
    let call = call.header("traceparent", "00-1-2-01").tenant("default").workspace(ID).user(ID);
    let (head, uploaded) = call.with_head().await.unwrap();
    assert_eq!(
        (head.status.as_u16(), &head.headers["location"]),
        (202, &"/api/v1/tasks/t-1".parse().unwrap())
    );
    assert_eq!(uploaded.task_id.unwrap(), "t-1");
    let sent = &server.recorder().requests()[0];
    for (name, value) in [
        ("traceparent", "00-1-2-01"),
        ("x-tenant-id", "default"),
        ("x-workspace-id", ID),
        ("x-user-id", ID),
        ("content-type", "application/json"),
    ] {
        assert_eq!(dev::header(sent, name), Some(value));
    }
}

#[tokio::test]
async fn a_header_of_ones_own_takes_the_place_of_the_clients() {
    let server = dev::ordering([]).await;
    let client = dev::client(&server);
    let list = client.documents().list(ListDocuments::new());
    list.header("accept", "application/x").header("user-agent", "me/1").await.unwrap();
    let sent = &server.recorder().requests()[0];
    let of = |name: &str| -> Vec<&str> {
        let named = sent.headers.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!((of("accept"), of("user-agent")), (vec!["application/x"], vec!["me/1"]));
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before_anything_is() {
    let server = dev::ordering([]).await;
    let client = dev::client(&server);
    let list = || client.documents().list(ListDocuments::new());
    let refused = [
        list().header("authorization", "Bearer s3cr3t").await.unwrap_err(),
        list().header("X-API-Key", "s3cr3t").await.unwrap_err(),
        list().header("content-length", "1").await.unwrap_err(),
        list().header("a b", "1").await.unwrap_err(),
        list().header("a", "1\ns3cr3t").await.unwrap_err(),
        list().tenant("tenant-456").await.unwrap_err(),
        list().workspace("Default").await.unwrap_err(),
        list().user("default").await.unwrap_err(),
        client.users().get("mona").await.unwrap_err(),
        client.with_workspace("s p a c e").documents().list(ListDocuments::new()).await.unwrap_err(),
        client.send(GetDocument::new("  ")).await.unwrap_err(),
    ];
    assert_eq!(server.stats().requests, 0);
    let texts: Vec<String> = refused.iter().map(|error| chain(error)).collect();
    assert!(refused.iter().all(|error| error.kind() == ErrorKind::Request), "{texts:?}");
    assert!(texts.iter().all(|text| !text.contains("s3cr3t")), "{texts:?}");
    insta::assert_snapshot!(texts.join("\n---\n"));

    // Another workspace takes the place of the malformed one.
    let _ = client.with_workspace("x").with_workspace(ID).documents().list(ListDocuments::new()).await;
    assert_eq!(server.request_log()[0].workspace.as_deref(), Some(ID));
}

#[test]
fn a_builder_takes_texts_and_says_what_is_malformed() {
    let build = |builder: edgequake_client::ClientBuilder| builder.build().unwrap_err();
    let errors = [
        build(Client::builder().workspace_id("workspace-123")),
        build(Client::builder().tenant_id(String::from("t"))),
        build(Client::builder().user_id("default")),
        build(Client::builder().base_url("localhost:8080")),
        build(Client::builder().user_agent("a\nb")),
    ];
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Config));
    insta::assert_snapshot!(errors.iter().map(|error| chain(error)).collect::<Vec<_>>().join("\n---\n"));
    let client = Client::builder().workspace_id(ID).tenant_id("default").user_agent("app/1").build().unwrap();
    assert_eq!(client.scope().headers()["x-workspace-id"], ID);
    // What is an id already is taken as well.
    let (workspace, user) = (WorkspaceId::server_default(), UserId::new(ID).unwrap());
    Client::builder().workspace_id(&workspace).user_id(user).build().unwrap();
}

#[tokio::test]
async fn an_answer_has_a_limit_per_call() {
    let server = dev::ordering([dev::answer(200, r#"{"documents":[],"total":0}"#)]).await;
    let client = dev::client(&server);
    let error = client.documents().list(ListDocuments::new()).answer_limit(10).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    insta::assert_snapshot!(error, @"/api/v1/documents: the answer was cut short; the answer is longer than 10 bytes; request r-1");
    client.documents().list(ListDocuments::new()).answer_limit(26).await.unwrap();
    let mut pages = client.documents().list(ListDocuments::new()).answer_limit(10).pages();
    let error = pages.next().await.unwrap().unwrap_err();
    // It would be as long at the next try.
    assert!(error.kind() == ErrorKind::Body && !error.is_retryable());
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn an_untyped_call_is_built_and_awaited() {
    let server = Server::answers([json(201, r#"{"ok":true}"#)]).await;
    let client = server.client().with_workspace(ID);
    let body = serde_json::json!({ "ids": [1] });
    let call =
        client.request(Method::POST, "/api/v1/x%2Fy?a=1").query(&[("b", "2 & 3"), ("c", "é")]).json(&body);
    let answer = call.header("x-mine", "1").tenant("default").await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), r#"{"ok":true}"#);
    let sent = server.only();
    assert_eq!(sent.line(), "POST /api/v1/x%2Fy?a=1&b=2+%26+3&c=%C3%A9");
    assert_eq!(sent.body, br#"{"ids":[1]}"#);
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!((sent.header("x-mine"), sent.header("x-tenant-id")), (Some("1"), Some("default")));
    assert_eq!((sent.header("x-workspace-id"), sent.header("authorization")), (Some(ID), Some("Bearer k1")));

    client.request(Method::PUT, "/x").header("content-type", "text/markdown").body("# A").await.unwrap();
    let sent = server.received().pop().unwrap();
    assert_eq!(
        (sent.header("content-type"), sent.body.as_slice()),
        (Some("text/markdown"), b"# A".as_slice())
    );
}

#[tokio::test]
async fn an_untyped_path_is_checked_like_a_typed_one() {
    let server = dev::ordering([]).await;
    let client = dev::client(&server);
    let mut texts = Vec::new();
    for path in [
        "@evil/x",
        "x",
        "/a/../b",
        "/a/%2e%2e",
        "//a",
        "/a/",
        "/a/%20/b",
        "/a b",
        "/a\\b",
        "/a#b",
        "/%ff",
        "/é",
        "/100%",
        "/x?a=1#b",
        "/x?a b",
    ] {
        let error = client.request(Method::DELETE, path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{path}");
        texts.push(format!("{path}: {}", chain(&error)));
    }
    let error = client.request(Method::GET, "/x").query(&[("a", vec![1])]).await.unwrap_err();
    texts.push(format!("a nested query: {}", chain(&error)));
    assert_eq!(server.stats().requests, 0);
    insta::assert_snapshot!(texts.join("\n"));
}

/// A client in the same process, whose answers are lines of JSON that come in these pieces.
fn telling(pieces: &'static [&'static str]) -> Client {
    let transport = tower::service_fn(move |_: Request<RequestBody>| {
        let pieces = stream::iter(pieces).then(|piece| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes())))
        });
        let answer = Response::builder().header("content-type", "application/x-ndjson");
        std::future::ready(answer.body(ResponseBody::new(StreamBody::new(pieces))))
    });
    Client::from_service("http://127.0.0.1:1", transport).unwrap()
}

#[tokio::test(start_paused = true)]
async fn lines_of_json_come_one_by_one() {
    let pieces =
        &["{\"name\":\"a\",\"par", "ts\":1}\n\n{\"name\":\"b\"}\r\n{\"name\"", ":\"c\",\"parts\":3}"];
    let mut gadgets = telling(pieces).send(WatchGadgets::new()).await.unwrap();
    let mut seen = Vec::new();
    while let Some(gadget) = gadgets.next().await {
        let gadget = gadget.unwrap();
        seen.push((gadget.name, gadget.parts));
    }
    assert_eq!(seen, [("a".to_owned(), 1), ("b".to_owned(), 0), ("c".to_owned(), 3)]);

    // A line that is none ends the stream, and names its field.
    let broken = &["{\"name\":\"a\"}\n{\"name\":7}\n{\"name\":\"c\"}\n"];
    let mut gadgets = telling(broken).send(WatchGadgets::new()).await.unwrap();
    assert_eq!(gadgets.next().await.unwrap().unwrap().name, "a");
    let error = gadgets.next().await.unwrap().unwrap_err();
    assert!(chain(&error).contains("`name`"), "{error:?}");
    assert!(gadgets.next().await.is_none());
}

#[tokio::test]
async fn lines_that_are_refused_are_an_error_like_any_other() {
    let server = Server::answers([json(403, r#"{"code":"FORBIDDEN","message":"no"}"#)]).await;
    assert!(server.client().send(WatchGadgets::new()).await.unwrap_err().is_forbidden());
}

#[tokio::test]
async fn a_download_is_passed_on_as_it_comes() {
    let headers =
        [("content-type", "application/pdf"), ("content-disposition", "attachment; filename=\"../a.pdf\"")];
    let server = Server::answers([answer(200, &headers, b"%PDF")]).await;
    let (head, mut file) = server.client().send(GetFile::new()).with_head().await.unwrap();
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!((file.content_type(), file.file_name().as_deref()), (Some("application/pdf"), Some("a.pdf")));
    assert_eq!(file.remaining(), Some(4));
    let mut read = Vec::new();
    while let Some(piece) = file.next().await {
        read.extend_from_slice(&piece.unwrap());
    }
    assert_eq!((read.as_slice(), file.remaining()), (b"%PDF".as_slice(), Some(0)));

    // Cut: an error, and no short file that looks whole.
    let cut = b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nabc".to_vec();
    let server = Server::start(move |_, _| Act::SendAndClose(cut.clone())).await;
    let mut file = server.client().send(GetFile::new()).await.unwrap();
    let mut last = None;
    while let Some(piece) = file.next().await {
        last = Some(piece);
    }
    assert_eq!(last.unwrap().unwrap_err().kind(), ErrorKind::Body);
}

#[test]
fn errors_are_made_for_mocks_and_of_answers() {
    let made = Error::new(ErrorKind::NotFound)
        .with_status(StatusCode::NOT_FOUND)
        .with_code("NOT_FOUND")
        .with_message("document d-1")
        .with_source(std::io::Error::other("mock"));
    assert!(made.is_not_found() && !made.is_retryable());
    assert_eq!((made.code(), made.message()), (Some("NOT_FOUND"), Some("document d-1")));
    assert!(std::error::Error::source(&made).is_some());

    let busy = Response::builder().status(503).header("retry-after", "7").header("x-request-id", "r-1");
    let busy = Error::from_response(
        busy.body(Bytes::from(r#"{"code":"X","message":"busy","retryable":true}"#)).unwrap(),
    );
    assert_eq!(busy.kind(), ErrorKind::Unavailable);
    assert_eq!((busy.retry_after(), busy.request_id()), (Some(Duration::from_secs(7)), Some("r-1")));
    insta::assert_snapshot!(busy, @"503 Service Unavailable: busy [X]; retry after 7 s; request r-1");
    assert_eq!(Error::from_response(Response::new("")).kind(), ErrorKind::Status);

    let error: Error = WorkspaceId::new("x").unwrap_err().into();
    assert_eq!(error.kind(), ErrorKind::Request);
}

#[tokio::test]
async fn a_stream_of_events_is_sent_like_any_other_call() {
    use edgequake_client::types::query::StreamQuery;

    let body = "data: {\"type\":\"token\",\"content\":\"In 1931.\"}\n\ndata: {\"type\":\"done\"}\n\n";
    let server = dev::ordering([dev::page(200, "text/event-stream", body)]).await;
    let client = dev::client(&server);
    let mut events = client.send(StreamQuery::new("When?")).await.unwrap();
    assert!(events.next().await.unwrap().is_ok() && events.next().await.unwrap().is_ok());
    assert!(events.next().await.is_none());
    let sent = &server.recorder().requests()[0];
    assert_eq!(
        (dev::header(sent, "accept"), dev::header(sent, "accept-encoding")),
        (Some("text/event-stream"), Some("identity"))
    );
    drop(client.send(Query::new("unsent")));
    assert_eq!(server.stats().requests, 1);
}

#[tokio::test]
async fn a_content_type_of_ones_own_is_sent_and_only_once() {
    let server = dev::ordering([dev::answer(200, r#"{"document_id":"d","status":"pending"}"#)]).await;
    let client = dev::client(&server);
    client.send(UploadText::new("x")).header("content-type", "application/vnd.x+json").await.unwrap();
    let untyped = |path| client.request(Method::POST, path);
    untyped("/x").json("x").header("Content-Type", "text/x").await.unwrap();
    // A body as it is has no type that anybody said.
    untyped("/y").json("x").body("text").await.unwrap();
    let types: Vec<Vec<String>> = server
        .recorder()
        .requests()
        .into_iter()
        .map(|sent| sent.headers.into_iter().filter(|(name, _)| name == "content-type"))
        .map(|types| types.map(|(_, value)| value).collect())
        .collect();
    assert_eq!(types, [vec!["application/vnd.x+json"], vec!["text/x"], vec![]]);
}

#[tokio::test]
async fn a_call_shows_no_secret_and_no_header() {
    let client = Client::builder().base_url("http://127.0.0.1:1").build().unwrap();
    let login = client.send(Login::new("kim", "geheim-1")).header("x-note", "geheim-2");
    let untyped =
        client.request(Method::GET, "/x?q=geheim-3").query(&[("p", "geheim-4")]).header("x-note", "geheim-5");
    let text = format!("{login:?} {untyped:?} {:?}", client.send(Login::new("kim", "geheim-6")).with_head());
    assert!(!text.contains("geheim"), "{text}");
    assert!(text.contains("kim") && text.contains("x-note") && text.contains("\"/x\""), "{text}");
}
