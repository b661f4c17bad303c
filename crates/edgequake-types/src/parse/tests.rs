use http::Response;

use crate::parse::*;
use crate::testing::assert_served;
use crate::{Decode, Endpoint};

#[test]
fn the_status_tells_a_result_from_a_job() {
    let decode = |status: u16, body: &'static str| {
        let head = Response::builder().status(status).body(()).unwrap().into_parts().0;
        ParseAnswer::decode(&head, body.into())
    };
    let result = decode(200, r#"{"markdown":"T","request_id":"r"}"#).unwrap();
    assert_eq!((result.result().map(|it| it.markdown.as_str()), result.job()), (Some("T"), None));
    for status in [200, 202] {
        let job = decode(status, r#"{"job_id":"j-1","status":"accepted"}"#).unwrap();
        assert_eq!((job.job().unwrap().job_id.as_str(), job.result()), ("j-1", None), "{status}");
    }
    assert!(decode(202, r#"{"markdown":"T"}"#).is_err());
    assert!(decode(200, "{}").is_err());
}

#[test]
fn states() {
    for (word, terminal, success) in [
        ("accepted", false, false),
        ("pending", false, false),
        ("running", false, false),
        ("completed", true, true),
        ("failed", true, false),
        ("lost_v9", false, false),
    ] {
        let status = ParseStatus::from(word);
        assert_eq!((status.is_terminal(), status.is_success()), (terminal, success), "{word}");
    }
}

#[test]
fn options_that_are_no_json_are_an_error() {
    assert_served(&ParsePdf::from_bytes("a.pdf", "%PDF").dpi(72));
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n\
                --b\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{\r\n--b--";
    let request =
        http::Request::post(ParsePdf::PATH).header("content-type", "multipart/form-data; boundary=b");
    assert!(ParsePdf::from_request(&request.body(()).unwrap().into_parts().0, body.as_bytes()).is_err());
}
