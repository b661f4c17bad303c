use proptest::prelude::*;
use serde_json::{Value, json};

use crate::documents::*;
use crate::testing::read;
use crate::{Decode, Paginated};

#[test]
fn a_list_in_every_form() {
    let document = json!({"id": "d-1", "title": null, "chunk_count": 0});
    for (form, total, pages) in [
        (json!({"documents": [document], "total": 5, "page": 1, "page_size": 1, "total_pages": 5}), 5, 5),
        (
            json!({"documents": [document], "pagination": {"total": 5, "page": 1, "page_size": 1, "total_pages": 5}}),
            5,
            5,
        ),
        (
            json!({"documents": [document], "pagination": {"total_count": 5, "page": 1.0, "page_size": "1", "total_pages": 5}}),
            5,
            5,
        ),
        (json!({"items": [document], "total": 5}), 5, 0),
        (json!({"items": [document], "documents": null, "total": 5, "total_count": 5}), 5, 0),
        (json!({"items": [document], "documents": [document], "status_counts": null}), 0, 0),
        (json!([document]), 1, 0),
    ] {
        let page: DocumentList = read(&form);
        assert_eq!((page.documents.len(), page.total, page.total_pages), (1, total, pages), "{form}");
        // Serde alone reads the same.
        assert_eq!(serde_json::from_value::<DocumentList>(form).unwrap(), page);
    }
    for form in [
        json!({}),
        json!([]),
        json!({"documents": null, "total": null, "pagination": null, "has_more": null}),
    ] {
        assert_eq!(read::<DocumentList>(&form), DocumentList::default(), "{form}");
    }
    for form in ["null", "5", "\"x\"", "<html>", ""] {
        assert!(DocumentList::from_body(form).is_err(), "{form}");
    }
    assert!(DocumentList::from_body("\u{feff}{\"documents\":[]}").is_ok());
}

#[test]
fn one_unknown_word_does_not_break_a_page() {
    let words = ["completed", "partial_failure", "archived_v9", ""];
    let documents: Vec<Value> =
        words.iter().map(|word| json!({"id": "d", "title": "t", "chunk_count": 0, "status": word})).collect();
    let page: DocumentList = read(&json!({ "documents": documents }));
    let kept: Vec<&str> =
        page.documents.iter().filter_map(|d| d.status.as_ref()).map(DocumentStatus::as_str).collect();
    assert_eq!(kept, words);
}

#[test]
fn numbers_in_every_form() {
    let summary =
        |fields: &str| crate::from_json::<DocumentSummary>(format!(r#"{{"id":"d-1",{fields}}}"#).as_bytes());
    assert_eq!(summary(r#""chunk_count":1e3"#).unwrap().chunk_count, 1000);
    assert_eq!(summary(r#""content_length":18446744073709551615"#).unwrap().content_length, Some(u64::MAX));
    assert_eq!(
        summary(r#""total_tokens":9007199254740993"#).unwrap().total_tokens,
        Some(9_007_199_254_740_993)
    );
    assert_eq!(
        summary(r#""title":null,"chunk_count":null,"stage_progress":null"#).unwrap(),
        DocumentSummary::new("d-1")
    );
    for fields in [r#""chunk_count":15.5"#, r#""chunk_count":-1"#, r#""entity_count":18446744073709551616"#] {
        assert!(summary(fields).is_err(), "{fields}");
    }
}

#[test]
fn an_error_names_the_place_in_the_list() {
    let error = |json: &str| DocumentList::from_body(json.to_owned()).unwrap_err().to_string();
    insta::assert_snapshot!(error(r#"{"documents":[{"id":"a","chunk_count":1},{"id":"b","chunk_count":15.5}]}"#), @"the JSON field `documents[1].chunk_count` cannot be read");
    insta::assert_snapshot!(error(r#"[{"id":"a"},{"id":"b","entity_count":-1}]"#), @"the JSON field `[1].entity_count` cannot be read");
    insta::assert_snapshot!(error(r#"{"documents":[{"title":"no id"}]}"#), @"the JSON field `documents[0]` cannot be read");
    insta::assert_snapshot!(error(r#"{"documents":[],"total":0.5}"#), @"the JSON field `total` cannot be read");
}

#[test]
fn a_track_is_finished_when_everything_arrived_and_ended() {
    let documents = |words: &[&str]| -> Vec<Value> {
        words.iter().map(|word| json!({"id": "d", "status": word})).collect()
    };
    for (track, finished) in [
        // A track that does not exist, or whose documents are not visible yet.
        (json!({"track_id": "t", "documents": [], "total_count": 0, "is_complete": true}), false),
        (json!({"track_id": "t", "is_complete": true}), false),
        (
            json!({"track_id": "t", "documents": documents(&["completed"]), "total_count": 1, "is_complete": true}),
            true,
        ),
        (
            json!({"track_id": "t", "documents": documents(&["failed", "cancelled", "partial_failure"]), "total_count": 3, "is_complete": true}),
            true,
        ),
        // States that the server does not count as work.
        (
            json!({"track_id": "t", "documents": documents(&["completed", "queued"]), "total_count": 2, "is_complete": true}),
            false,
        ),
        (
            json!({"track_id": "t", "documents": documents(&["deleting"]), "total_count": 1, "is_complete": true}),
            false,
        ),
        (
            json!({"track_id": "t", "documents": documents(&["completed"]), "total_count": 1, "is_complete": false}),
            false,
        ),
        // Not all of them have arrived.
        (
            json!({"track_id": "t", "documents": documents(&["completed"]), "total_count": 1, "is_complete": true, "expected_count": 2, "registered_count": 1}),
            false,
        ),
        (
            json!({"track_id": "t", "documents": documents(&["completed"]), "total_count": 1, "is_complete": true, "expected_count": 2}),
            false,
        ),
        (
            json!({"track_id": "t", "documents": documents(&["completed"]), "total_count": 1, "is_complete": true, "expected_count": 1, "registered_count": 1}),
            true,
        ),
        (
            json!({"track_id": "t", "documents": documents(&["completed"]), "total_count": 1, "is_complete": true, "expected_count": null, "registered_count": 0}),
            true,
        ),
        // The phase counts more than the status.
        (
            json!({"track_id": "t", "documents": [{"id": "d", "status": "processing", "ui_phase": "terminal"}], "total_count": 1, "is_complete": true}),
            true,
        ),
    ] {
        assert_eq!(read::<Track>(&track).is_finished(), finished, "{track}");
    }
}

#[test]
fn a_track_is_complete_when_its_documents_are() {
    let mut summary = DocumentSummary::new("d-1");
    assert!(!Track::new("t-1", vec![summary.clone()]).is_finished());
    summary.status = Some(DocumentStatus::Failed);
    assert!(Track::new("t-1", vec![summary]).is_finished());
}

/// A server with `count` documents that cuts pages at `cap` and tells what `form` lets it tell.
fn serve(request: &ListDocuments, count: u64, cap: u64, form: u8) -> DocumentList {
    let (page, size) = (request.page.unwrap_or(1), request.page_size.unwrap_or(20).min(cap));
    let documents: Vec<Value> =
        ((page - 1) * size..count.min(page * size)).map(|number| json!({"id": number.to_string()})).collect();
    let pages = count.div_ceil(size);
    read(&match form {
        0 => {
            json!({"documents": documents, "total": count, "page": page, "page_size": size, "total_pages": pages,
                    "has_more": page < pages})
        }
        1 => {
            json!({"documents": documents, "total": count, "page": page, "page_size": size, "total_pages": pages})
        }
        2 => json!({"documents": documents,
                    "pagination": {"total": count, "page": page, "page_size": size, "total_pages": pages}}),
        3 => json!({"items": documents, "has_more": page < pages}),
        _ => json!({"documents": documents, "total": count, "page": page, "page_size": size}),
    })
}

proptest! {
    #[test]
    fn a_walk_finds_every_document_once(count in 0_u64..120, size in prop::option::of(1_u64..60), cap in 1_u64..60, form in 0_u8..5) {
        let mut request = Some(ListDocuments { page_size: size, ..ListDocuments::new().document_pattern("x") });
        let mut found = Vec::new();
        while let Some(current) = request {
            let page = serve(&current, count, cap, form);
            request = current.next(&page);
            if let Some(next) = &request {
                prop_assert_eq!((&next.document_pattern, next.page_size), (&current.document_pattern, size));
            }
            found.extend(ListDocuments::items(page).into_iter().map(|document| document.id.to_string()));
        }
        let expected: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        prop_assert_eq!(found, expected);
    }
}
