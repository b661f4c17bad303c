use http::{Response, StatusCode};
use serde_json::json;

use crate::injections::*;
use crate::testing::{assert_served, read};
use crate::{Decode, DecodeError, Endpoint, Paginated, WorkspaceId};

fn workspace() -> WorkspaceId {
    WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap()
}

#[test]
fn deleted_with_a_body_or_without() {
    let head = Response::builder().status(StatusCode::NO_CONTENT).body(()).unwrap().into_parts().0;
    assert!(DeletedInjection::decode(&head, "".into()).unwrap().deleted);
    assert!(!read::<DeletedInjection>(&json!({"deleted": false})).deleted);
    assert!(read::<DeletedInjection>(&json!({"message": "gone"})).deleted);
}

#[test]
fn a_file_needs_its_parts() {
    assert_served(&UploadInjection::from_bytes(workspace(), "N", "a.txt", "x"));
    let opaque = WorkspaceId::opaque("workspace-123").unwrap();
    assert_served(&UploadInjection::from_bytes(opaque, "N", "a.txt", ""));
    let path = "/api/v1/workspaces/default/injection/file";
    let request =
        http::Request::put(path).header("content-type", "multipart/form-data; boundary=b").body(()).unwrap();
    let head = request.into_parts().0;
    let read = |form: &str| UploadInjection::from_request(&head, form.as_bytes());
    let name = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nN\r\n--b--";
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--";
    assert!(matches!(read(name), Err(DecodeError::Part { name: "file" })));
    assert!(matches!(read(file), Err(DecodeError::Part { name: "name" })));
}

#[test]
fn a_walk_ends_in_each_form() {
    let page = |begin: u64, count: u64| {
        let items: Vec<_> =
            (begin..begin + count).map(|n| json!({"injection_id": n.to_string(), "name": "n"})).collect();
        items
    };
    for form in ["paged", "without has_more", "without paging", "bare"] {
        let mut request = Some(ListInjections::new(workspace()).limit(2));
        let mut found = Vec::new();
        while let Some(current) = request {
            let offset = current.offset.unwrap_or(0);
            let items = page(offset, 2.min(5 - offset));
            let body = match form {
                "paged" => {
                    json!({"items": items, "total": 5, "limit": 2, "offset": offset, "has_more": offset < 4})
                }
                "without has_more" => json!({"items": items, "total": 5, "limit": 2, "offset": offset}),
                "without paging" => json!({"items": page(0, 5)}),
                _ => json!(page(0, 5)),
            };
            let list: InjectionList = read(&body);
            request = current.next(&list);
            found.extend(
                ListInjections::items(list).into_iter().map(|injection| injection.injection_id.to_string()),
            );
        }
        assert_eq!(found, ["0", "1", "2", "3", "4"], "{form}");
    }
}

#[test]
fn an_empty_page_without_a_limit_is_not_the_end_where_there_is_more() {
    let list: InjectionList = read(&json!({"items": [], "has_more": true}));
    let next = ListInjections::new(workspace()).next(&list).unwrap();
    assert_eq!(next.offset, Some(1));
    assert_eq!(next.next(&list).unwrap().offset, Some(2));
    let list: InjectionList = read(&json!({"items": [], "has_more": true, "limit": 20}));
    assert_eq!(next.next(&list).unwrap().offset, Some(21));
}
