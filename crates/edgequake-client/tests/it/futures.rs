//! Public futures are `Send`, and safe to drop at any await.

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use edgequake_client::types::api_keys::{CreateApiKey, ListApiKeys};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::query::{QueryEvent, StreamQuery};
use edgequake_client::{Client, Error, EventStream, Items, Pages};

use crate::memory::{Memory, answer};

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn public_types_and_futures_are_send() {
    fn send_and_sync<T: Send + Sync + 'static>() {}
    fn only_send<T: Send + 'static>() {}
    send_and_sync::<Client>();
    send_and_sync::<Error>();
    only_send::<EventStream<QueryEvent>>();
    only_send::<Pages<ListDocuments>>();
    only_send::<Items<ListDocuments>>();
    only_send::<edgequake_client::resources::Wait>();

    let transport = Memory::new(|_| answer(200, &[], "{}"));
    let client = transport.client();
    drop(send(client.login("a", "b")));
    drop(send(client.logout()));
    drop(send(client.request(http::Method::GET, "/x").into_future()));
    drop(send(client.documents().list(ListDocuments::new()).into_future()));
    drop(send(client.documents().list(ListDocuments::new()).raw()));
    drop(send(client.query().stream(StreamQuery::new("?")).into_future()));
    drop(send(client.documents().upload_file("x").into_future()));
    drop(send(client.documents().upload_file("x").into_call()));
    drop(send(client.api_keys().rotate("k", CreateApiKey::new())));
    drop(send(client.api_keys().unused()));
    drop(send(client.health().is_ready()));
    assert!(transport.attempts().is_empty(), "a call was made without being awaited");
}

struct Unwoken;

impl Wake for Unwoken {
    fn wake(self: Arc<Self>) {}
}

/// Polls a future a number of times and drops it; whether it was finished by then.
fn poll_and_drop<F: Future>(future: F, times: usize) -> bool {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unwoken));
    (0..times).any(|_| matches!(future.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(_)))
}

#[tokio::test(start_paused = true)]
async fn dropping_at_any_await_leaves_the_client_whole() {
    // Everything that waits: a login, a refused attempt, a pause, a replay, a page after a page.
    let healthy = Arc::new(AtomicBool::new(false));
    let recovered = Arc::clone(&healthy);
    let transport = Memory::new(move |n| match n % 5 {
        _ if recovered.load(Ordering::Relaxed) => answer(200, &[], r#"{"documents":[]}"#),
        0 => answer(503, &[("retry-after", "1")], ""),
        1 => answer(401, &[], ""),
        2 => answer(
            200,
            &[],
            r#"{"access_token":"a","refresh_token":"r","expires_in":3600,"documents":[{"id":"d","chunk_count":0}],"total":9,"page":1,"page_size":1,"total_pages":9}"#,
        ),
        3 => None,
        _ => answer(500, &[], ""),
    });
    let client = transport.builder().build_on(transport.clone()).unwrap();
    for times in 0..24 {
        poll_and_drop(client.login("a", "b"), times);
        poll_and_drop(client.documents().list(ListDocuments::new()).into_future(), times);
        poll_and_drop(client.documents().upload_text(UploadText::new("x")).into_future(), times);
        poll_and_drop(client.query().stream(StreamQuery::new("?")).into_future(), times);
        let mut items = client.documents().list(ListDocuments::new()).items();
        poll_and_drop(items.next(), times);
        poll_and_drop(items.next(), times);
        poll_and_drop(client.api_keys().list(ListApiKeys::new()).items().next(), times);
        tokio::task::yield_now().await;
    }
    assert!(transport.attempts().len() >= 24);
    // Logins go on by themselves, and are no calls.
    let lists = || transport.attempts().iter().filter(|attempt| attempt.method == http::Method::GET).count();
    let before = lists();
    // The same client goes on working.
    healthy.store(true, Ordering::Relaxed);
    client.documents().list(ListDocuments::new()).await.unwrap();
    assert_eq!(lists(), before + 1);
}
