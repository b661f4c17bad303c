use serde_json::json;

use crate::documents::*;
use crate::multipart::{Content, Segment};
use crate::testing::{assert_served, served};
use crate::{Body, DecodeError, Endpoint};

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
        file().extraction_mode("by_hand").decision_gate_preset("wild"),
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

/// By the rules of this platform: on Unix a backslash belongs to the name.
#[test]
fn only_the_last_component_of_a_path_is_a_file_name() {
    let windows = cfg!(windows);
    for (given, sent) in [
        ("/tmp/u1/secret dir/a.pdf", "a.pdf"),
        (r"C:\Users\mona\a.pdf", if windows { "a.pdf" } else { r"C:\Users\mona\a.pdf" }),
        (r"a\b.pdf", if windows { "b.pdf" } else { r"a\b.pdf" }),
        (r"/tmp/a\b.pdf", if windows { "b.pdf" } else { r"a\b.pdf" }),
        ("a.pdf", "a.pdf"),
        ("./a", "a"),
        ("dir/", "dir"),
        ("..", ""),
        ("ÄÖ.txt", "ÄÖ.txt"),
        (" a: b?.txt ", " a: b?.txt "),
    ] {
        for upload in [
            UploadFile::from_bytes(given, "x"),
            UploadFile::deferred(given, 1),
            UploadFile::new(sent, Content::Bytes("x".into())),
        ] {
            assert_eq!(upload.file_name, sent);
            let Body::Form(form) = upload.body().unwrap() else { panic!("no form") };
            assert_eq!(form.parts()[0].file_name.as_deref(), Some(sent));
        }
        assert_served(&UploadFile::from_bytes(given, "x"));
        // The folder is not sent either where it was left in the name.
        let Body::Form(form) = UploadFile::new(given, Content::Deferred(1)).body().unwrap() else {
            panic!("no form")
        };
        assert_eq!(form.parts()[0].file_name.as_deref(), Some(sent));
    }
}

/// The content travels in the form only.
#[test]
fn an_upload_in_json_has_no_content() {
    let written = serde_json::to_value(UploadFile::from_bytes("a.txt", "abc").title("T")).unwrap();
    assert_eq!(written, json!({"file_name": "a.txt", "title": "T"}));
    let read: UploadFile = serde_json::from_value(written).unwrap();
    assert_eq!(read, UploadFile::from_bytes("a.txt", "").title("T"));
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
fn an_id_that_no_path_can_hold_is_an_error() {
    for id in ["", ".", ".."] {
        assert!(GetDocument::new(id).to_request().is_err());
        assert!(DeleteDocument::new(id).to_request().is_err());
    }
}
