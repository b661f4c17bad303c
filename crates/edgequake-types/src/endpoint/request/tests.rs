use super::*;
use crate::documents::UploadText;
use crate::{Body, operation};

/// Searches a place.
#[operation(GET "/places/{place}/search" -> Value, Required, Safe, Query)]
struct Search {
    place: String,
    text: String,
    limit: Option<u64>,
    nothing: Option<String>,
}

/// Renames a place.
#[operation(PUT "/places/{place}" -> (), Required, Safe, Json)]
struct Rename {
    place: String,
    name: String,
}

/// Fills in a form.
#[operation(POST "/oauth/token" -> Value, Public, Never, Form, new(grant_type, code))]
struct Token {
    grant_type: String,
    code: String,
    scope: Option<String>,
}

/// Sends a body as it is.
#[operation(PUT "/places/{place}/{*file}" -> (), Required, Safe, Raw, content_type = "text/markdown", new(place, file, content))]
struct Put {
    place: String,
    file: String,
    #[field(body)]
    content: Bytes,
    overwrite: Option<bool>,
}

#[test]
fn a_form_is_written_and_read() {
    let token = Token::new("authorization_code", "a b&c").scope("x");
    let (parts, body) = token.to_request().unwrap().into_parts();
    assert_eq!(parts.headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
    assert_eq!(body.bytes().unwrap(), "code=a+b%26c&grant_type=authorization_code&scope=x");
    assert_eq!(Token::from_request(&parts, &body.bytes().unwrap()).unwrap(), token);
}

#[test]
fn a_raw_body_travels_beside_a_query() {
    let put = Put::new("x", "a/b c.md", Bytes::from_static(b"# \xff")).overwrite(true);
    let (parts, body) = put.to_request().unwrap().into_parts();
    assert_eq!(parts.uri, "/places/x/a/b%20c.md?overwrite=true");
    assert_eq!(parts.headers[CONTENT_TYPE], "text/markdown");
    assert_eq!(body.bytes().unwrap(), b"# \xff"[..]);
    assert_eq!(Put::from_request(&parts, &body.bytes().unwrap()).unwrap(), put);
}

fn search(text: &str) -> Search {
    Search { place: "a/b".to_owned(), text: text.to_owned(), limit: Some(5), nothing: None }
}

#[test]
fn a_query_carries_any_text() {
    for (text, query) in [
        ("a b", "limit=5&text=a+b"),
        ("a+b&c=d#e%41", "limit=5&text=a%2Bb%26c%3Dd%23e%2541"),
        ("Straße 東京", "limit=5&text=Stra%C3%9Fe+%E6%9D%B1%E4%BA%AC"),
        ("", "limit=5&text="),
    ] {
        let (parts, _) = search(text).to_request().unwrap().into_parts();
        assert_eq!(parts.uri.to_string(), format!("/places/a%2Fb/search?{query}"));
        assert_eq!(Search::from_request(&parts, b"ignored").unwrap(), search(text));
    }
}

#[test]
fn a_server_reads_what_others_write() {
    let read =
        |uri: &str| Search::from_request(&http::Request::get(uri).body(()).unwrap().into_parts().0, b"");
    assert_eq!(read("/places/a%2fb/search?text=x%20y&limit=5&unknown=1").unwrap(), search("x y"));
    assert_eq!(
        read("/places/x/search?text=1&text=2&place=y").unwrap(),
        Search { place: "x".to_owned(), text: "2".to_owned(), limit: None, nothing: None }
    );
    insta::assert_snapshot!(read("/places/x/search").unwrap_err(), @"the JSON text cannot be read");
    insta::assert_snapshot!(read("/places/x/search?text=1&limit=many").unwrap_err(), @"the JSON field `limit` cannot be read");
    insta::assert_snapshot!(read("/places/x").unwrap_err(), @"expected GET /places/{place}/search");
    insta::assert_snapshot!(read("/places/%ff/search?text=1").unwrap_err(), @"expected GET /places/{place}/search");
    let posted = http::Request::post("/places/x/search?text=1").body(()).unwrap().into_parts().0;
    assert!(matches!(Search::from_request(&posted, b""), Err(DecodeError::Route { .. })));
}

#[test]
fn the_path_wins_over_the_body() {
    let rename = Rename { place: "x".to_owned(), name: "y".to_owned() };
    let (parts, body) = rename.to_request().unwrap().into_parts();
    assert_eq!(body.bytes().unwrap(), r#"{"name":"y"}"#);
    assert_eq!(Rename::from_request(&parts, br#"{"place":"elsewhere","name":"y"}"#).unwrap(), rename);
    for body in ["", "[]", "null", "{", "\"x\""] {
        assert!(
            matches!(Rename::from_request(&parts, body.as_bytes()), Err(DecodeError::Json { .. })),
            "{body}"
        );
    }
}

#[test]
fn a_path_that_is_too_long_for_a_uri_is_an_error() {
    let error = Rename { place: "x".repeat(70_000), name: String::new() }.to_request().unwrap_err();
    insta::assert_snapshot!(error, @"path and query do not form a URI");
}

#[test]
fn bodies_say_what_they_are() {
    assert_eq!(search("x").body().unwrap().content_type(), None);
    assert_eq!(UploadText::new("x").body().unwrap().content_type().unwrap(), "application/json");
    assert!(matches!(search("x").body().unwrap(), Body::Empty));
}

#[test]
fn messages_lose_their_values_and_nothing_else() {
    for (message, cleaned) in [
        (r#"invalid type: string "s3cr3t", expected u64"#, Some("invalid type: string, expected u64")),
        (
            r#"invalid type: string "a \"s3cr3t\\\" b", expected u64 at line 1"#,
            Some("invalid type: string, expected u64 at line 1"),
        ),
        (
            "invalid value: integer `-12345`, expected a count",
            Some("invalid value: integer, expected a count"),
        ),
        (
            "invalid type: floating point `1.5`, expected a string",
            Some("invalid type: floating point, expected a string"),
        ),
        (
            r#"user: role: invalid type: string "x", or string "y", no"#,
            Some("user: role: invalid type: string, or string, no"),
        ),
        (r#"invalid type: string "never closed"#, Some("invalid type: string")),
        ("invalid type: boolean `true`, expected u64", Some("invalid type: boolean, expected u64")),
        ("unknown variant `s3cr3t`, expected `a` or `b`", Some("unknown variant, expected `a` or `b`")),
        ("missing field `key_id`", None),
        ("invalid type: map, expected a string at line 1 column 7", None),
    ] {
        assert_eq!(without_values(message).as_deref(), cleaned, "{message}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_not_repeated() {
    for json in [r#""s3cr3t""#, r#"{"a":"s3cr3t"}"#, r#"{"a":{"s3cr3t":"s3cr3t"}}"#] {
        let error = from_json::<std::collections::BTreeMap<String, Vec<u8>>>(json.as_bytes()).unwrap_err();
        let text = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
        assert!(!text.contains("s3cr3t") && text.contains("expected a"), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let error = |json: &[u8]| {
        let error = from_json::<Value>(json).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    insta::assert_snapshot!(error(b"{\"a\":[1,\"x\xFFy\"]}"), @"the JSON field `a[1]` cannot be read: a text that is not UTF-8");
    insta::assert_snapshot!(error(b"[1] \xFF"), @"the text is not UTF-8: invalid utf-8 sequence of 1 bytes from index 4");
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert_eq!(from_json::<Vec<u8>>(b"\xEF\xBB\xBF[1]").unwrap(), [1]);
    assert!(from_json::<Vec<u8>>(b"\xEF\xBB\xBF\xEF\xBB\xBF[1]").is_err());
}

#[test]
fn what_follows_the_value_is_an_error() {
    insta::assert_snapshot!(from_json::<Vec<u8>>(b"[1] <html>").unwrap_err(), @"the JSON text cannot be read");
    insta::assert_snapshot!(from_json::<Vec<Vec<u8>>>(b"[[1],[2,null]]").unwrap_err(), @"the JSON field `[1][1]` cannot be read");
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    let nested = format!(r#"{{"metadata":{}"#, "[".repeat(100_000));
    insta::assert_snapshot!(from_json::<Value>(nested.as_bytes()).unwrap_err(), @"the JSON field `metadata[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]…` cannot be read");
}
