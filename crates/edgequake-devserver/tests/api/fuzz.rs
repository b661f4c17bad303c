//! Random requests get a response, and never an internal error.

use axum::body::Body;
use edgequake_devserver::{Backend, DevServer, Era, Role};
use edgequake_types::OPERATIONS;
use http::Request;
use http_body_util::BodyExt;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use tower::ServiceExt;

/// The paths of all operations, with a parameter in each place of one, and of some that are not served.
fn paths() -> Vec<String> {
    let declared = OPERATIONS.iter().copied().flatten().map(|operation| operation.path);
    let unserved = [
        "/api/v1/documents/search",
        "/api/v1/conversations/{conversation_id}",
        "/api/v1/folders",
        "/api/v1/graph",
        "/api/v1/graph/entities",
        "/api/v1/models",
        "/api/v1/models/{provider}/{model}",
        "/api/v1/query/context",
        "/ws/progress/{track_id}",
        "/nowhere",
    ];
    let filled = |path: &str| {
        let fill =
            |segment: &str| if segment.starts_with('{') { "{}".to_owned() } else { segment.to_owned() };
        path.split('/').map(fill).collect::<Vec<_>>().join("/")
    };
    declared.chain(unserved).map(filled).collect()
}

/// A header: one that a server or a library may read, or any other.
fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let known = prop::sample::select(vec![
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "if-none-match",
        "last-event-id",
        "origin",
        "range",
        "sec-websocket-key",
        "sec-websocket-version",
        "te",
        "transfer-encoding",
        "upgrade",
        "x-api-key",
        "x-edgequake-setup-token",
        "x-request-id",
        "x-tenant-id",
        "x-user-id",
        "x-workspace-id",
    ]);
    let name = prop_oneof![4 => known.prop_map(str::to_owned), 1 => "[a-z][a-z0-9-]{0,30}"];
    let usual = prop::sample::select(vec![
        "",
        "0",
        "-1",
        "18446744073709551616",
        "100-continue",
        "close",
        "keep-alive, upgrade",
        "websocket",
        "chunked",
        "gzip",
        "eq_0123456789abcdef",
        "session=a.b.c; access_token=\"x",
        "bytes=5-2",
        "default",
        "*",
    ]);
    let value = prop_oneof![
        2 => usual.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..300),
    ];
    (name, value)
}

/// A request that is almost valid.
fn requests() -> impl Strategy<Value = Request<Body>> {
    let id = prop_oneof![
        Just("default".to_owned()),
        Just("00000000-0000-0000-0000-000000000002".to_owned()),
        Just("00000000-0000-0000-0000-000000000003".to_owned()),
        "[a-z%0-9]{1,8}",
        "[!-~]{1,400}",
        "(%[0-9a-f]{2}){1,80}",
    ];
    let field = prop::sample::select(vec![
        "username",
        "email",
        "password",
        "role",
        "name",
        "slug",
        "content",
        "title",
        "query",
        "mode",
        "metadata",
        "scopes",
        "expires_in_days",
        "document_filter",
        "max_results",
        "refresh_token",
        "stream_format",
    ]);
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just(r#"["read","*"]"#.to_owned()),
        Just(r#"{"document_ids":["x"],"document_pattern":","}"#.to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("-1".to_owned()),
        "\\PC{0,12}".prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    let object = prop::collection::btree_map(field, value, 0..5).prop_map(|fields| {
        let fields: Vec<String> =
            fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    });
    let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.md\"\r\n\r\n# a\n\nb\r\n--b--\r\n";
    let body = prop_oneof![4 => object, 1 => Just(form.to_owned()), 1 => "\\PC{0,40}"];
    let method =
        prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"]);
    let content_type =
        prop::sample::select(vec!["application/json", "multipart/form-data; boundary=b", "text/plain", ""]);
    let credential =
        prop::sample::select(vec!["Bearer master", "Bearer a.b.c", "Bearer eq_0123456789abc", "Basic x"]);
    let query = prop_oneof![Just(String::new()), "\\?(page|page_size|offset|limit|status)=[0-9a-z%-]{0,20}"];
    let scope = prop_oneof![Just("default".to_owned()), Just(String::new()), "[ -~]{1,20}"];
    let more = prop::collection::vec(header(), 0..4);
    let path = prop::sample::select(paths());
    (method, path, id, query, content_type, credential, scope, (more, body)).prop_filter_map(
        "a URI",
        |(method, path, id, query, content_type, credential, scope, (more, body))| {
            let uri = format!("{}{query}", path.replace("{}", &id));
            let request = Request::builder().method(method).uri(uri).header("content-type", content_type);
            let request = request.header("authorization", credential).header("x-workspace-id", scope);
            let request =
                more.into_iter().fold(request, |request, (name, value)| request.header(name, value));
            request.header("x-tenant-id", "default").body(Body::from(body)).ok()
        },
    )
}

fn backends() -> Vec<Backend> {
    let backend = |auth, era| {
        let builder = DevServer::builder().auth(auth).era(era).master_key("master");
        builder.user("ada", "ada@corp.test", "correct horse", Role::Admin).build().unwrap()
    };
    vec![backend(true, Era::C), backend(false, Era::C), backend(true, Era::B), backend(false, Era::B)]
}

#[test]
fn random_requests_never_cause_internal_errors() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let backends = backends();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) };
    // The requests are the same each time, because their statuses are asserted below.
    let random = TestRng::deterministic_rng(RngAlgorithm::default());
    let mut runner = TestRunner::new_with_rng(config, random);
    let strategy = (requests(), 0..backends.len());
    let mut seen = std::collections::BTreeSet::new();
    let checked = std::cell::RefCell::new(&mut seen);
    runner
        .run(&strategy, |(request, at)| {
            let shown = format!("{} {}", request.method(), request.uri());
            runtime.block_on(async {
                let response = backends[at].service().oneshot(request).await.unwrap();
                let status = response.status();
                checked.borrow_mut().insert(status.as_u16());
                // There is no identity provider, which is told as on the real server.
                let is_told = status == 501 || (status == 503 && shown.contains("/auth/oidc/login"));
                prop_assert!(!status.is_server_error() || is_told, "{} {}", shown, status);
                prop_assert!(response.headers().contains_key("x-request-id"));
                // Streams end, too.
                let body = response.into_body().collect().await.unwrap().to_bytes();
                prop_assert!(status != 204 || body.is_empty());
                Ok(())
            })
        })
        .unwrap();
    // Some requests fail each check, and some pass all of them.
    for status in [200, 400, 401, 404, 405, 415, 422, 501] {
        assert!(seen.contains(&status), "{status} is not in {seen:?}");
    }
}

/// What a socket may receive: garbage, requests with any headers, and requests to the endpoints for tests that are almost valid.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let path = prop::sample::select(vec![
        "",
        "/",
        "/faults",
        "/faults/1",
        "/faults/%ff",
        "/ledger",
        "/sessions/revoke",
        "/clock",
        "/requests",
        "/seed",
        "/reset",
        "/%2e%2e/live",
        "/nothing",
    ]);
    let body = prop_oneof![
        Just(r#"{"advance_ms":18446744073709551615}"#.to_owned()),
        Just(r#"{"recording":true}"#.to_owned()),
        Just(r#"{"title":"a","content":"b","tenant_id":"x"}"#.to_owned()),
        Just(r#"{"effect":{"slow_body":{"bytes":18446744073709551615,"pause_ms":0}},"times":1}"#.to_owned()),
        Just(r#"{"effect":{"truncate":{"keep":18446744073709551615}},"probability":1e300}"#.to_owned()),
        Just(r#"{"effect":{"cut_stream":{"after":0}},"delay_ms":-1}"#.to_owned()),
        "\\PC{0,40}",
    ];
    let method = prop::sample::select(vec!["GET", "POST", "DELETE", "PUT"]);
    let request = (method.clone(), path, body).prop_map(|(method, path, body)| {
        let head = format!("{method} /__dev{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    });
    let place = prop::sample::select(paths());
    let odd = (method, place, prop::collection::vec(header(), 0..6), "\\PC{0,40}").prop_map(
        |(method, place, headers, body)| {
            let place = place.replace("{}", "default");
            let mut bytes = format!("{method} {place} HTTP/1.1\r\nhost: localhost\r\n").into_bytes();
            for (name, value) in headers {
                bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
            }
            [bytes, format!("connection: close\r\n\r\n{body}").into_bytes()].concat()
        },
    );
    prop_oneof![3 => request, 3 => odd, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

#[test]
fn no_bytes_stop_a_server() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(DevServer::builder().start()).unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
    TestRunner::new(config)
        .run(&bytes(), |bytes| {
            runtime.block_on(async {
                let mut stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
                // The server may have hung up already.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer).await;
                let answer = String::from_utf8_lossy(&answer);
                let is_told = answer.starts_with("HTTP/1.1 501") || answer.contains("oidc_disabled");
                prop_assert!(is_told || !answer.starts_with("HTTP/1.1 5"), "{}", answer);
                Ok(())
            })
        })
        .unwrap();
    runtime.block_on(async {
        server.faults().clear();
        assert_eq!(crate::support::Api::new(&server).get("/live").await.status, 200);
    });
}
