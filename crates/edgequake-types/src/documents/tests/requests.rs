use serde_json::json;

use crate::documents::*;
use crate::multipart::{Content, Segment};
use crate::testing::{assert_served, on_the_wire, served};
use crate::{Body, DecodeError, Endpoint};

#[test]
fn texts() {
    insta::assert_snapshot!(on_the_wire(&UploadText::new("The bridge.")), @r#"
    POST /api/v1/documents
    accept: application/json
    content-type: application/json

    {"content":"The bridge."}
    "#);
    let full = UploadText::new("The bridge.")
        .title("Bridge")
        .metadata(json!({"page": 18_446_744_073_709_551_615_u64, "tags": ["a", null]}))
        .async_processing(true)
        .track_id("t-1")
        .enable_gleaning(false)
        .max_gleaning(0)
        .use_llm_summarization(false)
        .chunk_strategy(ChunkStrategy::Markdown)
        .chunk_options(json!({"chunk_token_size": 800}));
    insta::assert_snapshot!(on_the_wire(&full), @r#"
    POST /api/v1/documents
    accept: application/json
    content-type: application/json

    {"content":"The bridge.","title":"Bridge","metadata":{"page":18446744073709551615,"tags":["a",null]},"async_processing":true,"track_id":"t-1","enable_gleaning":false,"max_gleaning":0,"use_llm_summarization":false,"chunk_strategy":"markdown","chunk_options":{"chunk_token_size":800}}
    "#);
    assert_served(&full);
    assert_served(&UploadText::new("The bridge."));
}

/// What the server turns on by default can be turned off, turned on, and left alone.
#[test]
fn flags_have_three_states_on_the_wire() {
    for (upload, body) in [
        (UploadText::new("x"), r#"{"content":"x"}"#),
        (UploadText::new("x").enable_gleaning(false), r#"{"content":"x","enable_gleaning":false}"#),
        (UploadText::new("x").enable_gleaning(true), r#"{"content":"x","enable_gleaning":true}"#),
    ] {
        assert_eq!(upload.body().unwrap().bytes().unwrap(), body);
        assert_served(&upload);
    }
}

#[test]
fn files() {
    insta::assert_snapshot!(on_the_wire(&UploadFile::from_bytes("a.txt", "abc")), @r#"
    POST /api/v1/documents/upload
    accept: application/json
    content-type: multipart/form-data; boundary=b0

    --b0<CR>
    Content-Disposition: form-data; name="file"; filename="a.txt"<CR>
    Content-Type: application/octet-stream<CR>
    <CR>
    abc<CR>
    --b0--<CR>
    "#);
    let full = UploadFile::from_bytes(r"C:\secret dir\Nguyễn 天狗 (1).md", "# T")
        .title("T")
        .metadata(json!({"year": 1931}))
        .chunk_strategy(ChunkStrategy::Fixed)
        .chunk_options(json!({"chunk_token_size": 800}));
    insta::assert_snapshot!(on_the_wire(&full), @r#"
    POST /api/v1/documents/upload
    accept: application/json
    content-type: multipart/form-data; boundary=b0

    --b0<CR>
    Content-Disposition: form-data; name="file"; filename="Nguyễn 天狗 (1).md"<CR>
    Content-Type: application/octet-stream<CR>
    <CR>
    # T<CR>
    --b0<CR>
    Content-Disposition: form-data; name="metadata"<CR>
    <CR>
    {"title":"T","year":1931}<CR>
    --b0<CR>
    Content-Disposition: form-data; name="title"<CR>
    <CR>
    T<CR>
    --b0<CR>
    Content-Disposition: form-data; name="chunk_strategy"<CR>
    <CR>
    fixed<CR>
    --b0<CR>
    Content-Disposition: form-data; name="chunk_options"<CR>
    <CR>
    {"chunk_token_size":800}<CR>
    --b0--<CR>
    "#);
    assert_served(&full);
    insta::assert_snapshot!(on_the_wire(&UploadFile::from_bytes("a.txt", "abc").title("T")), @r#"
    POST /api/v1/documents/upload
    accept: application/json
    content-type: multipart/form-data; boundary=b0

    --b0<CR>
    Content-Disposition: form-data; name="file"; filename="a.txt"<CR>
    Content-Type: application/octet-stream<CR>
    <CR>
    abc<CR>
    --b0<CR>
    Content-Disposition: form-data; name="metadata"<CR>
    <CR>
    {"title":"T"}<CR>
    --b0<CR>
    Content-Disposition: form-data; name="title"<CR>
    <CR>
    T<CR>
    --b0--<CR>
    "#);
}

#[test]
fn files_survive_a_round_trip() {
    let file = || UploadFile::from_bytes("a.bin", vec![0, 13, 10, 255]);
    for upload in [
        file(),
        file().title("T"),
        file().title(""),
        file().metadata(json!(null)),
        file().metadata(json!([1, "x"])).title("T"),
        file().metadata(json!("text")),
        file().metadata(json!({})),
        file().metadata(json!({"title": "other"})).title("T"),
        file().metadata(json!({"title": "only here"})),
        file().metadata(json!({"a": {"b": 18_446_744_073_709_551_615_u64}})).title("T"),
        file().chunk_strategy("by_page").chunk_options(json!({})),
    ] {
        assert_served(&upload);
    }
    // The title that the metadata names already is told once.
    let twice = served(&file().title("T").metadata(json!({"title": "T"})));
    assert_eq!((twice.title.as_deref(), twice.metadata), (Some("T"), None));
}

#[test]
fn a_deferred_file_has_its_place() {
    let upload = UploadFile::deferred("/var/data/big.md", 1 << 40).title("T");
    let Body::Form(form) = upload.body().unwrap() else { panic!("no form") };
    assert_eq!(form.parts()[0].file_name.as_deref(), Some("big.md"));
    let segments = form.segments();
    assert!(matches!(segments[1], Segment::Deferred { part: 0, length: 0x100_0000_0000 }));
    assert!(form.length() > 1 << 40);
    assert_eq!(upload.body().unwrap().bytes(), None);
}

#[test]
fn only_the_last_component_of_a_path_is_a_file_name() {
    for (given, sent) in [
        ("/tmp/u1/secret dir/a.pdf", "a.pdf"),
        (r"C:\Users\mona\a.pdf", "a.pdf"),
        ("a.pdf", "a.pdf"),
        ("./a", "a"),
        ("dir/", ""),
        ("ÄÖ.txt", "ÄÖ.txt"),
    ] {
        assert_eq!(UploadFile::from_bytes(given, "x").file_name, sent);
        assert_eq!(UploadFile::deferred(given, 1).file_name, sent);
    }
}

#[test]
fn forms_that_are_no_upload() {
    let read = |content_type: &str, body: &str| {
        let request =
            http::Request::post(UploadFile::PATH).header("content-type", content_type).body(()).unwrap();
        UploadFile::from_request(&request.into_parts().0, body.as_bytes())
    };
    let form = "multipart/form-data; boundary=b";
    assert!(matches!(read("application/json", "{}"), Err(DecodeError::Form(_))));
    assert!(matches!(read(form, "--b"), Err(DecodeError::Form(_))));
    let no_file = "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nT\r\n--b--";
    insta::assert_snapshot!(read(form, no_file).unwrap_err(), @"the form has no part `file`");
    // Unknown parts are ignored, bad JSON is dropped, a file without a name gets one.
    let odd = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc\r\n\
               --b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\r\n\
               --b\r\nContent-Disposition: form-data; name=\"config\"\r\n\r\n1\r\n--b--";
    let upload = read(form, odd).unwrap();
    assert_eq!((upload.file_name.as_str(), &upload.content), ("unnamed.txt", &Content::Bytes("abc".into())));
    assert_eq!(upload.metadata, None);
    let elsewhere = http::Request::post("/api/v1/documents").body(()).unwrap().into_parts().0;
    assert!(matches!(UploadFile::from_request(&elsewhere, b""), Err(DecodeError::Route { .. })));
}

#[test]
fn reading() {
    insta::assert_snapshot!(on_the_wire(&ListDocuments::new()), @"
    GET /api/v1/documents
    accept: application/json
    ");
    let full = ListDocuments::new()
        .page(2)
        .page_size(50)
        .date_from("2031-02-03T00:00:00+00:00")
        .date_to("2031-02-03T23:59:59.999999999+00:00")
        .document_pattern("bridge,Straße & co")
        .status(DocumentStatus::PartialFailure);
    insta::assert_snapshot!(on_the_wire(&full), @"
    GET /api/v1/documents?date_from=2031-02-03T00%3A00%3A00%2B00%3A00&date_to=2031-02-03T23%3A59%3A59.999999999%2B00%3A00&document_pattern=bridge%2CStra%C3%9Fe+%26+co&page=2&page_size=50&status=partial_failure
    accept: application/json
    ");
    assert_served(&full);
    insta::assert_snapshot!(on_the_wire(&GetDocument::new("doc/1 ü")), @"
    GET /api/v1/documents/doc%2F1%20%C3%BC
    accept: application/json
    ");
    assert_served(&GetDocument::new("doc/1 ü"));
    insta::assert_snapshot!(on_the_wire(&GetTrack::new("upload_1")), @"
    GET /api/v1/documents/track/upload_1
    accept: application/json
    ");
    assert_served(&GetTrack::new("upload_1"));
}

#[test]
fn deleting() {
    insta::assert_snapshot!(on_the_wire(&DeleteDocument::new("d-1")), @"
    DELETE /api/v1/documents/d-1
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&DeleteAllDocuments::new()), @"
    DELETE /api/v1/documents
    accept: application/json
    x-edgequake-confirm: delete-all-documents
    ");
    assert_served(&DeleteDocument::new("d-1"));
    assert_served(&DeleteAllDocuments::new());
}

#[test]
fn an_id_that_no_path_can_hold_is_an_error() {
    for id in ["", ".", ".."] {
        assert!(GetDocument::new(id).to_request().is_err());
        assert!(DeleteDocument::new(id).to_request().is_err());
    }
}
