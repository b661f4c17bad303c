//! The grid of retries: what each outcome and each class of operation lead to, over each wire.
//!
//! The server is scripted: rows close the connection without an answer or within the head, which cannot be ordered of the dev server,
//! and all rows are to differ in nothing else.

use std::time::Duration;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::types::Retry;
use edgequake_client::types::documents::{ListDocuments, UploadText};

use crate::fronts::Wire;
use crate::server::{Act, Server, answer, json};

#[tokio::test]
async fn the_table_of_what_may_be_repeated_holds_over_each_wire() {
    const RETRYABLE: &str = r#"{"code":"SERVICE_UNAVAILABLE","message":"busy","details":{"retryable":true}}"#;
    const FINAL: &str = r#"{"code":"SERVICE_UNAVAILABLE","message":"off","details":{"retryable":false}}"#;
    const FOREIGN: &str = r#"{"code":"UPSTREAM_RESET","message":"lost","retryable":true}"#;
    const NESTED: &str = r#"{"error":{"code":"C","message":"lost","details":{"retryable":true}}}"#;
    type MakeAct = fn() -> Act;
    let outcomes: [(&str, MakeAct, [bool; 3]); 16] = [
        ("closed without an answer", || Act::Close, [true, false, false]),
        ("closed within the head", || Act::SendAndClose(b"HTTP/1.1 200".to_vec()), [true, false, false]),
        ("408", || Act::Send(answer(408, &[], b"")), [true, false, false]),
        ("429", || Act::Send(answer(429, &[("retry-after", "0")], b"")), [true, true, false]),
        ("500", || Act::Send(answer(500, &[], b"")), [false, false, false]),
        ("501", || Act::Send(answer(501, &[], b"")), [false, false, false]),
        ("502", || Act::Send(answer(502, &[], b"")), [true, false, false]),
        ("503", || Act::Send(answer(503, &[], b"<h1>503</h1>")), [true, false, false]),
        ("503 and word of the server", || Act::Send(json(503, RETRYABLE)), [true, true, false]),
        ("503 and word of the server not to", || Act::Send(json(503, FINAL)), [false, false, false]),
        ("503 and word of a gateway", || Act::Send(json(503, FOREIGN)), [true, false, false]),
        ("503 and word of another server", || Act::Send(json(503, NESTED)), [true, false, false]),
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
