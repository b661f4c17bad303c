use serde_json::json;

use crate::documents::*;
use crate::testing::{assert_round_trip, read, written};
use crate::{Decode, TrackId};

#[test]
fn an_upload_tells_its_outcome_by_the_status_too() {
    let file = |status, task| UploadedFile {
        status,
        task_id: task,
        ..UploadedFile::new("d-1", DocumentStatus::Pending)
    };
    for (status, task, code) in [
        (Some("pending"), Some("insert-1"), 202),
        (Some("pending"), None, 202),
        (Some("extracting"), None, 202),
        (None, Some("insert-1"), 202),
        (Some("completed"), None, 201),
        (Some("failed"), None, 201),
        (None, None, 201),
        (Some("duplicate_processing"), None, 200),
        (Some("duplicate"), None, 200),
    ] {
        let answer = file(status.map(DocumentStatus::from), task.map(TrackId::from));
        assert_eq!(answer.encode().unwrap().status(), code, "{status:?} {task:?}");
    }
    // What the body does not say.
    let read = |code: u16, body: &'static str| {
        let head = http::Response::builder().status(code).body(()).unwrap().into_parts().0;
        let text = UploadedDocument::decode(&head, body.into()).unwrap();
        assert_eq!(UploadedFile::decode(&head, body.into()).unwrap().status, text.status);
        text.status
    };
    assert_eq!(read(202, r#"{"document_id":"d-1","status":null}"#), Some(DocumentStatus::Pending));
    assert_eq!(read(202, r#"{"status":"completed"}"#), Some(DocumentStatus::Completed));
    assert_eq!(read(200, r#"{"document_id":"d-1"}"#), None);
}

/// Whoever takes a finished upload for a failed one uploads again.
#[test]
fn an_upload_does_not_fail_over_what_is_said_about_it() {
    const FIELDS: [&str; 17] = [
        "status",
        "filename",
        "size",
        "content_hash",
        "is_duplicate",
        "duplicate_of",
        "task_id",
        "track_id",
        "chunk_count",
        "entity_count",
        "relationship_count",
        "cost",
        "queue_position",
        "eta_seconds",
        "eta_basis",
        "extraction_mode",
        "extraction_mode_source",
    ];
    for name in FIELDS {
        for odd in [json!([[7]]), json!({"a": 1}), json!(-1.5), json!(true)] {
            let body = json!({"document_id": "d-1", name: odd});
            assert_eq!(read::<UploadedDocument>(&body).document_id.unwrap(), "d-1", "{body}");
            assert_eq!(read::<UploadedFile>(&body).document_id.unwrap(), "d-1", "{body}");
        }
    }
    let odd =
        json!({"document_id": "d-1", "status": 5, "filename": [], "is_duplicate": "perhaps", "task_id": {}});
    assert_eq!(
        read::<UploadedFile>(&odd),
        UploadedFile { document_id: Some("d-1".into()), ..Default::default() }
    );
    let file: UploadedFile = read(&json!({"id": "d-1", "filename": "a.md"}));
    assert_eq!(file.file_name.as_deref(), Some("a.md"));
    assert!(UploadedFile::from_body(r#"{"document_id":[1]}"#).is_err());
    for body in ["", " ", "null"] {
        let head = http::Response::builder().status(202).body(()).unwrap().into_parts().0;
        let text = UploadedDocument::decode(&head, body.into()).unwrap();
        assert_eq!((text.document_id, text.status), (None, Some(DocumentStatus::Pending)), "{body:?}");
        assert_eq!(UploadedFile::from_body(body).unwrap(), UploadedFile::default(), "{body:?}");
    }
}

/// Ids that stand for "none" are none, and an upload that was accepted never fails over what its answer leaves out.
#[test]
fn odd_answers_to_uploads() {
    for (body, document_id, task_id, status) in [
        (r#"{"id":"d1","status":"partial_failure"}"#, Some("d1"), None, Some("partial_failure")),
        (r#"{"status":"processing","task_id":"t1"}"#, None, Some("t1"), Some("processing")),
        (
            r#"{"document_id":"d1","duplicate_of":"d1","status":"duplicate_processing","track_id":"","task_id":""}"#,
            Some("d1"),
            None,
            Some("duplicate_processing"),
        ),
        (
            r#"{"document_id":"d1","id":"d1","status":"archived_v9","chunk_count":null,"eta_seconds":1.5,"cost":{"input_tokens":"?"}}"#,
            Some("d1"),
            None,
            Some("archived_v9"),
        ),
        (
            r#"{"document_id":null,"task_id":null,"track_id":null,"status":null,"eta_seconds":null}"#,
            None,
            None,
            None,
        ),
        (
            r#"{"document_id":"d1","status":"completed","chunk_count":5.0,"entity_count":"7"}"#,
            Some("d1"),
            None,
            Some("completed"),
        ),
    ] {
        let text = UploadedDocument::from_body(body).unwrap();
        let file = UploadedFile::from_body(body).unwrap();
        let ids = |document: &Option<crate::DocumentId>,
                   task: &Option<crate::TrackId>,
                   word: &Option<DocumentStatus>| {
            (
                document.as_ref().map(ToString::to_string),
                task.as_ref().map(ToString::to_string),
                word.as_ref().map(ToString::to_string),
            )
        };
        let expected =
            (document_id.map(str::to_owned), task_id.map(str::to_owned), status.map(str::to_owned));
        assert_eq!(ids(&text.document_id, &text.task_id, &text.status), expected, "{body}");
        assert_eq!(ids(&file.document_id, &file.task_id, &file.status), expected, "{body}");
        assert_eq!((text.track_id, file.track_id), (None, None), "{body}");
    }
}

#[test]
fn an_answer_of_the_wrong_type_names_the_field() {
    for (body, place) in [
        (r#"{"document_id":"d1","chunks_deleted":15.5}"#, "`chunks_deleted`"),
        (r#"{"document_id":"d1","chunks_deleted":-1}"#, "`chunks_deleted`"),
        (r#"{"document_id":{"a":1}}"#, "`document_id`"),
    ] {
        let error = DeletedDocument::from_body(body).unwrap_err().to_string();
        assert!(error.contains(place), "{error}");
    }
    let error = UploadedDocument::from_body(r#"{"document_id":{"a":1}}"#).unwrap_err();
    assert!(error.to_string().contains("`document_id`"), "{error}");
}

#[test]
fn a_document_keeps_what_it_does_not_know() {
    let document: Document = assert_round_trip(&json!({
        "id": "d-1", "chunk_count": 3, "workspace_id": "default", "enrichment_state": 9_223_372_036_854_775_808_u64,
        "lineage": {"llm_model": "m", "chunker": {"v": 2}}, "multimodal_items": [{"modality": "figure"}]
    }));
    assert_eq!(document.extra["enrichment_state"], 9_223_372_036_854_775_808_u64);
    assert_eq!(document.lineage.unwrap().extra["chunker"]["v"], 2);
    assert_eq!(document.multimodal_items[0].modality.as_deref(), Some("figure"));
}

/// Facts at the margin are no reason to lose a document.
#[test]
fn what_matters_little_fails_nothing() {
    let odd = json!({"id": "d-1", "decision_stats": {"chunks": "many"}, "pii": "unknown", "export_control": 2,
        "multimodal_summary": [], "progress_counts": {"current": -1}, "eta_seconds": 1.5,
        "lineage": {"avg_chunk_size": "large", "pdf_extraction_warning": ["a", "b"]}});
    let document: Document = read(&odd);
    assert_eq!((document.decision_stats, document.pii, document.export_control), (None, None, None));
    assert_eq!(document.lineage, Some(DocumentLineage::default()));
    let list: DocumentList = read(&json!([odd]));
    assert_eq!(list.documents, [DocumentSummary::new("d-1")]);
}

#[test]
fn a_document_of_nulls_and_odd_scopes() {
    let document: Document = read(&json!({
        "id": "d-1", "title": null, "status": null, "chunk_count": null, "lineage": null, "metadata": null,
        "tenant_id": "", "workspace_id": {"id": 1}, "track_id": ""
    }));
    assert_eq!(document, Document::new("d-1"));
    assert!(!document.is_terminal());
    let lineage: Document = read(
        &json!({"id": "d-1", "lineage": {"keywords": null, "entity_types": null}, "multimodal_items": null}),
    );
    assert!(lineage.lineage.unwrap().keywords.is_empty());
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    let body = format!(r#"{{"id":"d-1","metadata":{}"#, "[".repeat(100_000));
    assert!(Document::from_body(body.clone()).is_err());
    assert!(DocumentList::from_body(format!("[{body}")).is_err());
    // Nor where nobody looks at it.
    let body = format!(r#"{{"documents":[],"new":{}"#, "[".repeat(100_000));
    assert!(DocumentList::from_body(body).is_err());
}

#[test]
fn a_deletion_tells_its_outcome_by_the_status_too() {
    for (code, body, accepted, deleted) in [
        (200, "", false, true),
        (204, "", false, true),
        (202, "", true, false),
        (202, "{}", true, false),
        (202, r#"{"document_id":"d-1","deleted":null}"#, true, false),
        (202, r#"{"accepted":true,"deleted":false}"#, true, false),
        // The body says more than the status.
        (200, r#"{"accepted":true}"#, true, false),
        (200, r#"{"deleted":false}"#, false, false),
        (200, r#"{"deleted":"true","accepted":null}"#, false, true),
        (200, r#"{"document_id":"d-1"}"#, false, true),
    ] {
        let head = http::Response::builder().status(code).body(()).unwrap().into_parts().0;
        let one = DeletedDocument::decode(&head, body.into()).unwrap();
        assert_eq!((one.accepted, one.deleted), (accepted, deleted), "{code} {body}");
        let body = body.replacen('{', r#"{"deleted_count":0,"#, 1).replace(",}", "}");
        let all = DeletedDocuments::decode(&head, body.clone().into()).unwrap();
        assert_eq!(all.accepted, accepted, "{code} {body}");
        for status in [one.encode().unwrap().status(), all.encode().unwrap().status()] {
            assert_eq!(status, if accepted { 202 } else { 200 }, "{code} {body}");
        }
    }
}

#[test]
fn deletions_are_made_as_they_are_read() {
    let accepted = json!({
        "document_id": "d-1", "accepted": true, "deleted": false, "track_id": "deletion-1",
        "chunks_deleted": 0, "entities_affected": 0, "relationships_affected": 0
    });
    assert_eq!(read::<DeletedDocument>(&accepted), DeletedDocument::accepted("d-1", "deletion-1"));
    assert_eq!(written(&DeletedDocument::deleted("d-1"))["deleted"], true);
    let accepted =
        json!({"accepted": true, "wipe_track_id": "wipe-1", "deleted_count": 9, "planned_delete_count": 9});
    assert_eq!(read::<DeletedDocuments>(&accepted), DeletedDocuments::accepted(9, "wipe-1"));
    assert_eq!(DeletedDocuments::from_body("").unwrap(), DeletedDocuments::deleted(0));
    let nulls = json!({"deleted_count": 2, "total_pdfs_deleted": null, "skipped_documents": null, "wipe_track_id": ""});
    assert_eq!(read::<DeletedDocuments>(&nulls), DeletedDocuments::deleted(2));
}
