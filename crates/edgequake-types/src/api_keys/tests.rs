use serde_json::json;

use crate::api_keys::*;
use crate::testing::{read, written};
use crate::{Decode, Paginated};

#[test]
fn scopes_of_the_guide_are_read_and_written_in_full() {
    for (word, scope, written) in [
        ("read", KeyScope::Read, "edgequake:read"),
        ("edgequake:read", KeyScope::Read, "edgequake:read"),
        ("query", KeyScope::Query, "edgequake:query"),
        ("write", KeyScope::Write, "edgequake:write"),
        ("admin", KeyScope::All, "*"),
        ("*", KeyScope::All, "*"),
        ("Read", KeyScope::Other("Read".into()), "Read"),
    ] {
        assert_eq!(KeyScope::from(word), scope);
        assert_eq!(scope.as_str(), written);
    }
}

#[test]
fn a_new_key_in_every_form() {
    for form in [
        json!({"id": "k-1", "key": "sk-1"}),
        json!({"id": "k-1", "key_id": "k-1", "key": "sk-1", "api_key": "sk-1", "name": "ci"}),
        json!({"key_id": "k-1", "api_key": "sk-1", "prefix": null, "scopes": null, "expires_at": null, "created_at": null}),
        json!({"key_id": "k-1", "api_key": "sk-1", "expires_at": 1_778_201_849}),
    ] {
        let created: CreatedApiKey = read(&form);
        assert_eq!((created.key_id.as_str(), created.api_key.expose()), ("k-1", "sk-1"), "{form}");
        assert!(created.scopes.is_empty());
    }
    for form in ["{}", r#"{"key_id":"k-1"}"#, r#"{"key_id":"k-1","api_key":null}"#, "<html>", ""] {
        assert!(CreatedApiKey::from_body(form).is_err(), "{form}");
    }
}

#[test]
fn a_key_is_not_printed() {
    let created = CreatedApiKey::new("k-1", "s3cr3t-k", "s3");
    let text = format!("{created:?} {created:#?}");
    assert!(!text.contains("s3cr3t") && text.contains("k-1"), "{text}");
    assert_eq!(written(&created)["api_key"], "s3cr3t-k");
    let error =
        CreatedApiKey::from_body(r#"{"key_id":{"s3cr3t":"s3cr3t-k"},"api_key":"s3cr3t-k"}"#).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("s3cr3t") && text.contains("key_id"), "{text}");
}

#[test]
fn lists_in_every_form() {
    let old = json!({"id": "k-1", "prefix": "eq", "last_used": "2026-04-12T00:00:00+00:00"});
    for (form, total) in [
        (json!({"keys": [old], "total": 1}), 1),
        (json!({"items": [old], "total": 1}), 1),
        (json!({"items": [old], "keys": [old], "total": 1}), 1),
        (json!([old]), 1),
    ] {
        let page: ApiKeyList = read(&form);
        assert_eq!((page.keys.len(), page.total), (1, total), "{form}");
        assert_eq!(page.keys[0].last_used_at, Some("2026-04-12T00:00:00+00:00".into()), "{form}");
    }
    assert_eq!(read::<ApiKeyList>(&json!({"keys": null, "total": null})), ApiKeyList::default());
    let error = |json: &str| ApiKeyList::from_body(json.to_owned()).unwrap_err().to_string();
    insta::assert_snapshot!(error(r#"{"keys":[{"key_id":"k","is_active":"maybe"}]}"#), @"the JSON field `keys[0].is_active` cannot be read");
    insta::assert_snapshot!(error(r#"{"keys":[{"prefix":"eq"}]}"#), @"the JSON field `keys[0]` cannot be read");
    insta::assert_snapshot!(error(r#"{"keys":[],"total_pages":1.5}"#), @"the JSON field `total_pages` cannot be read");
}

#[test]
fn a_walk_ends_on_old_and_new_servers() {
    let keys = |count| vec![ApiKey::new("k", "eq"); count];
    let new = ApiKeyList::new(keys(20), 45, 1, 20);
    assert_eq!(ListApiKeys::new().next(&new), Some(ListApiKeys::new().page(2)));
    assert_eq!(ListApiKeys::new().page(3).next(&ApiKeyList::new(keys(5), 45, 3, 20)), None);
    // The first servers know no pages: everything is on the only one.
    let old = ApiKeyList { keys: keys(45), total: 45, ..ApiKeyList::default() };
    assert_eq!(ListApiKeys::new().next(&old), None);
    assert_eq!(ListApiKeys::items(old).len(), 45);
}

#[test]
fn an_empty_answer_says_that_the_key_is_revoked() {
    assert_eq!(RevokedApiKey::from_body("").unwrap(), RevokedApiKey::default());
    assert_eq!(read::<RevokedApiKey>(&json!({"key_id": null, "message": null})), RevokedApiKey::default());
    assert_eq!(written(&RevokedApiKey::new("k-1")), json!({"key_id": "k-1"}));
}
