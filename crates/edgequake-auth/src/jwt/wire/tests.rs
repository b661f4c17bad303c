use http::header::RETRY_AFTER;

use super::*;

fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

/// Kind, code and text of what an answer means.
fn means(step: Step, status: u16, body: &str) -> String {
    let error = error_answer(step, &answer(status, body), &[&Secret::new("s3cr3t")]);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    format!("{:?} {}: {error}", error.kind(), error.code().unwrap_or("-"))
}

fn wire_form(request: &Request<Bytes>) -> String {
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    format!(
        "{} {}\n{}\n\n{}",
        request.method(),
        request.uri(),
        headers.join("\n"),
        String::from_utf8_lossy(request.body())
    )
}

#[test]
fn the_three_requests() {
    insta::assert_snapshot!(wire_form(&request(&Login::new("mona@corp.test", "pw")).unwrap()), @r#"
    POST /api/v1/auth/login
    accept: application/json
    content-type: application/json

    {"username":"mona@corp.test","email":"mona@corp.test","password":"pw"}
    "#);
    insta::assert_snapshot!(wire_form(&request(&Refresh::new("r1")).unwrap()), @r#"
    POST /api/v1/auth/refresh
    accept: application/json
    content-type: application/json

    {"refresh_token":"r1"}
    "#);
    insta::assert_snapshot!(wire_form(&request(&Logout::new(None)).unwrap()), @r#"
    POST /api/v1/auth/logout
    accept: */*
    content-type: application/json

    {}
    "#);
}

#[test]
fn what_each_refusal_of_a_login_means() {
    let table = [401, 403, 423, 400, 404, 408, 415, 422, 429, 500, 501, 502, 503, 302]
        .map(|status| format!("{status} {}", means(Step::Login, status, "")));
    insta::assert_snapshot!(table.join("\n"), @r"
    401 Refused UNAUTHORIZED: the login was refused: the name or the password is wrong
    403 Inactive FORBIDDEN: the login was forbidden: the account is not active, or a proxy forbids it
    423 Locked ACCOUNT_LOCKED: the account is locked after too many wrong logins; wait, then log in again
    400 Unexpected BAD_REQUEST: the server answered the login with 400 Bad Request: check the base URL
    404 Unexpected NOT_FOUND: the server answered the login with 404 Not Found: check the base URL
    408 Unavailable REQUEST_TIMEOUT: the server could not answer the login (408 Request Timeout)
    415 Unexpected HTTP_415: the server answered the login with 415 Unsupported Media Type: check the base URL
    422 Unexpected VALIDATION_ERROR: the server answered the login with 422 Unprocessable Entity: check the base URL
    429 Unavailable RATE_LIMITED: the server limits the rate of login requests; wait, then try again
    500 Unavailable INTERNAL_ERROR: the server could not answer the login (500 Internal Server Error)
    501 Unavailable NOT_IMPLEMENTED: the server could not answer the login (501 Not Implemented)
    502 Unavailable HTTP_502: the server could not answer the login (502 Bad Gateway)
    503 Unavailable SERVICE_UNAVAILABLE: the server could not answer the login (503 Service Unavailable)
    302 Unexpected HTTP_302: the server answered the login with 302 Found: check the base URL
    ");
}

#[test]
fn a_refusal_of_a_refresh_ends_the_session_in_both_dialects() {
    insta::assert_snapshot!(
        [
            means(Step::Refresh, 401, r#"{"code":"UNAUTHORIZED","message":"Unauthorized"}"#),
            means(Step::Refresh, 400, r#"{"error":"invalid_grant","error_description":"gone"}"#),
            means(Step::Refresh, 400, r#"{"code":"BAD_REQUEST"}"#),
        ]
        .join("\n"),
        @r"
    SessionExpired UNAUTHORIZED: the refresh was refused: the session is over
    SessionExpired INVALID_GRANT: the refresh was refused: the session is over
    Unexpected BAD_REQUEST: the server answered the refresh with 400 Bad Request: check the base URL
    "
    );
}

#[test]
fn a_403_tells_the_reason_of_the_server_and_ends_the_session_if_there_is_one() {
    let with = |reason: &str| {
        format!(r#"{{"code":"FORBIDDEN","details":{{"diagnostics":{{"reason":"{reason}"}}}}}}"#)
    };
    let words =
        ["tenant_suspended", "membership_revoked", "account_inactive", "sunday", "s3cr3t", "two words"];
    let table = words.map(|reason| format!("{reason}: {}", means(Step::Refresh, 403, &with(reason))));
    insta::assert_snapshot!(table.join("\n"), @r"
    tenant_suspended: SessionExpired FORBIDDEN: the refresh was forbidden: the tenant is suspended
    membership_revoked: SessionExpired FORBIDDEN: the refresh was forbidden: the account is no longer a member of its tenant
    account_inactive: Inactive FORBIDDEN: the refresh was forbidden: the account is not active
    sunday: SessionExpired FORBIDDEN: the refresh was forbidden, with the reason sunday
    s3cr3t: Inactive FORBIDDEN: the refresh was forbidden: the account is not active, or a proxy forbids it
    two words: Inactive FORBIDDEN: the refresh was forbidden: the account is not active, or a proxy forbids it
    ");
    insta::assert_snapshot!(means(Step::Login, 403, &with("account_inactive")), @"Inactive FORBIDDEN: the login was forbidden: the account is not active");
    insta::assert_snapshot!(means(Step::Refresh, 403, "<html>"), @"Inactive FORBIDDEN: the refresh was forbidden: the account is not active, or a proxy forbids it");
}

#[test]
fn a_server_that_repeats_the_secret_is_not_quoted() {
    let error = error_answer(
        Step::Login,
        &answer(401, r#"{"code":"X","message":"no such password: s3cr3t"}"#),
        &[&"s3cr3t".into()],
    );
    assert_eq!((error.code(), error.message()), (Some("X"), None));
    assert!(!format!("{error:?}").contains("s3cr3t"));
    let error =
        error_answer(Step::Login, &answer(401, r#"{"code":"X","message":"wrong"}"#), &[&"s3cr3t".into()]);
    assert_eq!(error.message(), Some("wrong"));
}

#[test]
fn the_wait_is_read_in_all_its_forms() {
    let wait = |header: Option<&str>, body: &'static str| {
        let mut response = answer(429, body);
        if let Some(header) = header {
            response.headers_mut().insert(RETRY_AFTER, header.parse().unwrap());
        }
        error_answer(Step::Refresh, &response, &[&Secret::default()]).retry_after()
    };
    assert_eq!(wait(Some("30"), ""), Some(Duration::from_secs(30)));
    assert_eq!(wait(Some("0"), ""), Some(Duration::ZERO));
    assert_eq!(wait(None, r#"{"retry_after_seconds":7}"#), Some(Duration::from_secs(7)));
    assert_eq!(wait(Some("1.5"), ""), Some(Duration::from_secs(2)));
    assert_eq!(wait(Some("Wed, 21 Oct 2015 07:28:00 GMT"), ""), Some(Duration::ZERO));
    for odd in ["soon", "-1"] {
        assert_eq!(wait(Some(odd), ""), None, "{odd}");
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
    assert!((90..=100).contains(&wait(Some(&date), "").unwrap().as_secs()));
}
