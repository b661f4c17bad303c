//! API keys: shown once, and limited by their scopes.

use edgequake_devserver::Era;
use edgequake_types::api_keys::{CreateApiKey, CreatedApiKey, KeyScope, ListApiKeys, RevokeApiKey};
use edgequake_types::documents::{ListDocuments, UploadText};
use edgequake_types::query::Query;
use edgequake_types::session::{Logout, Me};

use crate::support::{ADMIN, Api, READER, Transcript, USER, redact, with_users};

async fn key(api: &Api, scopes: &[KeyScope]) -> CreatedApiKey {
    api.ok(&CreateApiKey::new().name("test").scopes(scopes.to_vec())).await
}

#[tokio::test]
async fn full_responses() {
    let server = with_users().start().await.unwrap();
    let mona = Api::new(&server).logged_in(USER).await;
    let mut transcript = Transcript::default();
    let answer = mona.post("/api/v1/api-keys", "{}").await;
    transcript.note("create with nothing", &answer);
    let key = answer.model::<CreateApiKey>();
    transcript.note(
        "create",
        &mona.send(&CreateApiKey::new().name("ci").scopes([KeyScope::All]).expires_in_days(90)).await,
    );
    Api::new(&server).bearer(key.api_key.expose()).ok(&Me::new()).await;
    transcript.note("list", &mona.send(&ListApiKeys::new()).await);
    transcript.note("revoke", &mona.send(&RevokeApiKey::new(&key.key_id)).await);
    transcript.note("unknown", &mona.send(&RevokeApiKey::new("unknown")).await);
    let _redacted = redact();
    insta::assert_snapshot!("api_keys", transcript);
}

#[tokio::test]
async fn a_key_is_accepted_in_either_header_until_it_is_revoked() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let mona = api.logged_in(USER).await;
    let created = key(&mona, &[KeyScope::Read]).await;
    let (bearer, header) =
        (api.bearer(created.api_key.expose()), api.with("x-api-key", created.api_key.expose()));
    for with_key in [&bearer, &header] {
        assert_eq!(with_key.ok(&Me::new()).await.user.username, "mona");
    }
    let listed = mona.ok(&ListApiKeys::new()).await.keys.remove(0);
    assert!(listed.last_used_at.is_some() && listed.is_active == Some(true));
    mona.ok(&RevokeApiKey::new(&created.key_id)).await;
    for with_key in [&bearer, &header] {
        assert_eq!(with_key.send(&Me::new()).await.cause(), "401 UNAUTHORIZED");
    }
    let list = mona.ok(&ListApiKeys::new()).await;
    assert_eq!((list.total, list.keys[0].is_active), (1, Some(false)));
}

#[tokio::test]
async fn scopes_are_enforced() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).in_default();
    let mona = api.logged_in(USER).await;
    let statuses = async |scopes: &[KeyScope]| {
        let api = api.bearer(key(&mona, scopes).await.api_key.expose());
        [
            api.send(&ListDocuments::new()).await.status.as_u16(),
            api.send(&Query::new("x")).await.status.as_u16(),
            api.send(&UploadText::new(format!("{scopes:?}"))).await.status.as_u16(),
            api.send(&Logout::default()).await.status.as_u16(),
        ]
    };
    assert_eq!(statuses(&[]).await, [200, 200, 403, 403]);
    assert_eq!(statuses(&[KeyScope::Read]).await, [200, 403, 403, 403]);
    assert_eq!(statuses(&[KeyScope::Query]).await, [403, 200, 403, 403]);
    assert_eq!(statuses(&[KeyScope::Write]).await, [403, 403, 202, 204]);
    assert_eq!(statuses(&[KeyScope::All]).await, [200, 200, 202, 204]);
}

#[tokio::test]
async fn a_key_cannot_do_more_than_its_owner() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).in_default();
    let created = key(&api.logged_in(ADMIN).await, &[KeyScope::All]).await;
    let users = "/api/v1/users";
    assert_eq!(api.bearer(created.api_key.expose()).get(users).await.status, 200);
    let created = key(&api.logged_in(USER).await, &[KeyScope::All]).await;
    assert_eq!(api.bearer(created.api_key.expose()).get(users).await.cause(), "403 FORBIDDEN admin_required");
    assert_eq!(
        api.logged_in(READER).await.send(&CreateApiKey::new()).await.cause(),
        "403 FORBIDDEN readonly_role"
    );
}

#[tokio::test]
async fn the_default_scopes_of_era_b_have_its_names() {
    let server = with_users().era(Era::B).start().await.unwrap();
    let answer = Api::new(&server).logged_in(USER).await.post("/api/v1/api-keys", "{}").await;
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["scopes"], serde_json::json!(["read", "write"]));
}

#[tokio::test]
async fn keys_belong_to_their_creators() {
    for (era, status) in [(Era::C, 404), (Era::B, 200)] {
        let server = with_users().era(era).start().await.unwrap();
        let api = Api::new(&server);
        let (mona, ada) = (api.logged_in(USER).await, api.logged_in(ADMIN).await);
        let created = key(&mona, &[]).await;
        assert_eq!(ada.ok(&ListApiKeys::new()).await.total, 0);
        assert_eq!(ada.send(&RevokeApiKey::new(created.key_id)).await.status, status, "{era:?}");
    }
}

#[tokio::test]
async fn keys_without_a_user_cannot_manage_keys() {
    let server = with_users().master_key("master").static_key("static").start().await.unwrap();
    let api = Api::new(&server).in_default();
    for request in [CreateApiKey::new(), CreateApiKey::new().name("x")] {
        assert_eq!(api.bearer("master").send(&request).await.cause(), "403 FORBIDDEN user_required");
    }
    assert_eq!(api.bearer("master").send(&Me::new()).await.status, 404);
    let fixed = api.with("x-api-key", "static");
    assert_eq!(fixed.send(&ListDocuments::new()).await.status, 200);
    assert_eq!(fixed.send(&Query::new("x")).await.status, 200);
    assert_eq!(fixed.send(&UploadText::new("x")).await.cause(), "403 FORBIDDEN insufficient_scope");
    assert_eq!(api.bearer("master").send(&UploadText::new("x")).await.status, 202);

    let server = with_users().era(Era::B).static_key("static").start().await.unwrap();
    let fixed = Api::new(&server).in_default().bearer("static");
    assert_eq!(fixed.send(&UploadText::new("x")).await.status, 202);
}

#[tokio::test]
async fn lists_of_keys_are_paged() {
    let server = with_users().start().await.unwrap();
    let mona = Api::new(&server).logged_in(USER).await;
    for number in 0..5 {
        mona.ok(&CreateApiKey::new().name(number.to_string())).await;
    }
    let names = async |page| {
        let list = mona.ok(&ListApiKeys::new().page(page).page_size(2)).await;
        (list.keys.into_iter().filter_map(|key| key.name).collect::<String>(), list.total, list.total_pages)
    };
    assert_eq!(names(1).await, ("43".to_owned(), 5, 3));
    assert_eq!(names(3).await, ("0".to_owned(), 5, 3));
    assert_eq!(names(4).await, (String::new(), 5, 3));
}
