use http::Response;
use serde_json::json;

use crate::documents::*;
use crate::multipart::{Content, Segment};
use crate::testing::{assert_served, read, served};
use crate::{Body, Decode, Endpoint};

#[test]
fn several_files_survive_a_round_trip() {
    for count in [0, 1, 3] {
        let files: Vec<NamedFile> =
            (0..count).map(|n| NamedFile::from_bytes(format!("{n}.md"), vec![0, 13, 10, 255])).collect();
        assert_served(&UploadFiles::new(files));
    }
    // Servers take either name of the part, and a file without a name.
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc\r\n\
                --b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"b.md\"\r\n\r\ndef\r\n\
                --b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\r\n--b--";
    let request =
        http::Request::post(UploadFiles::PATH).header("content-type", "multipart/form-data; boundary=b");
    let read = UploadFiles::from_request(&request.body(()).unwrap().into_parts().0, body.as_bytes()).unwrap();
    let names: Vec<&str> = read.files.iter().map(|file| file.file_name.as_str()).collect();
    assert_eq!((names, read.metadata), (vec!["unnamed.txt", "b.md"], None));
    assert_eq!(read.files[1].content, Content::Bytes("def".into()));
}

#[test]
fn each_deferred_file_has_its_place() {
    let upload = UploadFiles::new([
        NamedFile::deferred("a.md", 3),
        NamedFile::from_bytes("b.md", "x"),
        NamedFile::deferred("c.md", 5),
    ]);
    let Body::Form(form) = upload.body().unwrap() else { panic!("no form") };
    let places: Vec<(usize, u64)> = (form.segments().iter())
        .filter_map(|segment| match segment {
            Segment::Deferred { part, length } => Some((*part, *length)),
            _ => None,
        })
        .collect();
    assert_eq!(places, [(0, 3), (2, 5)]);
}

#[test]
fn failures_of_a_batch_are_told() {
    let answer: UploadedFiles = read(&json!({"total_files": "many", "results": [
        {"filename": "a.md", "status": "processed", "document_id": "d-1", "error": null},
        {"filename": "b.md", "status": "success", "document_id": null},
        {"filename": "c.md", "status": "duplicate", "document_id": "d-0"},
        {"filename": "d.md", "status": "failed", "document_id": null, "error": "blank"},
        {"filename": "e.md", "status": "quarantined", "document_id": null},
        {"filename": "f.md", "status": "queued", "document_id": "d-2"},
    ]}));
    let failed: Vec<&str> = answer.failed_files().map(|file| file.file_name.as_str()).collect();
    assert_eq!((failed, answer.total_files), (vec!["d.md", "e.md"], 0));
    for status in [200, 201, 202] {
        let head = Response::builder().status(status).body(()).unwrap().into_parts().0;
        assert!(UploadedFiles::decode(&head, r#"{"results":[]}"#.into()).unwrap().results.is_empty());
    }
}

/// The body has to be there, also where nothing is said.
#[test]
fn an_empty_body_is_an_object() {
    for body in [
        ReprocessDocuments::new().body(),
        RecoverStuckDocuments::new().body(),
        ReanalyzeDocument::new("d-1").body(),
        crate::pdf::RetryPdf::new("p-1").body(),
        crate::pipeline::CancelPipeline::new().body(),
    ] {
        let Ok(Body::Json(json)) = body else { panic!("no JSON") };
        assert_eq!(json, "{}");
    }
    let Ok(Body::Json(json)) = RetryChunks::new("d-1").body() else { panic!("no JSON") };
    assert_eq!(json, r#"{"chunk_indices":[]}"#);
}

#[test]
fn chunks_that_only_seem_to_be_queued() {
    for (answer, queued) in [
        (json!({"document_id": "d-1", "chunks_queued": 2}), true),
        (json!({"document_id": "d-1", "chunks_queued": 2, "implemented": true}), true),
        (json!({"document_id": "d-1", "chunks_queued": 2, "implemented": false}), false),
        (json!({"document_id": "d-1", "chunks_queued": 0}), false),
    ] {
        assert_eq!(read::<RetriedChunks>(&answer).is_queued(), queued, "{answer}");
    }
}

#[test]
fn failed_chunks_in_every_form() {
    let chunk = json!({"chunk_index": 7, "error_message": "e", "retry_attempts": 3});
    let other = json!({"chunk_index": 7, "error": "e", "retry_count": 3});
    for form in [
        json!({"document_id": "d-1", "failed_chunks": [chunk], "total_chunks": 9}),
        json!({"chunks": [other]}),
        json!({"failed_chunks": null, "chunks": [other]}),
        json!([chunk]),
        json!([other]),
    ] {
        let read: FailedChunks = read(&form);
        let [chunk] = read.failed_chunks.as_slice() else { panic!("{form}") };
        assert_eq!(
            (chunk.chunk_index, chunk.error_message.as_deref(), chunk.retry_attempts),
            (7, Some("e"), 3),
            "{form}"
        );
    }
    assert!(FailedChunks::from_body(r#"[{"error":"e"}]"#).is_err());
}

#[test]
fn a_lineage_is_found_where_it_is() {
    for (body, chunks, entities) in [
        (json!({"document_id": "d-1", "metadata": {}, "lineage": {"chunks": [1, 2], "entities": [3]}}), 2, 1),
        (json!({"document_id": "d-1", "chunks": [1], "entities": []}), 1, 0),
        (json!({"document_id": "d-1", "lineage": {"chunks": {}}, "entities": [1]}), 0, 1),
        (json!({"document_id": "d-1", "lineage": null}), 0, 0),
    ] {
        let lineage: FullLineage = read(&body);
        assert_eq!((lineage.chunks().len(), lineage.entities().len()), (chunks, entities), "{body}");
    }
}

#[test]
fn pages_are_numbers_or_ranges() {
    for pages in [PageSelection::from([1, 2]), vec![3].into(), "2-4,9".into(), String::from("7").into()] {
        assert_served(&ReprocessPages::new("d-1", pages));
    }
}

/// The slashes of a path stay, and it does not climb.
#[test]
fn an_asset_has_a_path() {
    let request = DownloadAssetByPath::new("d/1", "assets/page-0001.png");
    assert_eq!(request.path().unwrap(), "/api/v1/documents/d%2F1/mm-assets/assets/page-0001.png");
    assert_eq!(served(&request), request);
    for path in ["", "../x", "a//b", "a/../b", "/a"] {
        assert!(DownloadAssetByPath::new("d-1", path).to_request().is_err(), "{path}");
    }
}
