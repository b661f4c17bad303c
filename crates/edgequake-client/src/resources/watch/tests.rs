use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

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

/// A client whose server answers by path, and what it was asked.
fn client(
    answer: impl Fn(usize, &str) -> (u16, String) + Clone + Send + Sync + 'static,
) -> (Client, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        let path = request.uri().path().to_owned();
        let number = log.lock().unwrap().len();
        let (status, body) = answer(number, &path);
        log.lock().unwrap().push(path);
        let body = ResponseBody::from(Bytes::from(body));
        async move { Response::builder().status(status).body(body) }
    });
    (Client::builder().build_on(transport).unwrap(), asked)
}

fn document(id: &str, status: &str) -> String {
    format!(r#"{{"id":"{id}","status":"{status}","chunk_count":2}}"#)
}

#[tokio::test(start_paused = true)]
async fn each_that_is_asked_for_alone_has_its_turn() {
    let (client, _) = client(|_, path| match path.rsplit('/').next().unwrap() {
        "documents" => (200, r#"{"documents":[]}"#.into()),
        id => match id[2..].parse::<u32>().unwrap() {
            0..8 => (200, document(id, "processing")),
            8 => (403, r#"{"code":"FORBIDDEN","message":"not yours"}"#.into()),
            _ => (200, document(id, "completed")),
        },
    });
    let mut watch = Watch::new(client, Some(Duration::from_secs(60)));
    for number in 0..20 {
        watch.add(number, Uploaded::from(DocumentId::from(format!("d-{number}"))));
    }
    let mut ended = Vec::new();
    while watch.len() > 0 {
        ended.extend(
            watch.round().await.into_iter().map(|it| (it.tag, it.result.map_err(|error| error.kind()))),
        );
    }
    let done = ended.iter().filter(|(_, result)| result.is_ok()).count();
    assert_eq!(done, 11, "{ended:?}");
    let refused: Vec<_> = ended.iter().filter(|(_, it)| matches!(it, Err(ErrorKind::Forbidden))).collect();
    assert_eq!(refused.iter().map(|it| it.0).collect::<Vec<_>>(), [8]);
}

#[tokio::test(start_paused = true)]
async fn pdfs_without_a_document_do_not_hold_up_the_others() {
    let (client, asked) = client(|number, path| match path.rsplit_once('/').unwrap() {
        (_, "documents") => {
            let pdf = r#"{"id":"d-29","pdf_id":"p-29","status":"processing","chunk_count":0}"#;
            (200, format!(r#"{{"documents":[{},{pdf}]}}"#, document("d-1", "completed")))
        }
        ("/api/v1/documents/pdf", id) if number > 60 => {
            (200, format!(r#"{{"pdf_id":"{id}","status":"failed","errors":"no pages"}}"#))
        }
        ("/api/v1/documents/pdf", id) => (200, format!(r#"{{"pdf_id":"{id}","status":"processing"}}"#)),
        (_, id) => (200, document(id, "completed")),
    });
    let mut watch = Watch::new(client, Some(Duration::from_secs(60)));
    for number in 0..30 {
        let pdf_id = Some(PdfId::from(format!("p-{number}")));
        watch.add(number, Uploaded { pdf_id, ..Uploaded::default() });
    }
    watch.add(30, Uploaded::from(DocumentId::from("d-1")));
    let ended = watch.round().await;
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].tag, asked.lock().unwrap().len()), (30, 9));
    // Learned from the list.
    assert!(watch.pending.iter().any(|it| it.upload.document_id == Some("d-29".into())));
    let mut failed = 0;
    while watch.len() > 1 {
        failed += watch.round().await.iter().filter(|it| it.result.is_err()).count();
    }
    assert_eq!(failed, 29);
}

#[tokio::test(start_paused = true)]
async fn time_in_which_nobody_asks_is_no_time_in_which_nothing_happens() {
    let (client, _) = client(|_, _| (200, format!(r#"{{"documents":[{}]}}"#, document("d-1", "processing"))));
    let mut watch = Watch::new(client, Some(Duration::from_secs(60)));
    watch.add((), Uploaded::from(DocumentId::from("d-1")));
    assert!(watch.round().await.is_empty());
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(watch.round().await.is_empty());
    while watch.len() > 0 {
        watch.round().await;
    }
}
