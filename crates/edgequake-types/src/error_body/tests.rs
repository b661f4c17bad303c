use super::text::MESSAGE_LIMIT;
use super::*;

fn read(status: u16, body: &[u8]) -> ErrorBody {
    ErrorBody::read(StatusCode::from_u16(status).unwrap(), body)
}

fn said(status: u16, body: &str) -> (String, String) {
    let error = read(status, body.as_bytes());
    (error.code, error.message)
}

fn pair(code: &str, message: &str) -> (String, String) {
    (code.to_owned(), message.to_owned())
}

#[test]
fn every_shape_on_the_wire() {
    for (status, body, code, message) in [
        // Handlers, first servers.
        (404, r#"{"code":"NOT_FOUND","message":"Not found: user 41"}"#, "NOT_FOUND", "Not found: user 41"),
        // Authentication layer.
        (
            403,
            r#"{"error":"forbidden","message":"workspace_id differs"}"#,
            "FORBIDDEN",
            "workspace_id differs",
        ),
        // Rate limiter.
        (
            429,
            r#"{"error":"rate_limit_exceeded","message":"slow down","retry_after_seconds":null,"error_code":"RATE_LIMITED"}"#,
            "RATE_LIMITED",
            "slow down",
        ),
        // Ollama gate.
        (503, r#"{"code":"SERVICE_UNAVAILABLE","message":"off"}"#, "SERVICE_UNAVAILABLE", "off"),
        // Extractors.
        (
            422,
            "Failed to deserialize: missing field `name`",
            "VALIDATION_ERROR",
            "Failed to deserialize: missing field `name`",
        ),
        (
            415,
            "Expected request with `Content-Type: application/json`",
            "HTTP_415",
            "Expected request with `Content-Type: application/json`",
        ),
        // Router.
        (404, "", "NOT_FOUND", "Not Found"),
        (405, "", "HTTP_405", "Method Not Allowed"),
        // Authentication crate.
        (401, r#"{"error":"token_expired","message":"expired","details":"exp"}"#, "TOKEN_EXPIRED", "expired"),
        // RFC 9457 as documented.
        (
            404,
            r#"{"type":"https://edgequake.dev/problems/not-found","title":"Not Found","detail":"no such thing"}"#,
            "NOT_FOUND",
            "no such thing",
        ),
        // Proxies.
        (
            502,
            "<html><head><title>502 Bad Gateway</title></head><body>x</body></html>",
            "HTTP_502",
            "502 Bad Gateway",
        ),
        (502, "<html><body><h1>Oops</h1>\n<p>try later</p></body></html>", "HTTP_502", "Oops try later"),
        (500, r#"{"error":{"message":"M","code":"C"}}"#, "C", "M"),
        (500, r#"{"error":"something went wrong"}"#, "INTERNAL_ERROR", "something went wrong"),
        (500, r#""just text""#, "INTERNAL_ERROR", "just text"),
        (500, "[1,2]", "INTERNAL_ERROR", "[1,2]"),
        (500, r#"{"message":7,"code":null}"#, "INTERNAL_ERROR", "Internal Server Error"),
        (599, "", "HTTP_599", "no further text"),
        // Other frameworks and gateways.
        (422, r#"{"detail":[{"msg":"M"}]}"#, "VALIDATION_ERROR", "M"),
        (
            422,
            r#"{"detail":[{"loc":["body","tags",0],"msg":"Field required","type":"missing"},{"msg":"N"}]}"#,
            "VALIDATION_ERROR",
            "body.tags.0: Field required; N",
        ),
        (400, r#"{"detail":"M"}"#, "BAD_REQUEST", "M"),
        (400, r#"{"detail":{"message":"M","code":"C"}}"#, "C", "M"),
        (400, r#"{"code":"C","detail":{"message":"M"}}"#, "C", "M"),
        (
            400,
            r#"{"message":["name is blank","size is 0"],"error":"Bad Request","statusCode":400}"#,
            "BAD_REQUEST",
            "name is blank; size is 0",
        ),
        (400, r#"{"errors":[{"title":"T","detail":"M"}]}"#, "BAD_REQUEST", "M"),
        (400, r#"{"title":"T","errors":{"name":["is required"]}}"#, "BAD_REQUEST", "name: is required"),
        (400, r#"{"error":"invalid_grant","error_description":"M"}"#, "INVALID_GRANT", "M"),
        (500, r#"[{"message":"M"}]"#, "INTERNAL_ERROR", "M"),
        (500, r#"{"msg":"M"}"#, "INTERNAL_ERROR", "M"),
        (500, r#"{"detail":[],"title":"T"}"#, "INTERNAL_ERROR", "T"),
        (500, r#"{"detail":[[[[[["too deep"]]]]]]}"#, "INTERNAL_ERROR", "Internal Server Error"),
        (
            502,
            "<html><style>b{}</style><body><!-- x > y --><script>if (a<b) {}</script><p>M</p>",
            "HTTP_502",
            "M",
        ),
    ] {
        assert_eq!(said(status, body), pair(code, message), "{status} {body}");
    }
}

#[test]
fn a_code_is_one_word() {
    let long = "X".repeat(65);
    for (code, read_as) in [
        ("parse.too_large", "PARSE.TOO_LARGE"),
        ("token-reuse", "TOKEN_REUSE"),
        ("é", "BAD_REQUEST"),
        ("a b", "BAD_REQUEST"),
        ("a\\u001b", "BAD_REQUEST"),
        (&long, "BAD_REQUEST"),
    ] {
        assert_eq!(said(400, &format!(r#"{{"code":"{code}","message":"m"}}"#)), pair(read_as, "m"));
    }
}

#[test]
fn a_yes_to_another_try_is_the_servers_own_and_a_no_anybodys() {
    for (body, said) in [
        (r#"{"code":"SERVICE_UNAVAILABLE","message":"m","details":{"retryable":true}}"#, Some(true)),
        (r#"{"code":"read_path_busy","message":"m","details":{"retryable":true}}"#, Some(true)),
        // The rate limiter's form, which comes with 429.
        (r#"{"error":"rate_limit_exceeded","error_code":"RATE_LIMITED","retryable":true}"#, None),
        (r#"{"retryable":true}"#, None),
        (r#"{"message":"m","retryable":true}"#, None),
        (r#"{"code":"UPSTREAM","message":"m","retryable":true}"#, None),
        (r#"{"code":503,"message":"m","details":{"retryable":true}}"#, None),
        (r#"{"code":"UPSTREAM","details":{"retryable":true}}"#, None),
        (r#"{"error":"unavailable","message":"m","retryable":true}"#, None),
        (r#"{"error":{"code":"C","message":"m","details":{"retryable":true}}}"#, None),
        (r#"{"detail":{"code":"C","message":"m","details":{"retryable":true}}}"#, None),
        (r#"{"code":"C","message":"m","details":{"retryable":"true"}}"#, None),
        (r#"{"code":"C","message":"m","details":{"retryable":false},"retryable":true}"#, Some(false)),
        (r#"{"message":"m","retryable":false}"#, Some(false)),
        (r#"{"error":{"message":"m","retryable":false}}"#, Some(false)),
        (r#"{"error":{"message":"m"},"retryable":false}"#, Some(false)),
        (r#"{"error":{"message":"m"},"details":{"retryable":false}}"#, Some(false)),
        (r#"{"error":{"details":{"retryable":false}},"message":"m"}"#, Some(false)),
        (r#"{"detail":{"message":"m","retryable":false},"code":"C"}"#, Some(false)),
        (r#"{"message":"m","details":{"retryable":true},"retryable":false}"#, Some(false)),
        (r#"{"code":"C","message":"m","details":{"retryable":true},"retryable":false}"#, Some(false)),
        (r#"{"error":"e","error_code":"C","details":{"retryable":false},"retryable":true}"#, Some(false)),
    ] {
        assert_eq!(read(503, body.as_bytes()).retryable, said, "{body}");
    }
}

#[test]
fn the_form_of_the_rate_limiter_is_believed_with_its_status_only() {
    let body =
        br#"{"error":"rate_limit_exceeded","message":"m","error_code":"RATE_LIMITED","retryable":true}"#;
    assert_eq!(read(429, body).retryable, Some(true));
    assert_eq!(read(503, body).retryable, None);
}

#[test]
fn problem_json_with_diagnostics() {
    let error = read(
        503,
        br#"{"code":"SERVICE_UNAVAILABLE","message":"busy","status":503,"details":{"request_id":"5b6f","error_code":"SERVICE_UNAVAILABLE",
            "http_status":503,"retryable":true,"source":"storage","diagnostics":{"kind":"pressure","reason":"transient_congestion","retry_after_secs":30}}}"#,
    );
    assert_eq!(error.request_id.as_deref(), Some("5b6f"));
    assert_eq!(error.retry_after_seconds, Some(30));
    assert_eq!(error.retryable, Some(true));
    assert_eq!(error.reason_text(), Some("transient_congestion"));
}

#[test]
fn waits_are_read_from_wherever_they_stand() {
    for (body, wait) in [
        (r#"{"retry_after_seconds":2}"#, Some(2)),
        (r#"{"error":{"message":"m"},"retry_after_seconds":30}"#, Some(30)),
        (r#"{"error":{"message":"m"},"details":{"retry_after_ms":1500}}"#, Some(2)),
        (r#"{"error":{"retry_after_seconds":30},"message":"m"}"#, Some(30)),
        (r#"{"error":{"message":"m","retry_after_seconds":3},"retry_after_seconds":30}"#, Some(3)),
        (r#"{"retry_after_seconds":1.2}"#, Some(2)),
        (r#"{"retry_after_seconds":"7"}"#, Some(7)),
        (r#"{"retry_after_seconds":null}"#, None),
        (r#"{"retry_after_seconds":-1}"#, None),
        (r#"{"details":{"retry_after_ms":1500}}"#, Some(2)),
        (r#"{"details":{"retry_after_secs":9}}"#, Some(9)),
    ] {
        assert_eq!(read(503, body.as_bytes()).retry_after_seconds, wait, "{body}");
    }
}

#[test]
fn the_placeholder_is_no_request_id() {
    assert_eq!(read(500, br#"{"request_id":"unknown"}"#).request_id, None);
}

#[test]
fn binary_huge_and_hostile_bodies_stay_harmless() {
    assert_eq!(read(500, b"\x1f\x8b\x08\x00\x00").message, "5 bytes that are not text");
    assert_eq!(read(500, "a\u{1b}[31mb".as_bytes()).message, "7 bytes that are not text");
    assert_eq!(read(500, br#"{"message":"a\u001b[31mb\nc"}"#).message, "a [31mb c");
    let long = read(500, "é ".repeat(10_000).as_bytes()).message;
    assert!(long.len() <= MESSAGE_LIMIT + 3 && long.ends_with('…'), "{}", long.len());
    let nested = "[".repeat(100_000);
    assert!(read(500, nested.as_bytes()).message.len() <= MESSAGE_LIMIT + 3);
}

#[test]
fn what_is_written_is_read() {
    let error = ErrorBody::new("RATE_LIMITED", "slow down").retry_after_seconds(4).request_id("r-9");
    for shape in [ErrorShape::Problem, ErrorShape::RateLimiter] {
        let (_, body) = error.write(StatusCode::TOO_MANY_REQUESTS, shape);
        let read = ErrorBody::read(StatusCode::TOO_MANY_REQUESTS, &body);
        assert_eq!(
            (read.code, read.message, read.retry_after_seconds, read.request_id),
            (error.code.clone(), error.message.clone(), Some(4), Some("r-9".to_owned())),
            "{shape:?}"
        );
    }
    let (content_type, body) = ErrorBody::new("UNAUTHORIZED", "Authentication required")
        .reason("token_reuse")
        .request_id("r-1")
        .write(StatusCode::UNAUTHORIZED, ErrorShape::Problem);
    assert_eq!(content_type, "application/problem+json");
    insta::assert_snapshot!(String::from_utf8(body.to_vec()).unwrap(), @r#"{"code":"UNAUTHORIZED","details":{"diagnostics":{"reason":"token_reuse"},"error_code":"UNAUTHORIZED","http_status":401,"request_id":"r-1","retryable":false,"source":"api"},"message":"Authentication required","status":401,"title":"Unauthorized","type":"https://edgequake.dev/problems/unauthorized"}"#);
}

#[test]
fn the_first_words_say_what_came_and_nothing_secret() {
    for (body, words) in [
        ("<html><head><title>\n Welcome to nginx! </title></head>", Some("Welcome to nginx!")),
        ("<html><body><h1>502 Bad Gateway</h1><hr>x", Some("502 Bad Gateway x")),
        ("\u{feff}\n<HTML><TITLE>Anmeldung – Größe</TITLE>", Some("Anmeldung – Größe")),
        ("not found", Some("not found")),
        ("Authorization: Bearer eq_0123456789 then", Some("Authorization: Bearer … then")),
        ("access_token=a1b2&refresh_token=c3", None),
        ("token: abcdefghijklmnopqrstuvwxyz 123456", Some("token: …")),
        (
            &"word ".repeat(100),
            Some("word word word word word word word word word word word word word word word word"),
        ),
        ("", None),
        (" \r\n", None),
        (r#"{"access_token":"a"}"#, None),
        (r#"{"access_token":"a"#, None),
        ("[1]", None),
        ("\"a b\"", None),
        ("null", None),
        ("12", None),
        ("a\u{1b}[31mb", None),
        ("<html><head><link rel=x>", None),
    ] {
        assert_eq!(first_words(body.as_bytes()).as_deref(), words, "{body}");
    }
    assert_eq!(first_words(b"\x1f\x8b\x08 text"), None);
    assert_eq!(first_words("gr\u{f6}".as_bytes().get(..3).unwrap()).as_deref(), Some("gr"));
    let long = format!("<title>{}</title>", "wort ".repeat(100_000));
    assert!(first_words(long.as_bytes()).unwrap().len() <= 84);
}
