use serde_json::json;

use crate::Decode;
use crate::documents::*;
use crate::testing::{assert_round_trip, read, written};

#[test]
fn uploads() {
    let queued: UploadedDocument = assert_round_trip(&json!({
        "document_id": "6f0c", "status": "pending", "task_id": "insert-77aa", "track_id": "upload_1"
    }));
    assert_eq!(queued.chunk_count, None);
    let done: UploadedDocument = assert_round_trip(&json!({
        "document_id": "6f0c", "status": "completed", "track_id": "upload_1",
        "chunk_count": 3, "entity_count": 0, "relationship_count": 1,
        "cost": {"total_cost_usd": 0.0042, "formatted_cost": "$0.0042", "input_tokens": 10, "output_tokens": 2,
                 "total_tokens": 12, "llm_model": "m"}
    }));
    assert_eq!(done.entity_count, Some(0));
    assert_round_trip::<UploadedFile>(&json!({
        "document_id": "6f0c", "filename": "a.md", "size": 18_446_744_073_709_551_615_u64, "content_hash": "ab",
        "status": "pending", "chunk_count": 0, "entity_count": 0, "relationship_count": 0, "is_duplicate": false,
        "task_id": "insert-1", "track_id": "t-1", "queue_position": 2, "eta_seconds": 1.5, "eta_basis": "measured",
        "extraction_mode": "llm", "extraction_mode_source": "workspace"
    }));
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
            r#"{"document_id":"d1","id":"d1","status":"archived_v9","chunk_count":null,"cost":{"input_tokens":"?"}}"#,
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
        let text = UploadedDocument::decode(body.into()).unwrap();
        let file = UploadedFile::decode(body.into()).unwrap();
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
        (r#"{"document_id":"d1","chunk_count":15.5}"#, "`chunk_count`"),
        (r#"{"document_id":"d1","chunk_count":-1}"#, "`chunk_count`"),
        (r#"{"document_id":{"a":1}}"#, "`document_id`"),
    ] {
        let error = UploadedDocument::decode(body.into()).unwrap_err().to_string();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn a_document_keeps_what_it_does_not_know() {
    let wire = json!({
        "id": "d-1", "title": "Bridge", "content": "The bridge.", "status": "completed", "ui_phase": "terminal",
        "chunk_count": 3, "relationship_count": 2, "mime_type": "text/markdown", "file_size": 11,
        "tenant_id": "00000000-0000-0000-0000-000000000002", "workspace_id": "default",
        "metadata": {"n": [9_007_199_254_740_993_u64, 18_446_744_073_709_551_615_u64], "deep": {"a": null}},
        "lineage": {"llm_model": "m", "keywords": ["bridge"], "pdf_vision_model": "v", "avg_chunk_size": 12.5},
        "multimodal_items": [{"kind": "figure"}], "enrichment_state": 9_223_372_036_854_775_808_u64
    });
    let document: Document = assert_round_trip(&wire);
    assert!(document.is_terminal());
    assert_eq!(document.extra["multimodal_items"][0]["kind"], "figure");
    assert_eq!(document.lineage.unwrap().extra["pdf_vision_model"], "v");
}

#[test]
fn a_document_of_nulls_and_odd_scopes() {
    let document: Document = read(&json!({
        "id": "d-1", "title": null, "status": null, "chunk_count": null, "lineage": null, "metadata": null,
        "tenant_id": "", "workspace_id": {"id": 1}, "track_id": ""
    }));
    assert_eq!(document, Document::new("d-1"));
    assert!(!document.is_terminal());
    let lineage: Document = read(&json!({"id": "d-1", "lineage": {"keywords": null, "entity_types": null}}));
    assert!(lineage.lineage.unwrap().keywords.is_empty());
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    let body = format!(r#"{{"id":"d-1","metadata":{}"#, "[".repeat(100_000));
    assert!(Document::decode(body.clone().into()).is_err());
    assert!(DocumentList::decode(format!("[{body}").into()).is_err());
    // Nor where nobody looks at it.
    let body = format!(r#"{{"documents":[],"new":{}"#, "[".repeat(100_000));
    assert!(DocumentList::decode(body.into()).is_err());
}

#[test]
fn deletions() {
    let accepted = json!({
        "document_id": "d-1", "accepted": true, "deleted": false, "track_id": "deletion-1",
        "chunks_deleted": 0, "entities_affected": 0, "relationships_affected": 0
    });
    let read_back: DeletedDocument = assert_round_trip(&accepted);
    assert_eq!(read_back, DeletedDocument::accepted("d-1", "deletion-1"));
    let done = json!({
        "document_id": "d-1", "deleted": true, "chunks_deleted": 3, "entities_affected": 2, "relationships_affected": 1,
        "embeddings_deleted": 4, "partial_failure": true, "partial_failure_reason": "vectors"
    });
    assert!(assert_round_trip::<DeletedDocument>(&done).partial_failure);
    // 204, or 200 without a body.
    let empty = DeletedDocument::decode("".into()).unwrap();
    assert_eq!((empty.deleted, empty.accepted, empty.document_id), (true, false, None));
    assert_eq!(written(&DeletedDocument::deleted("d-1"))["deleted"], true);
}

#[test]
fn deletions_of_everything() {
    let accepted = json!({
        "accepted": true, "wipe_track_id": "wipe-1", "deleted_count": 9, "planned_delete_count": 9,
        "total_chunks_deleted": 0, "total_entities_removed": 0, "total_relationships_removed": 0,
        "total_pdfs_deleted": 0, "skipped_count": 0, "skipped_documents": []
    });
    assert_eq!(assert_round_trip::<DeletedDocuments>(&accepted), DeletedDocuments::accepted(9, "wipe-1"));
    let first: DeletedDocuments = read(
        &json!({"deleted_count": 2, "skipped_count": 1, "skipped_documents": ["d-3"], "total_pdfs_deleted": null}),
    );
    assert_eq!((first.accepted, first.deleted_count, first.skipped_documents.len()), (false, 2, 1));
    assert_eq!(DeletedDocuments::decode("".into()).unwrap(), DeletedDocuments::deleted(0));
}
