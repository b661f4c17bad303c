use serde_json::{Value, json};

use crate::documents::NamedFile;
use crate::multipart::{Content, Segment};
use crate::pdf::*;
use crate::testing::{assert_served, read, served, written};
use crate::{Body, Decode, Endpoint, Event, Paginated};

/// A flag that is `false` travels, and so does one that is `true`: the server looks at the pages by default.
#[test]
fn vision_has_three_states() {
    let upload = || UploadPdf::from_bytes("a.pdf", "%PDF");
    let sent = |upload: &UploadPdf| {
        let Body::Form(form) = upload.body().unwrap() else { panic!("no form") };
        let part =
            form.parts().iter().find(|part| part.name == "enable_vision").map(|part| part.content.clone());
        part.map(|content| match content {
            Content::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Content::Deferred(_) => panic!("deferred"),
        })
    };
    for (upload, text) in [
        (upload(), None),
        (upload().enable_vision(false), Some("false")),
        (upload().enable_vision(true), Some("true")),
    ] {
        assert_eq!(sent(&upload).as_deref(), text);
        assert_served(&upload);
    }
    // Other words are no flag.
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n\
                --b\r\nContent-Disposition: form-data; name=\"enable_vision\"\r\n\r\nTrue\r\n--b--";
    let request =
        http::Request::post(UploadPdf::PATH).header("content-type", "multipart/form-data; boundary=b");
    let read = UploadPdf::from_request(&request.body(()).unwrap().into_parts().0, body.as_bytes()).unwrap();
    assert_eq!((read.file_name.as_str(), read.enable_vision), ("document.pdf", None));
}

#[test]
fn title_and_metadata_are_one_text() {
    let upload = || UploadPdf::from_bytes("a.pdf", "%PDF");
    for upload in [
        upload().title("T"),
        upload().metadata(json!({"a": {"b": 1}})).title("T"),
        upload().metadata(json!([1])).title("T"),
        upload().metadata(json!({"title": "other"})).title("T"),
        upload().metadata(json!({"title": "only here"})),
    ] {
        assert_served(&upload);
    }
    let twice = served(&upload().title("T").metadata(json!({"title": "T"})));
    assert_eq!((twice.title.as_deref(), twice.metadata), (Some("T"), None));
}

#[test]
fn deferred_files_have_their_places() {
    let Body::Form(form) = UploadPdf::deferred("/srv/big.pdf", 1 << 40).body().unwrap() else {
        panic!("no form")
    };
    assert!(matches!(form.segments()[1], Segment::Deferred { part: 0, length: 0x100_0000_0000 }));
    let files = [NamedFile::deferred("a.pdf", 10), NamedFile::deferred("b.pdf", 20)];
    let Body::Form(form) = UploadPdfs::new(files).body().unwrap() else { panic!("no form") };
    let places: Vec<(usize, u64)> = (form.segments().iter())
        .filter_map(|segment| match segment {
            Segment::Deferred { part, length } => Some((*part, *length)),
            _ => None,
        })
        .collect();
    assert_eq!(places, [(0, 10), (1, 20)]);
}

/// An upload that was accepted is not lost over what its answer says about it, as long as it names the PDF.
#[test]
fn odd_answers_to_uploads() {
    for name in [
        "document_id",
        "status",
        "task_id",
        "track_id",
        "message",
        "estimated_time_seconds",
        "metadata",
        "duplicate_of",
        "ingestion_estimate",
        "queue_position",
        "eta_seconds",
        "eta_basis",
    ] {
        for odd in [json!([[7]]), json!(-1.5), json!(true)] {
            assert_eq!(
                read::<UploadedPdf>(&json!({"pdf_id": "p-1", name: odd})).pdf_id,
                "p-1",
                "{name} {odd}"
            );
        }
    }
    assert!(UploadedPdf::from_body(r#"{"status":"queued"}"#).is_err());
    let duplicate: UploadedPdf =
        read(&json!({"pdf_id": "p-1", "status": "duplicate", "task_id": "", "duplicate_of": "p-1"}));
    assert_eq!((duplicate.task_id, duplicate.duplicate_of), (None, Some("p-1".into())));
    assert!(!duplicate.status.unwrap().is_terminal());
}

#[test]
fn failures_of_a_batch_are_told() {
    let answer: UploadedPdfs = read(&json!({"results": [
        {"filename": "a.pdf", "status": "processing", "pdf_id": "p-1", "task_id": "t-1"},
        {"filename": "b.pdf", "status": "duplicate", "pdf_id": "p-0", "task_id": ""},
        {"filename": "c.pdf", "status": "failed", "pdf_id": null, "error": "damaged"},
        {"filename": "d.pdf", "status": "quarantined", "pdf_id": null},
        {"filename": "e.pdf", "status": "processing", "pdf_id": "p-2", "error": "damaged"},
    ]}));
    let failed: Vec<&str> = answer.failed_files().map(|file| file.file_name.as_str()).collect();
    assert_eq!(failed, ["c.pdf", "d.pdf", "e.pdf"]);
    assert_eq!(answer.results[1].task_id, None);
}

#[test]
fn lists_in_every_form() {
    let pdf = json!({"pdf_id": "p-1", "status": "completed"});
    for (form, total) in [
        (
            json!({"items": [pdf], "pagination": {"total_count": 45, "page": 1, "page_size": 20, "total_pages": 3}}),
            45,
        ),
        (
            json!({"items": [pdf], "pagination": {"total": 45, "page": 1, "page_size": 20, "total_pages": 3}}),
            45,
        ),
        (json!({"pdfs": [pdf], "total": 7}), 7),
        (json!({"items": null, "pdfs": [pdf], "total_count": 7}), 7),
        (json!({"items": [{"id": "p-1", "file_size": 5}], "pagination": null}), 0),
        (json!([pdf]), 1),
    ] {
        let list: PdfList = read(&form);
        assert_eq!((list.items[0].pdf_id.as_str(), list.pagination.total_count), ("p-1", total), "{form}");
    }
}

#[test]
fn a_walk_keeps_its_filter_and_ends() {
    let mut request = Some(ListPdfs::new().status(PdfStatus::Failed).page_size(500));
    let mut pages = 0;
    while let Some(current) = request {
        pages += 1;
        assert_eq!((current.page.unwrap_or(1), &current.status), (pages, &Some(PdfStatus::Failed)));
        let page = PdfList::new(vec![PdfSummary::new("p"); 100], 250, pages, 100);
        request = current.next(&page);
    }
    assert_eq!(pages, 3);
}

#[test]
fn what_is_nested_comes_before_what_is_flat() {
    let flat: Pdf = read(&json!({"id": "p-1", "status": "failed", "filename": "a.pdf", "page_count": 3}));
    assert_eq!((flat.metadata.file_name.as_deref(), flat.metadata.page_count), (Some("a.pdf"), Some(3)));
    let both: Pdf = read(&json!({"pdf_id": "p-1", "status": "failed", "filename": "a.pdf", "page_count": 3,
        "metadata": {"filename": "b.pdf", "page_count": null}}));
    assert_eq!((both.metadata.file_name.as_deref(), both.metadata.page_count), (Some("b.pdf"), Some(3)));
}

#[test]
fn a_text_under_each_of_its_names() {
    for name in ["markdown_content", "markdown", "content"] {
        let content: PdfContent = read(&json!({"pdf_id": "p-1", name: "# T"}));
        assert_eq!(content.markdown_content.as_deref(), Some("# T"), "{name}");
        assert_eq!(written(&content)["markdown_content"], "# T");
    }
    let null: PdfContent = read(&json!({"id": "p-1", "markdown_content": null, "markdown": "# T"}));
    assert_eq!(null.markdown_content.as_deref(), Some("# T"));
}

fn progress(phases: &[(&str, &str)], complete: bool, failed: bool) -> Value {
    let phases: Vec<Value> =
        phases.iter().map(|(phase, status)| json!({"phase": phase, "status": status})).collect();
    json!({"track_id": "pdf-1", "phases": phases, "overall_percentage": 12.5, "is_complete": complete, "is_failed": failed})
}

/// Nothing is taken for good that a phase contradicts.
#[test]
fn finished_and_good() {
    let done = [("upload", "complete"), ("embedding", "skipped"), ("graph_storage", "completed")];
    for (progress, finished, success, current) in [
        (progress(&done, true, false), true, true, None),
        (progress(&done, false, false), false, false, None),
        (progress(&done, true, true), true, false, None),
        (progress(&[("upload", "complete"), ("chunking", "failed")], true, false), true, false, None),
        (
            progress(&[("upload", "complete"), ("chunking", "active")], true, false),
            true,
            false,
            Some("chunking"),
        ),
        (
            progress(&[("upload", "pending"), ("chunking", "pending")], false, false),
            false,
            false,
            Some("upload"),
        ),
        (progress(&[("polishing", "resting")], true, false), true, false, Some("polishing")),
    ] {
        let read: PdfProgress = read(&progress);
        assert_eq!((read.is_finished(), read.is_success()), (finished, success), "{progress}");
        assert_eq!(read.current_phase().map(|phase| phase.phase.as_str()), current, "{progress}");
        assert_eq!(read.fraction(), 0.125);
    }
}

fn event(name: Option<&str>, payload: &str) -> Option<PdfProgressEvent> {
    PdfProgressEvent::decode(name, payload, &mut ()).unwrap()
}

#[test]
fn events_of_progress() {
    let going = progress(&[("upload", "active")], false, false).to_string();
    let over = progress(&[("upload", "complete")], true, false).to_string();
    for (name, payload, is_final, has_progress, failure) in [
        (None, going.as_str(), false, true, None),
        (Some("progress"), going.as_str(), false, true, None),
        (None, over.as_str(), true, true, None),
        (Some("complete"), over.as_str(), true, true, None),
        (Some("complete"), "{}", true, false, None),
        (Some("complete"), r#""done""#, true, false, None),
        (Some("complete"), r#"{"message":"done"}"#, true, false, None),
        (Some("error"), r#"{"code":"LLM_ERROR","message":"refused"}"#, false, false, Some("refused")),
        (Some("error"), r#"{"error":"refused"}"#, false, false, Some("refused")),
        (Some("error"), "refused", false, false, Some("refused")),
        (None, r#"{"error":"refused"}"#, false, false, Some("refused")),
        (Some("tick"), r#"{"at":1}"#, false, false, None),
    ] {
        let event = event(name, payload).unwrap();
        assert_eq!(
            (event.is_final(), event.progress().is_some()),
            (is_final, has_progress),
            "{name:?} {payload}"
        );
        assert_eq!(event.failure().map(|failure| failure.message).as_deref(), failure, "{name:?} {payload}");
        let written = event.encode().unwrap();
        assert_eq!(super::tests::event(written.name, &written.payload), Some(event), "{written:?}");
    }
    assert_eq!(event(None, " "), None);
    assert!(PdfProgressEvent::decode(None, r#"{"phases":5}"#, &mut ()).is_err());
    assert!(PdfProgressEvent::decode(Some("complete"), "{", &mut ()).is_err());
    assert!(PdfProgressEvent::decode(None, "{\"phases\":[", &mut ()).is_err());
}
