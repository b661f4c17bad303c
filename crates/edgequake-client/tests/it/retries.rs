//! Retries: what is repeated, how often, and with which pauses. In paused time, over a transport in memory.

use std::io::ErrorKind as Io;
use std::time::{Duration, SystemTime};

use edgequake_client::layers::retry::{Outcome, RetryBudget, RetryConfig};
use edgequake_client::layers::timeout::{AttemptTimeoutLayer, TimeoutScope};
use edgequake_client::types::Retry;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{Client, Error, ErrorKind};
use tokio::time::Instant;

use crate::memory::{Memory, answer, lost};
use crate::server::{Act, Server, json};

/// A server's own word on a 503.
const RETRYABLE: &str = r#"{"code":"SERVICE_UNAVAILABLE","message":"busy","details":{"retryable":true}}"#;
const FINAL: &str = r#"{"code":"SERVICE_UNAVAILABLE","message":"off","details":{"retryable":false}}"#;

const OK: &str = r#"{"documents":[],"document_id":"d","status":"pending"}"#;

async fn get(client: &Client) -> Result<(), Error> {
    client.documents().list(ListDocuments::new()).await.map(drop)
}

async fn post(client: &Client) -> Result<(), Error> {
    client.documents().upload_text(UploadText::new("x")).await.map(drop)
}

/// Fails with `status` and these headers until the last attempt, which succeeds.
fn failing(
    times: usize,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
) -> Memory {
    Memory::new(move |n| if n < times { answer(status, headers, body) } else { answer(200, &[], OK) })
}

#[tokio::test]
async fn a_login_that_a_layer_of_ones_own_has_timed_out_may_have_arrived() {
    let limit = || AttemptTimeoutLayer::new(Some(Duration::from_millis(20)));
    let brief = || Client::builder().retry(RetryConfig::default().base(Duration::from_millis(1)));
    for builder in [brief().attempt_layer(limit()), brief().layer(limit())] {
        let memory = Memory::new(|_| None);
        let error = get(&builder.login("mona", "pw").build_on(memory.clone()).unwrap()).await.unwrap_err();
        assert_eq!(memory.attempts().len(), 1);
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Timeout(TimeoutScope::Attempt), 1),
            "{error}"
        );
    }
}

// Logins run on a thread of their own, which paused time would not wait for.
#[tokio::test]
async fn a_login_is_tried_again_where_no_connection_was_made_and_nowhere_else() {
    for (outcome, attempts, kind) in [
        ((|_| lost(Io::ConnectionRefused)) as fn(usize) -> _, 4, ErrorKind::Connect),
        (|_| lost(Io::ConnectionReset), 1, ErrorKind::Interrupted),
        (|_| answer(503, &[], ""), 1, ErrorKind::Unavailable),
        (|_| answer(401, &[], ""), 1, ErrorKind::Credentials),
    ] {
        let brief = || Client::builder().retry(RetryConfig::default().base(Duration::from_millis(1)));
        let memory = Memory::new(outcome);
        let client = brief().build_on(memory.clone()).unwrap();
        let error = client.login("mona", "pw").await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, attempts), "{error}");
        assert_eq!(memory.attempts().len(), attempts as usize);
        // The one at the first call is no other.
        let memory = Memory::new(outcome);
        let client = brief().login("mona", "pw").build_on(memory.clone()).unwrap();
        let error = get(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, attempts), "{error}");
        assert_eq!(memory.attempts().len(), attempts as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn the_table_of_what_may_be_repeated() {
    let classes = [Retry::Safe, Retry::Refused, Retry::Never];
    type Script = fn() -> Option<
        Result<http::Response<edgequake_client::body::ResponseBody>, edgequake_client::BoxError>,
    >;
    let outcomes: [(&str, Script, [bool; 3]); 17] = [
        ("connection refused", || lost(Io::ConnectionRefused), [true, true, false]),
        ("connection reset", || lost(Io::ConnectionReset), [true, false, false]),
        ("no answer", || None, [true, false, false]),
        ("408", || answer(408, &[], ""), [true, false, false]),
        ("429", || answer(429, &[], ""), [true, true, false]),
        ("500", || answer(500, &[], ""), [false, false, false]),
        ("501", || answer(501, &[], ""), [false, false, false]),
        ("502", || answer(502, &[], ""), [true, false, false]),
        ("503", || answer(503, &[], ""), [true, false, false]),
        ("503 and a page", || answer(503, &[], "<h1>503</h1>"), [true, false, false]),
        ("503 and word of the server", || answer(503, &[], RETRYABLE), [true, true, false]),
        ("503 and word of the server not to", || answer(503, &[], FINAL), [false, false, false]),
        ("504", || answer(504, &[], ""), [true, false, false]),
        ("401", || answer(401, &[], ""), [false, false, false]),
        ("403", || answer(403, &[], ""), [false, false, false]),
        ("423", || answer(423, &[], ""), [false, false, false]),
        ("an error of another kind", || Some(Err("unknown".into())), [false, false, false]),
    ];
    for (name, script, repeated) in outcomes {
        for (class, repeated) in classes.into_iter().zip(repeated) {
            let transport = Memory::new(move |_| script());
            let client = transport
                .builder()
                .attempt_timeout(Duration::from_secs(1))
                .build_on(transport.clone())
                .unwrap();
            let _ = client.documents().list(ListDocuments::new()).retry(class).await;
            let attempts = if repeated { 4 } else { 1 };
            assert_eq!(transport.attempts().len(), attempts, "{name}, {class:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_sent_once_when_its_fate_is_unknown_and_a_list_again() {
    for script in [|| None, || lost(Io::ConnectionReset), || answer(500, &[], ""), || answer(504, &[], "")] {
        let transport = Memory::new(move |_| script());
        let client =
            transport.builder().attempt_timeout(Duration::from_secs(1)).build_on(transport.clone()).unwrap();
        post(&client).await.unwrap_err();
        assert_eq!(transport.attempts().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_kept_in_every_form_the_server_may_name_it() {
    let date = |millis: u64| httpdate::fmt_http_date(SystemTime::now() + Duration::from_millis(millis));
    for (header, range) in [
        ("2".to_owned(), 2_000..=2_001),
        ("1.5".to_owned(), 2_000..=2_001),
        ("0.503".to_owned(), 1_000..=1_001),
        (date(2_000), 1_000..=2_001),
        ("Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), 250..=501),
        ("0".to_owned(), 250..=501),
        ("soon".to_owned(), 250..=501),
    ] {
        let sent = header.clone();
        let transport = Memory::new(move |n| {
            if n == 0 { answer(503, &[("retry-after", &sent)], "") } else { answer(200, &[], OK) }
        });
        get(&transport.client()).await.unwrap();
        let [pause] = transport.pauses()[..] else { panic!("two attempts") };
        assert!(range.contains(&pause), "{header}: {pause} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_only_the_body_names_is_kept_too() {
    let body = r#"{"error":"rate_limit_exceeded","message":"slow down","retry_after_seconds":2}"#;
    let transport = failing(1, 429, &[], body);
    get(&transport.client()).await.unwrap();
    assert_eq!(transport.pauses(), [2_000]);

    let transport = failing(
        9,
        429,
        &[],
        r#"{"error":"rate_limit_exceeded","message":"slow down","retry_after_seconds":null}"#,
    );
    let error = get(&transport.client()).await.unwrap_err();
    assert_eq!((error.message(), error.attempts()), (Some("slow down"), 4));
    assert!(error.is_rate_limited());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_now_for_ever_is_asked_a_few_times_only() {
    let transport = failing(99, 503, &[("retry-after", "0")], "");
    let error = get(&transport.client()).await.unwrap_err();
    assert_eq!((error.attempts(), error.kind()), (4, ErrorKind::Unavailable));
    let pauses = transport.pauses();
    assert!(pauses.iter().all(|pause| *pause >= 250), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_says_is_not_retryable_is_not_retried() {
    let transport = failing(
        9,
        503,
        &[],
        r#"{"code":"SERVICE_UNAVAILABLE","message":"off","details":{"retryable":false}}"#,
    );
    let error = get(&transport.client()).await.unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(transport.attempts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_congestion_of_reads_is_waited_out() {
    let transport = failing(
        2,
        503,
        &[],
        r#"{"code":"read_path_busy","message":"busy","details":{"reason":"permit_wait"}}"#,
    );
    get(&transport.client()).await.unwrap();
    assert_eq!(transport.attempts().len(), 3);

    let transport = failing(
        9,
        503,
        &[],
        r#"{"code":"read_path_busy","message":"busy","details":{"reason":"permit_wait"}}"#,
    );
    let error = get(&transport.client()).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Some("READ_PATH_BUSY"), Some("permit_wait")));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let transport = failing(9, 429, &[("retry-after", "5")], "");
    let begun = Instant::now();
    let error = transport
        .client()
        .documents()
        .list(ListDocuments::new())
        .timeout(Duration::from_secs(1))
        .await
        .unwrap_err();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!((error.is_rate_limited(), error.retry_after()), (true, Some(Duration::from_secs(5))));

    // And one that is absurd is not begun without a deadline either.
    let transport = failing(9, 429, &[("retry-after", "86400")], "");
    get(&transport.client()).await.unwrap_err();
    assert_eq!((begun.elapsed(), transport.attempts().len()), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn the_longest_wait_is_for_what_a_server_asks_for() {
    let brief = |transport: &Memory| {
        let retry = RetryConfig::default().max_wait(Duration::from_millis(100));
        transport.builder().retry(retry).build_on(transport.clone()).unwrap()
    };
    // Back-off is ours, and has a limit of its own.
    let transport = failing(3, 503, &[], "");
    get(&brief(&transport)).await.unwrap();
    assert!(transport.pauses().iter().all(|pause| *pause >= 250));
    let transport = failing(3, 503, &[("retry-after", "1")], "");
    assert_eq!(get(&brief(&transport)).await.unwrap_err().attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_once_the_call_was_dropped_in_a_pause() {
    let transport = failing(9, 503, &[("retry-after", "5")], "");
    let client = transport.client();
    let call = tokio::time::timeout(Duration::from_secs(1), get(&client)).await;
    assert!(call.is_err());
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::task::yield_now().await;
    assert_eq!(transport.attempts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn clients_that_failed_together_do_not_come_back_together() {
    let mut firsts = Vec::new();
    for _ in 0..20 {
        let transport = failing(3, 503, &[], "");
        get(&transport.client()).await.unwrap();
        let pauses = transport.pauses();
        assert!(pauses[0] <= 500 && pauses[1] <= 1_000 && pauses[2] <= 2_000, "{pauses:?}");
        assert!(pauses[0] >= 250 && pauses[1] >= 500 && pauses[2] >= 1_000, "{pauses:?}");
        firsts.push(pauses[0]);
    }
    firsts.sort_unstable();
    firsts.dedup();
    assert!(firsts.len() > 10, "{firsts:?}");
}

#[tokio::test(start_paused = true)]
async fn all_clones_share_one_budget_by_default() {
    let transport = failing(usize::MAX, 503, &[], "");
    let client = transport.client();
    for _ in 0..100 {
        get(&client.clone()).await.unwrap_err();
    }
    let spent = transport.attempts().len();
    // 500 tokens at 5 each are 100 retries beyond the 100 first attempts.
    assert_eq!(spent, 200);
    get(&client.with_workspace(edgequake_client::types::WorkspaceId::server_default())).await.unwrap_err();
    assert_eq!(transport.attempts().len(), spent + 1);
}

#[tokio::test(start_paused = true)]
async fn bodies_are_the_same_in_every_attempt() {
    let transport = failing(3, 503, &[], RETRYABLE);
    post(&transport.client()).await.unwrap();
    let attempts = transport.attempts();
    assert_eq!(attempts.len(), 4);
    assert!(attempts.iter().all(|attempt| attempt.body == r#"{"content":"x"}"#));
    assert!(attempts.iter().all(|attempt| attempt.headers == attempts[0].headers));
    assert!(attempts.iter().all(|attempt| attempt.method == http::Method::POST));
}

#[tokio::test(start_paused = true)]
async fn retries_can_be_switched_off() {
    let transport = failing(9, 503, &[], "");
    let client = transport.builder().retry(RetryConfig::none()).build_on(transport.clone()).unwrap();
    assert_eq!(get(&client).await.unwrap_err().attempts(), 1);
    let budget = RetryBudget::new(0);
    let client = transport.builder().retry_budget(budget).build_on(transport.clone()).unwrap();
    assert_eq!(get(&client).await.unwrap_err().attempts(), 1);
    assert_eq!(transport.attempts().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn limits_are_set_by_client_and_by_call_and_have_a_kind_of_their_own() {
    let transport = Memory::new(|_| None);
    let client = transport.builder().timeout(Duration::from_secs(60)).build_on(transport.clone()).unwrap();
    let begun = Instant::now();
    assert!(post(&client).await.unwrap_err().is_timeout());
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
    let error = client
        .documents()
        .upload_text(UploadText::new("x"))
        .timeout(Duration::from_secs(1))
        .await
        .unwrap_err();
    assert_eq!(begun.elapsed(), Duration::from_secs(61));
    insta::assert_snapshot!(crate::errors::chain(&error), @"
    /api/v1/documents: the operation took too long at http://localhost:8080
    the operation was not finished within 1000 ms
    ");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_its_limit_ends_says_how_many_attempts_there_were() {
    // The third attempt gets no answer.
    let transport = Memory::new(|n| if n < 2 { answer(503, &[], "") } else { None });
    let client = transport.builder().timeout(Duration::from_secs(60)).attempt_timeout(None);
    let client = client.build_on(transport.clone()).unwrap();
    let begun = Instant::now();
    let error = get(&client).await.unwrap_err();
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout(TimeoutScope::Total), 3));
    assert_eq!(transport.attempts().len(), 3);
    assert!(error.to_string().ends_with("; 3 attempts"), "{error}");
}

#[test]
fn the_table_in_the_docs_is_the_one_in_the_code() {
    let table = [
        (Outcome::NotSent, [true, true, false]),
        (Outcome::Interrupted, [true, false, false]),
        (Outcome::AttemptTimedOut, [true, false, false]),
        (Outcome::TurnedAway, [true, true, false]),
        (Outcome::Ambiguous, [true, false, false]),
        (Outcome::Final, [false, false, false]),
    ];
    let docs = include_str!("../../src/layers/retry.rs");
    let rows: Vec<&str> = docs.lines().filter(|line| line.starts_with("//! | ")).skip(1).collect();
    assert_eq!(rows.len(), table.len());
    for ((outcome, allowed), row) in table.into_iter().zip(rows) {
        let cells: Vec<bool> = row.split('|').skip(2).take(3).map(|cell| cell.contains("repeated")).collect();
        assert_eq!(cells, allowed, "{row}");
        for (class, allowed) in [Retry::Safe, Retry::Refused, Retry::Never].into_iter().zip(allowed) {
            assert_eq!(outcome.may_repeat(class), allowed, "{outcome:?} {class:?}");
        }
    }
}

#[tokio::test]
async fn a_kept_connection_that_closes_as_it_is_used_again() {
    // The first connection answers once and closes as the second request begins.
    let closing =
        || async { Server::start(|n, _| if n == 1 { Act::Close } else { Act::Send(json(200, OK)) }).await };
    let server = closing().await;
    let client = server.client();
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    assert_eq!(server.received().iter().map(|request| request.connection).collect::<Vec<_>>(), [0, 0, 1]);

    let server = closing().await;
    let client = server.client();
    get(&client).await.unwrap();
    let error = post(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_end_is_no_wait() {
    for (headers, body) in [
        (&[("retry-after", "18446744073709551615")][..], "{}"),
        (&[], r#"{"error":"rate_limit_exceeded","message":"m","retry_after_seconds":18446744073709551615}"#),
        (&[], r#"{"message":"m","retry_after_secs":1e300}"#),
    ] {
        let memory = Memory::new(move |_| answer(429, headers, body));
        let error = get(&memory.client()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 1), "{error}");
    }
}
