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

/// A list under a name that the attribute does not know for one.
type Names = Vec<String>;

/// Finds places by their names.
#[operation(GET "/places" -> Value, Required, Safe, Query, new())]
struct Find {
    names: Names,
}

/// Finds places by their names, in a form.
#[operation(POST "/places" -> Value, Required, Refused, Form, new(place))]
struct FindByForm {
    place: crate::Json<(u64, u64)>,
}

#[test]
fn a_nested_value_in_a_query_is_an_error_that_names_the_field() {
    let error = Find::new().names(["x".to_owned()]).to_request().unwrap_err();
    insta::assert_snapshot!(error, @"the field `names` is a list or an object, which a query string cannot carry");
    let error = FindByForm::new(crate::Json((1, 2))).to_request().unwrap_err();
    insta::assert_snapshot!(error, @"the field `place` is a list or an object, which a query string cannot carry");
}

#[test]
fn a_server_reads_what_others_write() {
    let read =
        |uri: &str| Search::from_request(&http::Request::get(uri).body(()).unwrap().into_parts().0, b"");
    assert_eq!(read("/places/a%2fb/search?text=x%20y&limit=5&unknown=1").unwrap(), search("x y"));
    assert_eq!(
        read("/places/x/search?text=1&text=2&place=y&limit=&limit=5&limit=6").unwrap(),
        Search { place: "x".to_owned(), text: "1".to_owned(), limit: Some(5), nothing: None }
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

/// Numbers the place, and says more about it.
#[operation(PUT "/places/{number}" -> (), Required, Safe, Json)]
struct Number {
    #[field(alias = "id")]
    number: u64,
    name: Option<String>,
    more: Vec<Rename>,
}

#[test]
fn of_a_key_that_comes_twice_the_first_that_is_not_null_counts() {
    let put = |path: &str| http::Request::put(path).body(()).unwrap().into_parts().0;
    let parts = put("/places/7");
    for body in [
        r#"{"name":null,"name":"a","name":"b","more":[{"place":"p","place":"q","name":"n"}]}"#,
        "\u{feff} {\"id\":1,\"name\":\"a\",\"number\":2,\"more\":[{\"place\":\"p\",\"name\":\"n\",\"name\":\"o\"}],\"more\":[]}",
    ] {
        let read = Number::from_request(&parts, body.as_bytes()).unwrap();
        assert_eq!((read.number, read.name.as_deref()), (7, Some("a")), "{body}");
        assert_eq!(read.more, [Rename { place: "p".to_owned(), name: "n".to_owned() }], "{body}");
    }
    for body in ["{}", " { } "] {
        let read = Number::from_request(&parts, body.as_bytes()).unwrap();
        assert_eq!((read.number, read.name), (7, None), "{body}");
    }
    // A blank number says nothing, so that the body would have the say.
    let blank = Number::from_request(&put("/places/%20"), br#"{"number":2}"#);
    assert!(matches!(blank, Err(DecodeError::Route { .. })), "{blank:?}");
    let form = http::Request::post("/oauth/token").body(()).unwrap().into_parts().0;
    let token = Token::from_request(&form, b"code=1&grant_type=g&code=2").unwrap();
    assert_eq!(token, Token::new("g", "1"));
}

#[test]
fn an_error_names_the_place_in_what_was_sent() {
    let error = |number: &str, body: &[u8]| {
        let parts = http::Request::put(format!("/places/{number}")).body(()).unwrap().into_parts().0;
        let error = Number::from_request(&parts, body).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    insta::assert_snapshot!(error("x", b"{}"), @"the JSON field `number` cannot be read: invalid value: text that is not a number, expected a whole number of 0 or more");
    insta::assert_snapshot!(error("7", br#"{"more":[{"place":5}]}"#), @"the JSON field `more[0].place` cannot be read: invalid type: integer, expected a string");
    insta::assert_snapshot!(error("7", br#"{"name":"a""#), @"the JSON field `name` cannot be read: EOF while parsing an object");
    insta::assert_snapshot!(error("7", b"{\"name\":\"\xff\"}"), @"the JSON field `name` cannot be read: a text that is not UTF-8");
    insta::assert_snapshot!(error("7", b"[1]"), @"the JSON text cannot be read: invalid type: sequence, expected struct Number at line 1 column 0");
}

/// Moves a place within its scope.
#[operation(POST "/workspaces/{workspace_id}/places" -> (), Required, Refused, Json, new(workspace_id))]
struct Move {
    workspace_id: crate::WorkspaceId,
    #[field(scope)]
    tenant: Option<crate::TenantId>,
}

#[test]
fn the_scope_travels_in_its_headers() {
    let workspace = crate::WorkspaceId::server_default();
    let moved = Move::new(&workspace);
    let (mut parts, body) = moved.to_request().unwrap().into_parts();
    assert_eq!(parts.headers["x-workspace-id"], workspace.as_str());
    assert!(!parts.headers.contains_key("x-tenant-id"));
    assert_eq!(Move::from_request(&parts, &body.bytes().unwrap()).unwrap(), moved);
    for tenant in [crate::TenantId::server_default(), crate::TenantId::opaque("acme").unwrap()] {
        let moved = moved.clone().tenant(&tenant);
        let (parts, body) = moved.to_request().unwrap().into_parts();
        assert_eq!(parts.headers["x-tenant-id"], tenant.as_str());
        assert_eq!(Move::from_request(&parts, &body.bytes().unwrap()).unwrap(), moved);
    }
    for odd in ["", " ", "no id", "\u{e4}"] {
        parts.headers.insert("x-tenant-id", HeaderValue::from_bytes(odd.as_bytes()).unwrap());
        assert_eq!(Move::from_request(&parts, b"{}").unwrap(), moved, "{odd:?}");
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
