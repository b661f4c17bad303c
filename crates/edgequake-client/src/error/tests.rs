use std::io;

use http::{Response, StatusCode};

use super::*;
use crate::fault::Fault;
use crate::transport::Unresolved;

#[test]
fn a_kind_implies_its_status_and_so_what_is_asked_of_it() {
    let of = |kind| Error::new(kind);
    assert!(of(ErrorKind::NotFound).is_not_found());
    assert!(of(ErrorKind::Forbidden).is_forbidden());
    assert!(of(ErrorKind::Conflict).is_conflict());
    assert!(of(ErrorKind::Locked).is_locked());
    assert!(of(ErrorKind::RateLimited).is_rate_limited() && of(ErrorKind::RateLimited).is_retryable());
    assert!(of(ErrorKind::Unauthorized { configured: true, replayed: false }).is_unauthorized());
    assert_eq!(of(ErrorKind::Connect).status(), None);
    let other = of(ErrorKind::Server).with_status(StatusCode::BAD_GATEWAY);
    assert_eq!(other.to_string(), "502 Bad Gateway");
}

#[test]
fn what_a_mock_says_is_kept_as_of_an_answer() {
    let error =
        Error::new(ErrorKind::NotFound).with_message("no\nsuch \u{1b}[1mdocument").with_code("not_found");
    assert_eq!(error.to_string(), "404 Not Found: no such [1mdocument [NOT_FOUND]");
    let long = Error::new(ErrorKind::NotFound).with_message("x".repeat(10_000)).with_code("two words");
    assert!(long.to_string().len() < 1_100, "{}", long.to_string().len());
    assert_eq!(long.code(), None);
}

#[test]
fn an_answer_is_read_as_a_call_reads_it() {
    let of = |status: StatusCode, body: &str| {
        let mut answer = Response::new(body.to_owned());
        *answer.status_mut() = status;
        Error::from_response(answer)
    };
    // Whether there was a credential, the answer alone does not tell.
    assert_eq!(of(StatusCode::UNAUTHORIZED, "").to_string(), "401 Unauthorized [UNAUTHORIZED]");
    let message = format!(r#"{{"message":"found","pad":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_ne!(
        of(StatusCode::NOT_FOUND, &message).message(),
        Some("found"),
        "more was read than of an answer"
    );
}

#[test]
fn only_a_body_that_was_read_and_is_empty_tells_of_an_older_server() {
    let (parts, ()) = Response::builder().status(404).body(()).unwrap().into_parts();
    let text = |body: Option<&[u8]>| Error::of_answer(&parts, body).during("/x", Some("0.13")).to_string();
    assert!(text(Some(b"")).contains("since 0.13"));
    assert!(!text(Some(b"{}")).contains("since 0.13"));
    assert!(!text(None).contains("since 0.13"), "a body that was cut may have said anything");
}

#[test]
fn an_outage_of_the_name_service_is_not_told_as_a_wrong_host() {
    let text = |why: &str| {
        let error = Unresolved::new(io::Error::other(format!("failed to lookup address information: {why}")));
        let failure = Fault::Connect.mark(io::Error::other(error));
        Error::of_failure(failure.into()).to_string()
    };
    insta::assert_snapshot!(
        [text("Name or service not known"), text("Temporary failure in name resolution")].join("\n"),
        @"
    no connection could be made; there is no such host: is the base URL right?
    no connection could be made; the name of the host could not be looked up: Temporary failure in name resolution
    "
    );
}
