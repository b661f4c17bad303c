use serde_json::{Value, json};

use crate::testing::read;
use crate::users::*;
use crate::{Decode, Endpoint};

const ID: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

fn mona() -> Value {
    json!({
        "user_id": ID, "username": "mona", "email": "mona@corp.test", "role": "user", "is_active": true,
        "created_at": "2026-03-02T09:00:00+00:00", "updated_at": "2026-03-03T09:00:00+00:00", "last_login_at": null
    })
}

fn id() -> UserId {
    UserId::new(ID).unwrap()
}

#[test]
fn a_password_is_not_printed() {
    let create = CreateUser::new("mona", "mona@corp.test", "s3cr3t-p");
    let text = format!("{create:?} {create:#?}");
    assert!(!text.contains("s3cr3t") && text.contains("mona@corp.test"), "{text}");
    let parts = create.to_request().unwrap().into_parts().0;
    let error =
        CreateUser::from_request(&parts, br#"{"username":"mona","email":["s3cr3t"],"password":12345678}"#);
    let error = error.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("s3cr3t") && !text.contains("12345678") && text.contains("email"), "{text}");
}

/// The path says whose account it is, whatever the body says.
#[test]
fn a_body_cannot_rename_the_account() {
    let parts = UpdateUser::new(id()).to_request().unwrap().into_parts().0;
    let body = br#"{"user_id":"00000000-0000-0000-0000-000000000001","is_active":"true","role":null}"#;
    let served = UpdateUser::from_request(&parts, body).unwrap();
    assert_eq!(served, UpdateUser::new(id()).is_active(true));
}

/// A bare account has its own times.
#[test]
fn the_times_of_a_bare_account_are_read() {
    let user: User = read(&mona());
    assert_eq!(read::<CreatedUser>(&mona()), CreatedUser::new(user.clone()));
    assert_eq!(read::<UpdatedUser>(&mona()), UpdatedUser::new(user.clone()));
    assert_eq!(UpdatedUser::new(user).updated_at, Some("2026-03-03T09:00:00+00:00".into()));
    assert_eq!(read::<CreatedUser>(&json!({"user": mona(), "created_at": null})).created_at, None);
}

#[test]
fn a_user_in_every_form() {
    for form in [
        json!({"id": ID, "username": "mona", "email": null, "role": "user"}),
        json!({"user_id": ID, "id": ID, "username": "mona", "role": "user", "last_login": "x", "tenant_id": null}),
        json!({"user_id": ID, "username": "mona", "role": "user", "is_active": null, "is_anonymous": null}),
    ] {
        let user: User = read(&form);
        assert_eq!((user.user_id.as_str(), user.email.as_str(), user.is_active), (ID, "", None), "{form}");
    }
    let anonymous: User = read(
        &json!({"user_id": "master-api-key", "username": "x", "role": "owner_v9", "is_anonymous": true}),
    );
    assert_eq!((anonymous.role.as_str(), anonymous.is_anonymous), ("owner_v9", true));
    for form in ["{}", "[]", "<html>", r#"{"user":{}}"#, r#"{"user_id":"","username":"x","role":"user"}"#] {
        assert!(User::from_body(form).is_err(), "{form}");
    }
}

#[test]
fn lists_in_every_form() {
    for (form, total) in [(json!({"items": [mona()], "total": 9.0}), 9), (json!([mona()]), 1)] {
        let page: UserList = read(&form);
        assert_eq!((page.users.len(), page.total), (1, total), "{form}");
        assert_eq!(ListUsers::new().next(&page), None, "{form}");
    }
    let error = UserList::from_body(r#"{"users":[{"user_id":7,"username":"x","role":"user"}]}"#).unwrap_err();
    insta::assert_snapshot!(error, @"the JSON field `users[0].user_id` cannot be read");
    let first = UserList::new(vec![read(&mona())], 2, 1, 1);
    let list = ListUsers::new().role(Role::User).page_size(1);
    assert_eq!(list.next(&first), Some(list.clone().page(2)));
    assert_eq!(ListUsers::items(first).len(), 1);
}
