//! The endpoints below `/__dev`, and who may call the server at all.

use http::Method;
use serde_json::{Value, json};

use edgequake_types::documents::ListDocuments;
use edgequake_types::session::Me;

use crate::support::{Answer, Api, PASSWORD, USER, with_users};

fn value(answer: &Answer) -> Value {
    assert!(answer.status.is_success(), "{answer}");
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn faults_are_ordered_listed_and_ended() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let fault = r#"{"on": "GET /live", "times": 1, "effect": {"status": {"code": 503}}}"#;
    let added = api.post("/__dev/faults", fault).await;
    assert_eq!((added.status.as_u16(), value(&added)), (201, json!({"ids": [1]})));
    let many = format!("[{fault}, {{\"effect\": \"delay\"}}]");
    assert_eq!(value(&api.post("/__dev/faults", &many).await), json!({"ids": [2, 3]}));
    assert_eq!(api.get("/live").await.status, 503);
    let active = value(&api.get("/__dev/faults").await);
    assert_eq!(active[0]["id"], 2);
    assert_eq!(active[1]["fault"]["effect"], "delay");
    assert_eq!(api.raw(Method::DELETE, "/__dev/faults/2", "", "").await.status, 204);
    assert_eq!(api.raw(Method::DELETE, "/__dev/faults/2", "", "").await.status, 404);
    assert_eq!(api.raw(Method::DELETE, "/__dev/faults", "", "").await.status, 204);
    assert_eq!(value(&api.get("/__dev/faults").await), json!([]));
    for (body, message) in [
        ("{", "The body does not fit: EOF while parsing an object at line 1 column 1"),
        (r#"{"effect": "explode"}"#, "The body does not fit: unknown variant `explode`"),
        (r#"{"effekt": "delay"}"#, "The body does not fit: unknown field `effekt`"),
        (r#"{"on": "Qwery", "effect": "delay"}"#, "`on` names no operation of this server: \"Qwery\""),
    ] {
        let refused = api.post("/__dev/faults", body).await;
        assert_eq!(refused.cause(), "400 BAD_REQUEST");
        assert!(refused.error().message.starts_with(message), "{}", refused.error().message);
    }
}

#[tokio::test]
async fn hits_are_known_after_the_end_of_a_fault() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let fault = |times: u64| {
        json!({"on": "GET /live", "times": times, "effect": {"status": {"code": 503}}}).to_string()
    };
    for times in [1, 2, 2, 2] {
        api.post("/__dev/faults", &fault(times)).await;
    }
    for _ in 0..2 {
        assert_eq!(api.get("/live").await.status, 503);
    }
    assert_eq!(value(&api.get("/__dev/faults/1").await), json!({"hits": 1, "active": false}));
    assert_eq!(value(&api.get("/__dev/faults/2").await), json!({"hits": 1, "active": true}));
    api.raw(Method::DELETE, "/__dev/faults/2", "", "").await;
    assert_eq!(value(&api.get("/__dev/faults/2").await), json!({"hits": 1, "active": false}));
    assert_eq!(api.get("/live").await.status, 503);
    api.raw(Method::DELETE, "/__dev/faults", "", "").await;
    assert_eq!(value(&api.get("/__dev/faults/3").await), json!({"hits": 1, "active": false}));
    for unknown in ["5", "x"] {
        assert_eq!(api.get(&format!("/__dev/faults/{unknown}")).await.status, 404);
    }
    api.post("/__dev/reset", "").await;
    assert_eq!(api.get("/__dev/faults/1").await.status, 404);
}

#[tokio::test]
async fn the_log_and_events_are_there_for_other_languages() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).in_default().logged_in(USER).await;
    let log = value(&api.get("/__dev/log").await);
    assert_eq!(log.as_array().unwrap().len(), 1);
    for (field, expected) in [
        ("method", json!("POST")),
        ("path", json!("/api/v1/auth/login")),
        ("operation", json!("/api/v1/auth/login")),
        ("status", json!(200)),
        ("answered", json!(true)),
        ("credential", json!("none")),
        ("tenant", json!("default")),
    ] {
        assert_eq!(log[0][field], expected, "{field}");
    }
    assert!(log[0]["duration_ms"].is_u64());

    let mut stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(b"GET /__dev/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    while !lines.next_line().await.unwrap().unwrap().is_empty() {}
    let uploaded = api.ok(&edgequake_types::documents::UploadText::new("Cats sleep.")).await;
    let mut stages = Vec::new();
    while stages.last().is_none_or(|stage| stage != "completed") {
        let line = lines.next_line().await.unwrap().unwrap();
        let Some(event) = line.strip_prefix("data: ") else { continue };
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(event["document_id"], json!(uploaded.document_id));
        stages.push(event["stage"].as_str().unwrap().to_owned());
    }
    assert!(stages.contains(&"embedding".to_owned()), "{stages:?}");
}

#[tokio::test]
async fn a_list_is_taken_as_a_whole_or_not_at_all() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).in_default();
    let faults = r#"[{"effect": "delay"}, {"on": "Qwery", "effect": "delay"}]"#;
    assert_eq!(api.post("/__dev/faults", faults).await.cause(), "400 BAD_REQUEST");
    let many = json!(vec![json!({"effect": "delay"}); 1001]).to_string();
    assert_eq!(api.post("/__dev/faults", &many).await.cause(), "400 BAD_REQUEST");
    assert!(server.faults().active().is_empty());
    let documents = r#"[{"title": "Cats", "content": "They sleep."}, {"title": "Blank", "content": " "}]"#;
    let refused = api.post("/__dev/seed", documents).await;
    assert_eq!(
        (refused.cause().as_str(), refused.error().message.as_str()),
        ("400 BAD_REQUEST", "the document \"Blank\" is blank")
    );
    assert_eq!(api.logged_in(USER).await.ok(&ListDocuments::new()).await.total, 0);
}

#[tokio::test]
async fn bodies_are_bounded() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).in_default();
    let fault = |length: usize| {
        json!({"on": "GET /live", "effect": {"status": {"code": 503, "body": "x".repeat(length)}}})
            .to_string()
    };
    assert_eq!(api.post("/__dev/faults", &fault(8 << 20)).await.cause(), "400 BAD_REQUEST");
    assert_eq!(api.post("/__dev/faults", &format!(" \n[{}]", fault(7 << 20))).await.status, 201);
    // Documents may be larger together.
    let documents =
        json!([{"title": "Bridge", "content": "It opened in 1931.", "metadata": {"x": "y".repeat(9 << 20)}}]);
    assert_eq!(api.post("/__dev/seed", &documents.to_string()).await.status, 201);
}

#[tokio::test]
async fn everything_else_that_tests_need() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).in_default();
    assert_eq!(api.post("/__dev/requests", r#"{"recording": true}"#).await.status, 204);
    let mona = api.logged_in(USER).await;
    let seed = json!([{"title": "Bridge", "content": "It opened in 1931."}, {"title": "Cats", "content": "They sleep."}]);
    assert_eq!(
        value(&api.post("/__dev/seed", &seed.to_string()).await)["document_ids"].as_array().unwrap().len(),
        2
    );
    assert_eq!(mona.ok(&ListDocuments::new()).await.total, 2);
    assert_eq!(api.post("/__dev/seed", r#"{"title": "x", "content": " "}"#).await.cause(), "400 BAD_REQUEST");

    let requests = value(&api.get("/__dev/requests").await);
    assert_eq!(requests[0]["body"]["json"], json!({"username": USER, "password": "[redacted]"}));
    assert_eq!(requests.as_array().unwrap().len(), 2, "the endpoints themselves are not recorded");
    assert_eq!(value(&api.get("/__dev/stats").await)["logins"], 1);
    let sessions = value(&api.get("/__dev/sessions").await);
    assert_eq!((sessions[0]["refreshes"].as_u64(), &sessions[0]["end"]), (Some(0), &Value::Null));
    assert_eq!(value(&api.get("/__dev/ledger").await)[0]["event"], "logged_in");

    let before = value(&api.get("/__dev/clock").await)["now"].as_str().unwrap().to_owned();
    let moved = api.post("/__dev/clock", r#"{"advance_ms": 86400000}"#).await;
    assert!(value(&moved)["now"].as_str().unwrap() > before.as_str());
    assert_eq!(mona.send(&Me::new()).await.status, 401);
    let mona = api.logged_in(USER).await;
    assert_eq!(api.post("/__dev/sessions/expire", "").await.status, 204);
    assert_eq!(mona.send(&Me::new()).await.status, 401);
    assert_eq!(api.post("/__dev/sessions/revoke", "").await.status, 204);
    assert_eq!(value(&api.get("/__dev/sessions").await)[1]["end"]["entry"]["event"], "revoked");
    assert_eq!(api.raw(Method::DELETE, "/__dev/requests", "", "").await.status, 204);
    assert_eq!(value(&api.get("/__dev/requests").await), json!([]));

    assert_eq!(api.post("/__dev/reset", "").await.status, 204);
    assert_eq!(value(&api.get("/__dev/stats").await)["requests"], 0);
    assert_eq!(api.logged_in(USER).await.ok(&ListDocuments::new()).await.total, 0);
    let help = api.get("/__dev").await;
    assert!(String::from_utf8_lossy(&help.body).contains("/__dev/reset"));
    assert_eq!(api.get("/__dev/nothing").await.status, 404);
    assert_eq!(api.get("/__developer").await.status, 404);
}

#[tokio::test]
async fn no_web_page_reaches_the_server() {
    let server =
        with_users().allow_host("Dev.Test").allow_origin("http://localhost:3000").start().await.unwrap();
    let api = Api::new(&server);
    for (name, text, status) in [
        ("host", "evil.test", 403),
        ("host", "evil.test:8080", 403),
        ("host", "dev.test", 200),
        ("host", "localhost:1", 200),
        ("origin", "https://evil.test", 403),
        ("origin", "null", 403),
        ("origin", "http://localhost:3000", 200),
    ] {
        for path in ["/live", "/__dev/stats"] {
            assert_eq!(api.with(name, text).get(path).await.status, status, "{name}: {text}");
        }
    }
    let login = json!({"username": USER, "password": PASSWORD}).to_string();
    let refused = api.with("host", "evil.test").post("/api/v1/auth/login", &login).await;
    assert_eq!(refused.status, 403);
    assert_eq!(server.stats().logins, 0);
    assert_eq!(
        String::from_utf8_lossy(&refused.body),
        "The host is neither an address nor a loopback name; allow it with --allow-host"
    );
}

#[tokio::test]
async fn pages_of_an_allowed_origin_may_ask_and_read() {
    let server = with_users().allow_origin("http://localhost:3000").start().await.unwrap();
    let page = Api::new(&server).with("origin", "http://localhost:3000");
    let asking = page
        .with("access-control-request-method", "DELETE")
        .with("access-control-request-headers", "authorization,x-tenant-id");
    let answer = asking.raw(Method::OPTIONS, "/api/v1/documents/x", "", "").await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("access-control-allow-methods").contains("DELETE"));
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,x-tenant-id");
    for answer in
        [answer, page.get("/live").await, page.send(&Me::new()).await, page.get("/__dev/stats").await]
    {
        assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:3000", "{answer}");
        assert_eq!(answer.header("vary"), "origin");
    }
    // Others learn nothing, and a request without an origin is answered as before.
    let other = asking.with("origin", "https://evil.test");
    let refused = other.raw(Method::OPTIONS, "/live", "", "").await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (403, ""));
    let plain = Api::new(&server);
    assert_eq!(plain.get("/live").await.header("access-control-allow-origin"), "");
    assert_eq!(plain.raw(Method::OPTIONS, "/live", "", "").await.status, 405);
}

#[tokio::test]
async fn a_server_listens_elsewhere_only_when_told_to() {
    let server = with_users().ip("0.0.0.0".parse().unwrap()).start().await.unwrap();
    assert!(server.addr().ip().is_unspecified());
    assert_eq!(server.url(), format!("http://127.0.0.1:{}", server.addr().port()));
    assert_eq!(Api::new(&server).get("/live").await.status, 200);
    let server = with_users().ip("::1".parse().unwrap()).start().await.unwrap();
    assert_eq!(server.url(), format!("http://[::1]:{}", server.addr().port()));
    assert_eq!(Api::new(&server).get("/__dev/stats").await.status, 200);
}
