use serde_json::json;

use crate::api_keys::*;
use crate::testing::{assert_round_trip, assert_served, on_the_wire, read, written};
use crate::{Decode, Paginated};

#[test]
fn requests() {
    insta::assert_snapshot!(on_the_wire(&CreateApiKey::new()), @"
    POST /api/v1/api-keys
    accept: application/json
    content-type: application/json

    {}
    ");
    let full = CreateApiKey::new()
        .name("ci")
        .scopes([KeyScope::Read, KeyScope::Query, KeyScope::Write, KeyScope::All, "edgequake:export".into()])
        .expires_in_days(90);
    insta::assert_snapshot!(on_the_wire(&full), @r#"
    POST /api/v1/api-keys
    accept: application/json
    content-type: application/json

    {"name":"ci","scopes":["edgequake:read","edgequake:query","edgequake:write","*","edgequake:export"],"expires_in_days":90}
    "#);
    insta::assert_snapshot!(on_the_wire(&CreateApiKey::new().scopes([])), @r#"
    POST /api/v1/api-keys
    accept: application/json
    content-type: application/json

    {"scopes":[]}
    "#);
    insta::assert_snapshot!(on_the_wire(&ListApiKeys::new()), @"
    GET /api/v1/api-keys
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&ListApiKeys::new().page(2).page_size(100)), @"
    GET /api/v1/api-keys?page=2&page_size=100
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&RevokeApiKey::new("c1d7/f3")), @"
    DELETE /api/v1/api-keys/c1d7%2Ff3
    accept: application/json
    ");
    assert_served(&CreateApiKey::new());
    assert_served(&full);
    assert_served(&CreateApiKey::new().scopes([]));
    assert_served(&ListApiKeys::new().page(2));
    assert_served(&RevokeApiKey::new("c1d7/f3"));
}

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
    let wire = json!({
        "key_id": "c1d7f3f0", "api_key": "eq_Zz91kQp4TtUuVvWwXxYyAaBbCcDdEeFf", "prefix": "eq_Zz91kQp4",
        "scopes": ["edgequake:read", "edgequake:query"], "expires_at": null, "created_at": "2026-04-11T12:30:00+00:00"
    });
    let created: CreatedApiKey = assert_round_trip(&wire);
    assert_eq!(created.api_key.expose(), "eq_Zz91kQp4TtUuVvWwXxYyAaBbCcDdEeFf");
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
        assert!(CreatedApiKey::decode(form.into()).is_err(), "{form}");
    }
}

#[test]
fn a_key_is_not_printed() {
    let created = CreatedApiKey::new("k-1", "s3cr3t-k", "s3");
    let text = format!("{created:?} {created:#?}");
    assert!(!text.contains("s3cr3t") && text.contains("k-1"), "{text}");
    assert_eq!(written(&created)["api_key"], "s3cr3t-k");
    let error =
        CreatedApiKey::decode(r#"{"key_id":{"s3cr3t":"s3cr3t-k"},"api_key":"s3cr3t-k"}"#.into()).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("s3cr3t") && text.contains("key_id"), "{text}");
}

#[test]
fn lists_in_every_form() {
    let key = json!({
        "key_id": "k-1", "prefix": "eq_Zz91kQp4", "name": null, "scopes": ["*"], "is_active": false,
        "last_used_at": null, "expires_at": null, "created_at": "2026-04-11T12:30:00+00:00"
    });
    let page: ApiKeyList =
        assert_round_trip(&json!({"keys": [key], "total": 45, "page": 2, "page_size": 20, "total_pages": 3}));
    assert_eq!(page.keys[0].is_active, Some(false));
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
    let error = |json: &str| ApiKeyList::decode(json.to_owned().into()).unwrap_err().to_string();
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
fn revoking_answers_with_a_body_or_without() {
    assert_round_trip::<RevokedApiKey>(&json!({"key_id": "k-1", "message": "revoked"}));
    assert_eq!(RevokedApiKey::decode("".into()).unwrap(), RevokedApiKey::default());
    assert_eq!(read::<RevokedApiKey>(&json!({"key_id": null, "message": null})), RevokedApiKey::default());
    assert_eq!(written(&RevokedApiKey::new("k-1")), json!({"key_id": "k-1"}));
}
