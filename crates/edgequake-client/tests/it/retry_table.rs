//! The grid of retries: what each outcome and each class of operation lead to, over each wire.
//!
//! The server is scripted: rows close the connection without an answer or within the head, which cannot be ordered of the dev server,
//! and all rows are to differ in nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::{OPERATIONS, Operation, Retry};

use crate::fronts::Wire;
use crate::server::{Act, Server, answer, json};

#[tokio::test]
async fn the_table_of_what_may_be_repeated_holds_over_each_wire() {
    const RETRYABLE: &str = r#"{"code":"SERVICE_UNAVAILABLE","message":"busy","details":{"retryable":true}}"#;
    const FINAL: &str = r#"{"code":"SERVICE_UNAVAILABLE","message":"off","details":{"retryable":false}}"#;
    const FOREIGN: &str = r#"{"code":"UPSTREAM_RESET","message":"lost","retryable":true}"#;
    const NESTED: &str = r#"{"error":{"code":"C","message":"lost","details":{"retryable":true}}}"#;
    const LIMITED: &str = r#"{"error":"busy","message":"m","error_code":"RATE_LIMITED","retryable":true}"#;
    type MakeAct = fn() -> Act;
    let outcomes: [(&str, MakeAct, [bool; 3]); 18] = [
        ("closed without an answer", || Act::Close, [true, false, false]),
        ("closed within the head", || Act::SendAndClose(b"HTTP/1.1 200".to_vec()), [true, false, false]),
        ("408", || Act::Send(answer(408, &[], b"")), [true, false, false]),
        ("429", || Act::Send(answer(429, &[("retry-after", "0")], b"")), [true, true, false]),
        ("429 in the rate limiter's form", || Act::Send(json(429, LIMITED)), [true, true, false]),
        ("500", || Act::Send(answer(500, &[], b"")), [false, false, false]),
        ("501", || Act::Send(answer(501, &[], b"")), [false, false, false]),
        ("502", || Act::Send(answer(502, &[], b"")), [true, false, false]),
        ("503", || Act::Send(answer(503, &[], b"<h1>503</h1>")), [true, false, false]),
        ("503 and word of the server", || Act::Send(json(503, RETRYABLE)), [true, true, false]),
        ("503 and word of the server not to", || Act::Send(json(503, FINAL)), [false, false, false]),
        ("503 and word of a gateway", || Act::Send(json(503, FOREIGN)), [true, false, false]),
        ("503 and word of another server", || Act::Send(json(503, NESTED)), [true, false, false]),
        ("503 in the rate limiter's form", || Act::Send(json(503, LIMITED)), [true, false, false]),
        ("504", || Act::Send(answer(504, &[], b"")), [true, false, false]),
        ("401", || Act::Send(answer(401, &[], b"")), [false, false, false]),
        ("403", || Act::Send(answer(403, &[], b"")), [false, false, false]),
        ("423", || Act::Send(answer(423, &[], b"")), [false, false, false]),
    ];
    for ((name, act, repeated), wire) in
        outcomes.into_iter().flat_map(|row| Wire::ALL.map(|wire| (row, wire)))
    {
        let server = Server::start(move |_, _| act()).await;
        let front = wire.before(&server).await;
        let retry = RetryConfig::default().base(Duration::from_millis(1));
        let client = front.builder().api_key("k1").retry(retry).build().unwrap();
        let mut before = 0;
        for (class, repeated) in [Retry::Safe, Retry::Refused, Retry::Never].into_iter().zip(repeated) {
            let list = client.documents().list(ListDocuments::new()).retry(class).await.unwrap_err();
            let upload = client.documents().upload_text(UploadText::new("x")).retry(class).await.unwrap_err();
            let attempts = if repeated { 4 } else { 1 };
            let case = format!("{name}, {class:?}, {wire:?}");
            assert_eq!((list.attempts(), upload.attempts()), (attempts, attempts), "{case}");
            let all = server.received().len();
            assert_eq!(all - before, 2 * attempts as usize, "{case}");
            before = all;
        }
    }
}

/// The operations that a text names, each as a method and a path between backticks.
fn named(text: &str) -> BTreeSet<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|words| words.contains(" /")).map(|words| words.to_owned()).collect()
}

#[test]
fn the_readme_names_the_operations_that_are_not_repeated_after_every_failure() {
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("- **Only when it was certainly not executed:**").unwrap();
    let (refused, rest) = rest.split_once("- **Never:**").unwrap();
    let (never, _) = rest.split_once("\n\n").unwrap();
    assert!(refused.trim_start().starts_with("every `POST`, and "));
    let all = || OPERATIONS.iter().copied().flatten();
    let declared = |rule: fn(&&Operation) -> bool| {
        all().filter(rule).map(|operation| format!("{} {}", operation.method, operation.path)).collect()
    };
    let (declared_never, declared_refused): (BTreeSet<_>, BTreeSet<_>) = (
        declared(|operation| operation.retry == Retry::Never),
        declared(|operation| operation.retry == Retry::Refused && operation.method != "POST"),
    );
    assert_eq!((named(never), named(refused)), (declared_never, declared_refused));
    assert!(all().all(|operation| operation.method != "POST" || operation.retry != Retry::Safe));
}
