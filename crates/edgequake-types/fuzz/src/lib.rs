//! What must hold for any bytes: nothing panics, and what was understood survives being written and read again.
//!
//! Each function is a fuzz target of the same name; the crate's own tests run them over the corpora.

use bytes::Bytes;
use edgequake_types::documents::{DocumentList, ListDocuments, UploadFile};
use edgequake_types::multipart::Form;
use edgequake_types::query::{QueryEvent, QueryFraming};
use edgequake_types::session::LoginResponse;
use edgequake_types::tasks::ListTasks;
use edgequake_types::tenants::ListTenants;
use edgequake_types::users::ListUsers;
use edgequake_types::workspaces::GetWorkspaceBySlug;
use edgequake_types::{Decode, Endpoint, ErrorBody, ErrorShape, Event, PageWalk, Paginated, TenantId};
use http::StatusCode;

/// Any body of an error: bounded, printable, and the same when written and read again.
pub fn error_body(data: &[u8]) {
    let status = data.first().map_or(500, |byte| 400 + u16::from(*byte));
    let Ok(status) = StatusCode::from_u16(status) else { return };
    let error = ErrorBody::read(status, data.get(1..).unwrap_or_default());
    assert!(!error.code.is_empty() && error.code.len() <= 64, "{}", error.code);
    assert!(error.code.bytes().all(|byte| byte.is_ascii_graphic()), "{}", error.code);
    assert!(!error.message.is_empty() && error.message.len() <= 1_003, "{}", error.message);
    assert!(!error.message.chars().any(char::is_control), "{}", error.message);
    if error.message.len() <= 1_000 {
        let (_, written) = error.write(status, ErrorShape::Problem);
        let read = ErrorBody::read(status, &written);
        assert_eq!((read.code, read.message), (error.code, error.message));
    }
}

/// Any body of a form, as such and as an upload.
pub fn multipart(data: &[u8]) {
    let content_type = "multipart/form-data; boundary=b";
    if let Ok(form) = Form::parse(content_type, &Bytes::copy_from_slice(data)) {
        let parts = form.into_parts();
        // A percent sign may stand for an escape or for itself, and a control character does not go out again.
        let plain = |text: &str| !text.contains('%') && !text.chars().any(char::is_control);
        let written = parts.iter().all(|part| {
            plain(&part.name)
                && part.file_name.as_deref().is_none_or(plain)
                && part.content_type.as_deref().is_none_or(plain)
        });
        let again = Form::new(parts.clone());
        let read = again.bytes().and_then(|bytes| Form::parse(&again.content_type(), &bytes).ok());
        assert!(!written || read.map(Form::into_parts) == Some(parts));
    }
    let Ok(request) = http::Request::post(UploadFile::PATH).header("content-type", content_type).body(())
    else {
        return;
    };
    if let Ok(upload) = UploadFile::from_request(&request.into_parts().0, data) {
        assert!(!upload.file_name.contains('/'));
        assert!(upload.to_request().is_ok());
    }
}

/// Any text as the models that are read most.
pub fn json_models(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    if let Ok(login) = LoginResponse::from_body(body.clone()) {
        let written = login.encode().expect("a login answer is JSON").into_body();
        let read = LoginResponse::from_body(written.clone()).expect("what is written is read");
        assert_eq!(read.encode().expect("a login answer is JSON").into_body(), written);
        let token = login.access_token.expose();
        assert!(token.len() < 8 || !format!("{login:?}").contains(token));
    }
    if let Ok(list) = DocumentList::from_body(body) {
        let written = list.encode().expect("a list is JSON").into_body();
        let read = DocumentList::from_body(written).expect("what is written is read");
        assert_eq!(read.documents.len(), list.documents.len());
        assert_eq!(read.pagination(), list.pagination());
        for (read, document) in read.documents.iter().zip(&list.documents) {
            assert_eq!((&read.id, &read.status), (&document.id, &document.status));
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(Some(event)) = QueryEvent::decode(None, text, &mut Default::default())
    {
        written_again(&event);
    }
}

/// Any lines as the pages of one list, given again and again: each walk ends, and no element comes twice.
pub fn pages(data: &[u8]) {
    let answers: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    walk(ListDocuments::new(), &answers);
    walk(ListTasks::new(), &answers);
    walk(ListTasks::new().after_created_at("t").after_track_id("t-0"), &answers);
    walk(ListUsers::new(), &answers);
    walk(ListTenants::new(), &answers);
}

fn walk<E>(first: E, answers: &[&[u8]])
where
    E: Paginated,
    E::Response: Decode,
{
    let (mut walk, mut request, mut seen) = (PageWalk::new(), Some(first), std::collections::HashSet::new());
    // Beyond this number of pages, all that there are have come often enough.
    let most = 1_000 * (answers.len() + 1);
    for answer in answers.iter().cycle().take(most) {
        let Some(current) = &request else { return };
        let Ok(mut page) = E::Response::from_body(Bytes::copy_from_slice(answer)) else { return };
        match walk.advance(current, &mut page) {
            Ok(next) => request = next,
            Err(error) => return assert!(error.to_string().len() < 1_000),
        }
        for element in E::items(page) {
            let Some(id) = E::id(&element).filter(|id| !id.is_empty()) else { continue };
            assert!(seen.insert(id.to_owned()), "{id} came twice");
        }
    }
    assert!(request.is_none(), "the walk does not end");
}

/// Any text as a path parameter, and any path as one of ours.
pub fn path_parameters(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let tenant = TenantId::server_default();
    let request = GetWorkspaceBySlug::new(&tenant, text.as_ref());
    match request.to_request() {
        Ok(sent) => {
            let (parts, _) = sent.into_parts();
            let read = GetWorkspaceBySlug::from_request(&parts, b"").expect("our own path is ours");
            assert_eq!(read, request);
        }
        // A URI holds 65,534 bytes, and each byte may take three.
        Err(error) => {
            assert!(text.trim().is_empty() || matches!(&*text, "." | "..") || data.len() > 20_000, "{error}")
        }
    }
    let path = format!("/api/v1/tenants/{tenant}/workspaces/by-slug/{text}");
    if let Ok(foreign) = http::Request::get(path).body(()) {
        let _ = GetWorkspaceBySlug::from_request(&foreign.into_parts().0, b"");
    }
}

/// Any lines as the payloads of one stream.
pub fn query_event(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut framing = Default::default();
    let mut ended = false;
    for payload in text.split('\n') {
        let event = QueryEvent::decode(None, payload, &mut framing).ok().flatten();
        assert!(!ended || event.is_none());
        ended |= payload.trim() == "[DONE]";
        event.iter().for_each(written_again);
    }
    assert!(!ended || QueryEvent::may_end(&framing));
}

fn written_again(event: &QueryEvent) {
    let written = event.encode().expect("an event is JSON");
    // Alone, an unknown event could also be the first piece of a text.
    let mut framing = QueryFraming::default();
    let first = QueryEvent::decode(None, r#"{"type":"token"}"#, &mut framing);
    assert!(matches!(first, Ok(Some(_))));
    let read =
        QueryEvent::decode(written.name, &written.payload, &mut framing).expect("what is written is read");
    let kind = read.as_ref().map(std::mem::discriminant);
    assert_eq!(kind, Some(std::mem::discriminant(event)), "{written:?}");
}
