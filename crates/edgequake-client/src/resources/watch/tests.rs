use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};

use super::*;
use crate::body::{RequestBody, ResponseBody};

#[tokio::test(start_paused = true)]
async fn a_bad_spell_between_two_rounds_is_no_time_in_which_a_document_was_unknown() {
    let rounds = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&rounds);
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        let (status, body) = match request.uri().path() {
            "/api/v1/documents" => match counted.fetch_add(1, Ordering::Relaxed) {
                0 | 6 => (200, r#"{"documents":[]}"#),
                1..6 => (503, r#"{"code":"read_path_busy","message":"busy"}"#),
                _ => (200, r#"{"documents":[{"id":"d-1","status":"completed","chunk_count":2}]}"#),
            },
            _ => (404, r#"{"code":"NOT_FOUND","message":"no such document"}"#),
        };
        let body = ResponseBody::from(Bytes::from_static(body.as_bytes()));
        async move { Response::builder().status(status).body(body) }
    });
    let client = Client::builder().build_on(transport).unwrap();
    let mut watch = Watch::new(client, None);
    watch.add((), Uploaded::from(DocumentId::from("d-1")));
    while watch.len() > 0 {
        for ended in watch.round().await {
            assert_eq!(ended.result.unwrap().chunk_count, 2);
        }
    }
    assert_eq!(rounds.load(Ordering::Relaxed), 8);
}
