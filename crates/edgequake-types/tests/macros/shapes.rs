//! Objects below a name, and keys that come twice.

use std::collections::BTreeMap;

use edgequake_types::model;

use crate::{read, written};

#[model(answer, wrapped = "type")]
struct Wrapped {
    #[field(rename = "type")]
    inner: Box<Inner>,
    at: Option<u64>,
}

#[model(answer(or_wrapped = "data"))]
struct Inner {
    name: String,
    next: Option<Box<Inner>>,
}

#[test]
fn an_object_may_come_below_a_name() {
    use edgequake_types::Decode;

    let bare: Wrapped = read(r#"{"name":"x","at":1}"#);
    let whole: Wrapped = read(r#"{"type":{"name":"x","next":null},"at":1}"#);
    assert_eq!(bare, whole);
    for body in [r#"{"data":{"name":"x"}}"#, r#"{"name":"x"}"#, "\u{feff}{\"data\":{\"name\":\"x\"}}"] {
        assert_eq!(Inner::from_body(body).unwrap(), *whole.inner, "{body}");
    }
    assert!(Inner::from_body(r#"{"data":{"name":"x"}} and more"#).is_err());
    // Of a key that comes twice, on each level and below each name.
    for body in [
        r#"{"type":null,"type":{"name":"x","name":"y"},"type":{"name":"z"},"at":1,"at":2}"#,
        r#"{"name":"x","name":"y","at":null,"at":1}"#,
    ] {
        assert_eq!(read::<Wrapped>(body), whole, "{body}");
    }
    for body in [
        r#"{"data":{"name":"x","name":"y"},"data":null,"name":"z"}"#,
        r#"{"data":null,"data":{"name":"x","next":null},"data":{"name":"y"}}"#,
    ] {
        assert_eq!(Inner::from_body(body).unwrap(), *whole.inner, "{body}");
    }
}

#[model]
struct Nested {
    #[field(lenient)]
    lenient: Option<Inner>,
    map: BTreeMap<String, u64>,
    #[field(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[test]
fn of_a_key_that_comes_twice_the_first_counts_wherever_it_is() {
    let nested: Nested = read(
        r#"{"lenient":{"name":"x","name":"y"},"map":{"a":1,"a":2},"rest":{"a":[{"b":null,"b":1,"b":2}]}}"#,
    );
    assert_eq!(written(&nested), r#"{"lenient":{"name":"x"},"map":{"a":1},"rest":{"a":[{"b":1}]}}"#);
}
