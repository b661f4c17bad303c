use serde_json::json;

use super::*;
use crate::Decode;
use crate::testing::on_the_wire;

#[test]
fn requests_on_the_wire() {
    insta::assert_snapshot!(on_the_wire(&Login::new("mona", "pw")), @r#"
    POST /api/v1/auth/login
    accept: application/json
    content-type: application/json

    {"username":"mona","password":"pw"}
    "#);
    insta::assert_snapshot!(on_the_wire(&Login::new("mona@corp.test", "pw")), @r#"
    POST /api/v1/auth/login
    accept: application/json
    content-type: application/json

    {"username":"mona@corp.test","email":"mona@corp.test","password":"pw"}
    "#);
    insta::assert_snapshot!(on_the_wire(&Refresh::new("r1")), @r#"
    POST /api/v1/auth/refresh
    accept: application/json
    content-type: application/json

    {"refresh_token":"r1"}
    "#);
    insta::assert_snapshot!(on_the_wire(&Logout::new(Some("r1".into()))), @r#"
    POST /api/v1/auth/logout
    accept: */*
    content-type: application/json

    {"refresh_token":"r1"}
    "#);
    insta::assert_snapshot!(on_the_wire(&Logout::default()), @"
    POST /api/v1/auth/logout
    accept: */*
    content-type: application/json

    {}
    ");
    insta::assert_snapshot!(on_the_wire(&Me::new()), @"
    GET /api/v1/auth/me
    accept: application/json
    ");
}

#[test]
fn debug_shows_no_secret_and_everything_else() {
    let login = Login::new("mona", "s3cr3t-p");
    let mut response = LoginResponse::new("s3cr3t-a");
    response.refresh_token = Some("s3cr3t-r".into());
    response.expires_in = Some(60);
    for (text, harmless) in [
        (format!("{login:?}"), "mona"),
        (format!("{response:#?}"), "60"),
        (format!("{:?}", Refresh::new("s3cr3t-r")), "refresh_token"),
        (format!("{:?}", Logout::new(Some("s3cr3t-r".into()))), "refresh_token"),
    ] {
        assert!(!text.contains("s3cr3t") && text.contains(harmless), "{text}");
    }
}

fn mona() -> serde_json::Value {
    json!({
        "user_id": "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21", "username": "mona", "email": "mona@corp.test", "role": "user",
        "is_active": true, "created_at": "2026-03-02T09:00:00+00:00", "updated_at": "2026-03-02T09:00:00+00:00",
        "last_login_at": null
    })
}

#[test]
fn a_login_answer_survives_a_round_trip() {
    let wire = json!({
        "access_token": "aaa.bbb.ccc", "token_type": "Bearer", "expires_in": 86400,
        "refresh_token": "0d6c1f7e-1f0e-4b0f-9d5f-1b9d4b3f7a10", "user": mona()
    });
    let read = LoginResponse::decode(wire.to_string().into()).unwrap();
    assert_eq!(read.user.as_ref().unwrap().role, Role::User);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&read.encode().unwrap()).unwrap(), wire);
}

#[test]
fn a_login_answer_with_odd_neighbours_still_logs_in() {
    for (body, seconds, refresh) in [
        (r#"{"access_token":"a","expires_in":"3600","expires_at":1778201849,"user":null}"#, Some(3600), None),
        (
            r#"{"access_token":"a","expires_in":3600.0,"refresh_token":null,"token_type":null}"#,
            Some(3600),
            None,
        ),
        (r#"{"access_token":"a","expires_in":"3600.5","refresh_token":""}"#, Some(3600), None),
        (
            r#"{"access_token":"a","refresh_token":"r","user":{"name":"x"},"extra":{"b":[1]}}"#,
            None,
            Some("r"),
        ),
        (r#"{"access_token":"a","expires_in":-1}"#, Some(-1), None),
    ] {
        let read = LoginResponse::decode(body.into()).unwrap();
        assert_eq!((read.access_token.expose(), read.token_type.as_str()), ("a", "Bearer"), "{body}");
        assert_eq!(read.expires_in, seconds, "{body}");
        assert_eq!(read.refresh_token.as_ref().map(Secret::expose), refresh, "{body}");
        assert!(read.user.is_none());
    }
}

#[test]
fn a_page_is_not_a_token() {
    for body in ["<html>", "", "{}", "[]", r#"{"access_token":7}"#] {
        assert!(LoginResponse::decode(body.into()).is_err(), "{body}");
    }
}

#[test]
fn me_comes_wrapped_or_bare() {
    let wrapped = MeResponse::decode(json!({ "user": mona() }).to_string().into()).unwrap();
    let bare = MeResponse::decode(mona().to_string().into()).unwrap();
    assert_eq!(wrapped, bare);
    assert!(String::from_utf8(wrapped.encode().unwrap().to_vec()).unwrap().starts_with(r#"{"user":{"#));
    let mut old = mona();
    let fields = old.as_object_mut().unwrap();
    let id = fields.remove("user_id").unwrap();
    fields.insert("id".to_owned(), id);
    assert_eq!(MeResponse::decode(old.to_string().into()).unwrap(), bare);
}

#[test]
fn a_decode_error_names_the_place_and_not_the_value() {
    let error =
        LoginResponse::decode(r#"{"access_token":"s3cr3t-a","expires_in":"s3cr3t-x"}"#.into()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    insta::assert_snapshot!(format!("{error}: {source}"), @"the JSON field `expires_in` cannot be read: invalid value: text that is not a number, expected a number of seconds at line 1 column 50");
}
