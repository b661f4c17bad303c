//! Errors: every shape of body, and what a caller is told.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::types::api_keys::{ListApiKeys, RevokeApiKey};
use edgequake_client::types::documents::{GetDocument, ListDocuments, UploadText};
use edgequake_client::{Client, Error, ErrorKind, RetryConfig};
use edgequake_devserver::{DevServer, Fault};
use futures_util::StreamExt;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::dev;
use crate::server::{Act, Server, answer, json};

/// An error and its causes, one a line.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n{error}"));
        cause = error.source();
    }
    text
}

/// The error of a call that is answered like this.
async fn refused(fault: Fault) -> Error {
    let server = dev::ordering([fault]).await;
    let client = dev::builder(&server).api_key("k1").retry(RetryConfig::none());
    client.build().unwrap().send(GetDocument::new("d-1")).await.unwrap_err()
}

#[tokio::test]
async fn every_shape_of_body_says_its_words() {
    let problem = r#"{"code":"NOT_FOUND","message":"Not found: document d-1","type":"https://edgequake.dev/problems/not-found",
        "title":"Not Found","status":404,"details":{"request_id":"5b6f0f3c","error_code":"NOT_FOUND","http_status":404,
        "retryable":false,"source":"api","diagnostics":{"kind":"not_found"}}}"#;
    let mut texts = Vec::new();
    for fault in [
        dev::page(404, "application/problem+json", problem),
        dev::answer(409, r#"{"code":"CONFLICT","message":"exists already"}"#),
        dev::answer(
            401,
            r#"{"error":"unauthorized","message":"Authentication required","request_id":"0a51"}"#,
        ),
        dev::answer(403, r#"{"error":"forbidden","message":"workspace_id differs"}"#),
        dev::answer(
            429,
            r#"{"error":"rate_limit_exceeded","message":"slow down","retry_after_seconds":2,"error_code":"RATE_LIMITED","retryable":true}"#,
        ),
        dev::answer(503, r#"{"code":"SERVICE_UNAVAILABLE","message":"the emulation is off"}"#),
        dev::answer(422, "missing field `name` at line 1"),
        dev::answer(415, "Expected request with `Content-Type: application/json`"),
        dev::answer(404, ""),
        dev::answer(405, ""),
        dev::answer(401, r#"{"error":"token_expired","message":"expired","details":"exp"}"#),
        dev::page(502, "text/html", "<html><head><title>502 Bad Gateway</title></head></html>"),
        dev::answer(500, "").header("x-request-id", "r-77"),
        dev::answer(423, r#"{"code":"ACCOUNT_LOCKED","message":"Account locked"}"#),
        dev::answer(501, r#"{"code":"NOT_IMPLEMENTED","message":"not here"}"#),
        dev::answer(413, "length limit exceeded"),
        dev::answer(400, r#"{"code":"BAD_REQUEST","message":"file exceeds the maximum size"}"#),
        dev::answer(301, "").header("location", "https://u:s3cr3t@eq.example.com/api?token=s3cr3t"),
    ] {
        let error = refused(fault).await;
        texts.push(format!("{:?}\n    {error}", error.kind()));
    }
    let texts = texts.join("\n");
    assert!(!texts.contains("s3cr3t"));
    insta::assert_snapshot!(texts);
}

#[tokio::test]
async fn a_body_that_is_no_text_is_told_by_its_length_and_one_with_an_id_by_that() {
    let named = r#"{"error":"unauthorized","message":"Authentication required","request_id":"0a51"}"#;
    let server = Server::answers([answer(500, &[], b"\x1f\x8b\x08\x00\x01\x02"), json(403, named)]).await;
    let get = || server.client().send(GetDocument::new("d-1"));
    insta::assert_snapshot!(get().await.unwrap_err(), @"/api/v1/documents/{document_id}: 500 Internal Server Error: 6 bytes that are not text [INTERNAL_ERROR]");
    assert_eq!(get().await.unwrap_err().request_id(), Some("0a51"));
}

#[tokio::test]
async fn a_call_that_gets_no_answer_names_the_server_and_nothing_else_of_the_url() {
    // Nobody listens on a port that was just given up.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{port}");
    let origin = url.as_str();
    let client = edgequake_client::Client::builder().base_url(format!("{url}/prefix"));
    let client = client.retry(RetryConfig::none()).build().unwrap();
    let list = ListDocuments::new().document_pattern("s3cr3t");
    let mut texts = vec![client.documents().list(list).await.unwrap_err().to_string()];
    let login = client.login("mona", "s3cr3t").await.unwrap_err();
    texts.push(chain(&login).lines().take(2).collect::<Vec<_>>().join("\n"));

    let server = dev::ordering([Fault::reset().times(1), Fault::silence()]).await;
    let client = dev::builder(&server).retry(RetryConfig::none()).build().unwrap();
    let lost = client.documents().list(ListDocuments::new()).await.unwrap_err();
    texts.push(lost.to_string().replace(server.url(), origin));
    let call = client.documents().list(ListDocuments::new());
    let late = call.attempt_timeout(std::time::Duration::from_millis(20)).await.unwrap_err();
    texts.push(late.to_string().replace(server.url(), origin));

    let text = texts.join("\n").replace(origin, "[origin]");
    assert!(!text.contains("prefix") && !text.contains("s3cr3t"), "{text}");
    insta::assert_snapshot!(text, @"
    /api/v1/documents: no connection could be made to [origin]; nothing listens there: is the server running?
    /api/v1/auth/login: the login could not be sent to [origin]; nothing listens there: is the server running?
    Connection refused (os error 111)
    /api/v1/documents: the connection to [origin] was lost before the answer came
    /api/v1/documents: no answer came from [origin] in time
    ");
}

#[tokio::test]
async fn a_login_that_is_bound_elsewhere_is_told_apart_from_other_refusals() {
    let bound =
        refused(dev::answer(403, r#"{"error":"forbidden","message":"workspace_id contradicts the token"}"#))
            .await;
    assert!(bound.is_bound_elsewhere() && bound.is_forbidden());
    assert!(bound.to_string().contains("with an API key"), "{bound}");
    let member = r#"{"code":"FORBIDDEN","message":"Forbidden","details":{"diagnostics":{"reason":"membership_required"}}}"#;
    let member = refused(dev::answer(403, member)).await;
    assert!(!member.is_bound_elsewhere());
    insta::assert_snapshot!(member, @"/api/v1/documents/{document_id}: 403 Forbidden [FORBIDDEN]; reason: membership_required; request r-1");
}

#[tokio::test]
async fn a_401_without_a_credential_says_so() {
    let server = DevServer::builder().start().await.unwrap();
    server
        .faults()
        .add(dev::answer(401, r#"{"error":"unauthorized","message":"Authentication required"}"#))
        .unwrap();
    let error =
        dev::builder(&server).build().unwrap().documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::unauthorized(false, false));
    insta::assert_snapshot!(error, @"/api/v1/documents: 401 Unauthorized: Authentication required [UNAUTHORIZED]; no credential was configured: set an API key (EDGEQUAKE_API_KEY) or log in; request r-1");
}

#[tokio::test]
async fn an_error_body_without_end_is_cut() {
    let endless =
        [b"HTTP/1.1 500 X\r\ncontent-length: 104857600\r\n\r\n".as_slice(), &vec![b'x'; 1 << 20]].concat();
    let server = Server::start(move |_, _| Act::Send(endless.clone())).await;
    let error = server.client().send(GetDocument::new("d-1")).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 500);
    assert!(error.to_string().len() < 1_200);
}

#[tokio::test]
async fn empty_successes_are_successes() {
    for fault in [dev::answer(204, ""), dev::answer(200, "")] {
        let server = dev::ordering([fault]).await;
        let client = dev::client(&server);
        client.auth().logout(None).await.unwrap();
        client.send(RevokeApiKey::new("k-1")).await.unwrap();
        client.documents().delete("d-1").await.unwrap();
    }
}

#[tokio::test]
async fn a_byte_order_mark_before_json_is_ignored() {
    let marked = dev::page(200, "application/json", "\u{FEFF}{\"documents\":[]}");
    let server = dev::ordering([marked]).await;
    let list = dev::client(&server).documents().list(ListDocuments::new()).await.unwrap();
    assert!(list.documents.is_empty());
}

#[tokio::test]
async fn a_body_that_is_cut_is_not_taken_as_complete() {
    let server = dev::ordering([Fault::truncate(10)]).await;
    let error = dev::client(&server).documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body, "{error:?}");
    assert!(error.is_retryable());
    // The text is complete, and the last chunk is missing.
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{\"documents\":[]}\r\n";
    let server = Server::start(|_, _| Act::SendAndClose(chunked.to_vec())).await;
    let error = server.client().documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body, "{error:?}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_names_the_place() {
    let wrong = r#"{"keys":[{"key_id":"k","prefix":"p","scopes":[]},{"key_id":"k","prefix":7}]}"#;
    let server = dev::ordering([dev::answer(200, wrong)]).await;
    let error = dev::client(&server).api_keys().list(ListApiKeys::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    insta::assert_snapshot!(chain(&error), @"
    /api/v1/api-keys: the answer cannot be read: the JSON field `keys[1].prefix` cannot be read; request r-1
    invalid type: integer, expected a string at line 1 column 73
    ");
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_told_with_what_came_and_from_whom() {
    const HTML: &str = "text/html; charset=utf-8";
    let long = format!("<title>{}</title>", "Sign in to the portal ".repeat(1_000));
    let mut texts = Vec::new();
    for (content_type, body) in [
        (HTML, "<html>welcome</html>"),
        (HTML, "<html><head><title>Log in</title></head><body>s3cr3t</body>"),
        (HTML, long.as_str()),
        ("text/plain", "Authorization: Bearer s3cr3t-0123456789 was received"),
        ("application/json", "<html><title>Gateway</title>"),
        ("application/x-www-form-urlencoded", "api_key=s3cr3t&x=y"),
        ("application/octet-stream", "\u{1}\u{2}"),
        ("text/html", r#"{"keys":"s3cr3t"}"#),
        ("application/json", r#"{"keys":"s3cr3t"}"#),
        ("application/json", r#"{"keys":[{"api_key":"s3cr3t""#),
        ("", ""),
    ] {
        let headers = [("content-type", content_type)];
        let headers = if content_type.is_empty() { &[][..] } else { &headers };
        let server = Server::answers([answer(200, headers, body.as_bytes())]).await;
        let error = server.client().api_keys().list(ListApiKeys::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(!format!("{error:?} {error:#?}").contains("s3cr3t"), "{error:?}");
        texts.push(error.to_string().replace(&server.url, "[origin]"));
    }
    insta::assert_snapshot!(texts.join("\n").replace("/api/v1/api-keys: the answer cannot be read: ", ""));
}

#[tokio::test(start_paused = true)]
async fn the_body_of_an_error_that_stops_is_waited_for_for_seconds() {
    // The beginning of a body that never ends: in silence, or a byte now and then.
    let stopping = |status: u16, content_type: &'static str, begin: Bytes, trickles: bool| {
        let transport = tower::service_fn(move |_: Request<RequestBody>| {
            let first = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(begin.clone()))]);
            let rest = futures_util::stream::unfold((), move |()| async move {
                if !trickles {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(Duration::from_secs(3)).await;
                Some((Ok(Frame::data(Bytes::from_static(b"x"))), ()))
            });
            let body = ResponseBody::new(StreamBody::new(first.chain(Box::pin(rest))));
            let answer = Response::builder().status(status).header("content-type", content_type);
            std::future::ready(Ok::<_, Infallible>(answer.body(body).unwrap()))
        });
        let client = Client::builder().retry(RetryConfig::none()).login("mona", "pw").timeout(None);
        client.build_on(transport).unwrap()
    };
    let long = "x".repeat(8 * 1024);
    let cut = format!("{}…", "x".repeat(1_000));
    let mut logins = Vec::new();
    for trickles in [false, true] {
        // One byte more comes in that time.
        for (status, begin, says, says_later) in [
            (500, Bytes::from(long.clone()), &*cut, &*cut),
            (404, Bytes::from_static(b"gone"), "gone", "gonex"),
            (503, Bytes::from_static(b"busy"), "busy", "busyx"),
            (503, Bytes::from_static(br#"{"code":"X","mess"#), "Service Unavailable", "Service Unavailable"),
            (401, Bytes::new(), "Unauthorized", "x"),
        ] {
            let plain = stopping(status, "text/plain", begin.clone(), trickles)
                .with_credentials(edgequake_client::auth::StaticKey::new("k1").unwrap());
            for streamed in [false, true] {
                let begun = tokio::time::Instant::now();
                let error = match streamed {
                    true => plain.query().stream("?").await.unwrap_err(),
                    false => plain.send(GetDocument::new("d-1")).await.unwrap_err(),
                };
                assert_eq!(error.status().unwrap(), status);
                assert!(begun.elapsed() <= Duration::from_secs(15), "{status}: {:?}", begun.elapsed());
                assert!(error.to_string().len() < 1_200, "{error}");
                assert_eq!(error.message(), Some(if trickles { says_later } else { says }), "{status}");
            }
            // A refusal of a login is told as such, however long its words take. Logins are on another thread, whose time goes by.
            let client = stopping(status, "text/plain", begin, trickles);
            logins.push(async move {
                let begun = std::time::Instant::now();
                let error = client.auth().me().await.unwrap_err();
                assert_eq!(error.credentials().unwrap().status().unwrap(), status, "{error:?}");
                assert!(begun.elapsed() <= Duration::from_secs(15), "{status}: {:?}", begun.elapsed());
            });
        }
        // A success that is no stream.
        let page = stopping(200, "text/html", Bytes::from_static(b"<title>Log in</title>"), trickles)
            .with_credentials(edgequake_client::auth::StaticKey::new("k1").unwrap());
        let begun = tokio::time::Instant::now();
        let error = page.query().stream("?").await.unwrap_err();
        assert!(error.to_string().contains("text/html (\"Log in\"), not text/event-stream"), "{error}");
        assert!(begun.elapsed() <= Duration::from_secs(10));
    }
    futures_util::future::join_all(logins).await;
}

#[tokio::test]
async fn nesting_without_end_is_an_error_and_no_crash() {
    let nested =
        format!(r#"{{"id":"d","status":"completed","chunk_count":0,"metadata":{}"#, "[".repeat(100_000));
    assert_eq!(refused(dev::answer(200, &nested)).await.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn a_redirect_is_an_error_that_names_the_place() {
    for status in [301, 302, 303, 307, 308] {
        let place = "https://eq.example.com/api/v1/documents?x=s3cr3t";
        let server = dev::ordering([dev::answer(status, "").header("location", place)]).await;
        let client = dev::client(&server);
        let get = client.documents().list(ListDocuments::new()).await.unwrap_err();
        let post = client.documents().upload_text(UploadText::new("x")).await.unwrap_err();
        for error in [get, post] {
            assert_eq!(error.kind(), ErrorKind::Redirect);
            let text = error.to_string();
            assert!(
                text.contains("https://eq.example.com/api/v1/documents") && !text.contains("s3cr3t"),
                "{text}"
            );
        }
        assert_eq!(server.stats().requests, 2, "{status}");
    }
}

#[test]
fn a_wait_of_more_than_a_year_is_told_as_that() {
    let told = |wait| Error::new(ErrorKind::RateLimited).with_retry_after(wait).to_string();
    for endless in [edgequake_auth::LONGEST_WAIT, Duration::MAX] {
        assert!(told(endless).ends_with("; retry after more than 366 days"), "{}", told(endless));
    }
    assert!(told(Duration::from_millis(1500)).ends_with("; retry after 2 s"));
}
