use super::*;
use crate::{Decode, Endpoint};

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
        (r#"{"access_token":"a","expires_in":1e300,"user":7}"#, Some(i64::MAX), None),
        (r#"{"access_token":"a","expires_in":"1e999","user":[]}"#, None, None),
        (r#"{"access_token":"a","expires_in":"NaN","user":{"user":{}}}"#, None, None),
    ] {
        let read = LoginResponse::from_body(body).unwrap();
        assert_eq!((read.access_token.expose(), read.token_type.as_str()), ("a", "Bearer"), "{body}");
        assert_eq!(read.expires_in, seconds, "{body}");
        assert_eq!(read.refresh_token.as_ref().map(Secret::expose), refresh, "{body}");
        assert!(read.user.is_none());
    }
}

#[test]
fn a_refresh_answer_with_odd_neighbours_still_refreshes() {
    for (body, seconds) in [
        (r#"{"access_token":"a","token_type":null,"expires_in":"60","refresh_token":""}"#, Some(60)),
        (r#"{"access_token":"a","expires_in":"Infinity","refresh_token":null}"#, None),
        (r#"{"access_token":"a","expires_in":null,"user":{"name":"x"}}"#, None),
    ] {
        let mut expected = RefreshResponse::new("a");
        expected.expires_in = seconds;
        assert_eq!(RefreshResponse::from_body(body).unwrap(), expected, "{body}");
    }
}

/// The guide's name of the field is read, and an empty token is none.
#[test]
fn requests_of_other_clients_are_read() {
    let parts = Login::new("x", "pw").to_request().unwrap().into_parts().0;
    let login =
        Login::from_request(&parts, br#"{"identifier":"mona","password":"pw","email":null}"#).unwrap();
    assert_eq!(login, Login::new("mona", "pw"));
    let parts = Logout::default().to_request().unwrap().into_parts().0;
    assert_eq!(Logout::from_request(&parts, br#"{"refresh_token":""}"#).unwrap(), Logout::default());
}

#[test]
fn a_page_is_not_a_token() {
    for body in ["<html>", "", "{}", "[]", r#"{"access_token":7}"#] {
        assert!(LoginResponse::from_body(body).is_err(), "{body}");
    }
}

#[test]
fn a_decode_error_names_the_place_and_not_the_value() {
    let error =
        LoginResponse::from_body(r#"{"access_token":"s3cr3t-a","expires_in":"s3cr3t-x"}"#).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    insta::assert_snapshot!(format!("{error}: {source}"), @"the JSON field `expires_in` cannot be read: invalid value: text that is not a number, expected a number of seconds at line 1 column 50");
}
