//! Lists over all their pages: each element once, over bad spells, and never without end.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::types::PageError;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::tenants::ListTenants;
use edgequake_client::{BoxError, Client, ErrorKind, RetryConfig};
use futures_util::{Stream, StreamExt};
use http::{Request, Response};

/// The queries that came.
type Asked = Arc<Mutex<Vec<String>>>;

/// A client whose requests are answered by their number and their query: with a status and a body, or not at all.
fn answering(
    answer: impl Fn(usize, &str) -> Result<(u16, String), BoxError> + Send + Sync + 'static,
) -> (Client, Asked) {
    let (answer, asked) = (Arc::new(answer), Asked::default());
    let log = Arc::clone(&asked);
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        let mut log = log.lock().unwrap();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let outcome = answer(log.len(), &query).map(|(status, body)| {
            let answer = Response::builder().status(status).header("content-type", "application/json");
            answer.body(ResponseBody::from(Bytes::from(body))).unwrap()
        });
        log.push(query);
        std::future::ready(outcome)
    });
    (Client::builder().retry(RetryConfig::none()).build_on(transport).unwrap(), asked)
}

/// A client that is given these pages one after the other, the last one for ever.
fn serving(pages: &'static [&'static str]) -> (Client, Asked) {
    answering(move |number, _| Ok((200, pages[number.min(pages.len() - 1)].to_owned())))
}

/// What comes out of a stream of documents: ids and kinds of errors.
async fn ids(
    mut items: impl Stream<
        Item = Result<edgequake_client::types::documents::DocumentSummary, edgequake_client::Error>,
    > + Unpin,
) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        found.push(match item {
            Ok(document) => document.id.to_string(),
            Err(error) => format!("{:?}", error.kind()),
        });
        assert!(found.len() < 1_000);
    }
    found
}

#[tokio::test]
async fn an_empty_page_in_the_middle_is_not_the_end() {
    let (client, asked) = serving(&[
        r#"{"documents":[],"has_more":true,"page":1,"page_size":2,"total":2,"total_pages":2}"#,
        r#"{"documents":[{"id":"a"},{"id":"b"}],"has_more":false,"page":2,"page_size":2,"total":2,"total_pages":2}"#,
    ]);
    assert_eq!(ids(client.documents().list(ListDocuments::new()).items()).await, ["a", "b"]);
    assert_eq!(*asked.lock().unwrap(), ["", "page=2"]);
}

#[tokio::test]
async fn a_page_for_ever_is_an_error_that_says_what_is_repeated() {
    for page in [
        r#"{"documents":[{"id":"a"},{"id":"b"}],"has_more":true}"#,
        r#"{"documents":[{"id":"a"},{"id":"b"}],"page":1,"page_size":2,"total":5,"total_pages":3}"#,
    ] {
        let (client, asked) = answering(move |_, _| Ok((200, page.to_owned())));
        assert_eq!(ids(client.documents().list(ListDocuments::new()).items()).await, ["a", "b", "Paging"]);
        assert_eq!(asked.lock().unwrap().len(), 2);

        let mut pages = client.documents().list(ListDocuments::new()).pages();
        assert_eq!(pages.next().await.unwrap().unwrap().documents.len(), 2);
        let error = pages.next().await.unwrap().unwrap_err();
        assert!(matches!(error.find::<PageError>(), Some(PageError::Repeated { .. })));
        assert!(!error.is_retryable() && error.status().is_none());
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"/api/v1/documents: the list cannot be read in full: the server repeats itself: page 2 of the walk brought nothing new, but `a` again; does something on the way drop the query?");
        }
        assert!(pages.next().await.is_none());
    }
    let (client, _) = serving(&[r#"{"documents":[],"has_more":true}"#]);
    let mut items = client.documents().list(ListDocuments::new()).items();
    let error = items.next().await.unwrap().unwrap_err();
    insta::assert_snapshot!(error, @"/api/v1/documents: the list cannot be read in full: the server said that there is more, and then 1000 pages in a row brought nothing new");
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn a_list_by_limit_and_offset_is_read_to_its_total() {
    let (client, asked) = answering(|_, query| {
        let begin: usize =
            query.split("offset=").nth(1).map_or(0, |rest| rest.split('&').next().unwrap().parse().unwrap());
        let documents: Vec<_> = (begin..5.min(begin + 2)).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
        Ok((
            200,
            format!(r#"{{"documents":[{}],"limit":2,"offset":{begin},"total":5}}"#, documents.join(",")),
        ))
    });
    assert_eq!(ids(client.documents().list(ListDocuments::new()).items()).await, ["0", "1", "2", "3", "4"]);
    assert_eq!(*asked.lock().unwrap(), ["", "offset=2&page=2", "offset=4&page=3"]);

    let tenant = |n: usize| format!(r#"{{"id":"7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f2{n}","name":"{n}"}}"#);
    let (client, _) = answering(move |number, _| {
        let items: Vec<_> = (number * 2..5.min(number * 2 + 2)).map(tenant).collect();
        Ok((200, format!(r#"{{"items":[{}],"limit":2,"offset":{},"total":5}}"#, items.join(","), number * 2)))
    });
    let names: Vec<_> =
        client.tenants().list(ListTenants::new()).items().map(|tenant| tenant.unwrap().name).collect().await;
    assert_eq!(names, ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn an_element_that_moved_to_the_next_page_comes_once() {
    let pages = &[
        r#"{"documents":[{"id":"b"},{"id":"c"}],"has_more":true,"total":4}"#,
        r#"{"documents":[{"id":"c"},{"id":"d"}],"has_more":true,"total":5}"#,
        r#"{"documents":[{"id":"e"}],"has_more":false,"total":5}"#,
    ];
    let (client, _) = serving(pages);
    assert_eq!(ids(client.documents().list(ListDocuments::new()).items()).await, ["b", "c", "d", "e"]);
    let (client, _) = serving(pages);
    let lengths =
        client.documents().list(ListDocuments::new()).pages().map(|page| page.unwrap().documents.len());
    assert_eq!(lengths.collect::<Vec<_>>().await, [2, 1, 1]);
}

#[tokio::test]
async fn a_walk_goes_on_after_a_bad_spell_where_it_was() {
    let page = |number: usize| {
        let more = number < 3;
        format!(r#"{{"documents":[{{"id":"{number}"}}],"has_more":{more}}}"#)
    };
    let answer = move |number: usize, query: &str| {
        let asked = query.strip_prefix("page=").map_or(1, |page| page.parse().unwrap());
        match number {
            1 => Ok((503, r#"{"code":"read_path_busy","message":"busy","retryable":true}"#.to_owned())),
            2 => Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()),
            4 => Ok((429, "{}".to_owned())),
            _ => Ok((200, page(asked))),
        }
    };
    let (client, asked) = answering(answer);
    let found = ids(client.documents().list(ListDocuments::new()).items()).await;
    assert_eq!(found, ["1", "Unavailable", "Connect", "2", "RateLimited", "3"]);
    assert_eq!(*asked.lock().unwrap(), ["", "page=2", "page=2", "page=2", "page=3", "page=3"]);

    // Page by page, and from the first one on.
    let (client, _) =
        answering(
            move |number, query| {
                if number == 0 { Ok((503, String::new())) } else { answer(number + 4, query) }
            },
        );
    let mut pages = client.documents().list(ListDocuments::new()).pages();
    assert!(pages.next().await.unwrap().unwrap_err().is_retryable());
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().documents.len();
    }
    assert_eq!(count, 3);
}

#[tokio::test]
async fn a_failure_that_does_not_pass_is_the_end() {
    for (status, kind) in
        [(401, "Unauthorized { configured: false, replayed: false }"), (404, "NotFound"), (500, "Server")]
    {
        let (client, asked) = answering(move |_, _| Ok((status, "{}".to_owned())));
        assert_eq!(ids(client.documents().list(ListDocuments::new()).items()).await, [kind]);
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
    let (client, _) = serving(&["<html>"]);
    assert_eq!(
        ids(client.documents().list(ListDocuments::new()).items()).await,
        [format!("{:?}", ErrorKind::Decode)]
    );
}

#[tokio::test]
async fn a_list_that_shrinks_meanwhile_is_told_after_its_last_page() {
    let (client, asked) = serving(&[
        r#"{"documents":[{"id":"a"},{"id":"b"}],"page":1,"page_size":2,"total":5,"total_pages":3}"#,
        r#"{"documents":[{"id":"d"},{"id":"e"}],"page":2,"page_size":2,"total":4,"total_pages":2}"#,
    ]);
    let found = ids(client.documents().list(ListDocuments::new()).items()).await;
    assert_eq!(found, ["a", "b", "d", "e", "Paging"]);
    assert_eq!(asked.lock().unwrap().len(), 2);
}
