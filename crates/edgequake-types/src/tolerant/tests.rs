use crate::{KeyId, model};

#[model]
struct Model {
    count: u64,
    maybe: Option<u32>,
    #[field(read = super::optional_seconds, default)]
    seconds: Option<i64>,
    flag: bool,
    state: Option<bool>,
    list: Vec<String>,
    text: Option<KeyId>,
}

fn read(json: &str) -> Result<Model, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn absent_and_null_are_the_same() {
    let nulls =
        r#"{"count":null,"maybe":null,"seconds":null,"flag":null,"state":null,"list":null,"text":null}"#;
    assert_eq!(read("{}").unwrap(), read(nulls).unwrap());
    assert_eq!(read(r#"{"text":""}"#).unwrap().text, None);
}

#[test]
fn whole_numbers_in_every_form() {
    for (json, count) in [
        ("256", 256),
        ("256.0", 256),
        ("1e3", 1000),
        ("\"17\"", 17),
        ("\"17.0\"", 17),
        ("18446744073709551615", u64::MAX),
        ("\"18446744073709551615\"", u64::MAX),
        ("9007199254740993", 9_007_199_254_740_993),
        ("\"\"", 0),
    ] {
        assert_eq!(read(&format!(r#"{{"count":{json}}}"#)).unwrap().count, count, "{json}");
    }
}

#[test]
fn numbers_that_cannot_be_meant_are_errors() {
    for json in ["15.5", "-1", "-1.0", "1e300", "\"many\"", "18446744073709551616", "true", "[]"] {
        assert!(read(&format!(r#"{{"count":{json}}}"#)).is_err(), "{json}");
    }
    assert!(read(r#"{"maybe":4294967296}"#).is_err());
}

#[test]
fn seconds_are_cut_and_signed() {
    for (json, seconds) in [
        ("3600", 3600),
        ("\"3600\"", 3600),
        ("3600.0", 3600),
        ("\"3600.5\"", 3600),
        ("-5", -5),
        ("1e300", i64::MAX),
    ] {
        assert_eq!(read(&format!(r#"{{"seconds":{json}}}"#)).unwrap().seconds, Some(seconds), "{json}");
    }
    for text in ["1e999", "-1e999", "inf", "NaN", " "] {
        assert_eq!(read(&format!(r#"{{"seconds":"{text}"}}"#)).unwrap().seconds, None, "{text}");
    }
    assert!(read(r#"{"seconds":"soon"}"#).is_err());
    // No number that the reader of the text can hold: refused before anyone asks what it is for, or handed on with any precision.
    assert!(read(r#"{"seconds":1e999}"#).map_or(true, |model| model.seconds.is_none()));
}

#[test]
fn flags_have_three_states() {
    assert_eq!(read(r#"{"state":"false"}"#).unwrap().state, Some(false));
    assert_eq!(read(r#"{"state":true,"flag":true}"#).unwrap().state, Some(true));
    assert!(read(r#"{"state":"maybe"}"#).is_err());
    assert!(read(r#"{"state":1}"#).is_err());
}

#[test]
fn a_field_may_be_read_by_a_function_of_its_own() {
    #[crate::model]
    struct Lease {
        name: String,
        #[field(read = super::optional_seconds, alias = "ttl")]
        seconds: Option<i64>,
        #[field(read = serde::Deserialize::deserialize)]
        place: String,
    }

    let lease: Lease = serde_json::from_str(r#"{"ttl":"3600.5","place":"x","name":"y"}"#).unwrap();
    assert_eq!((lease.name.as_str(), lease.seconds, lease.place.as_str()), ("y", Some(3600), "x"));
    assert!(serde_json::from_str::<Lease>(r#"{"name":"y"}"#).is_err());
}

/// A number as serde_json's `arbitrary_precision` hands it over.
fn as_map(
    entries: &[(&'static str, &'static str)],
) -> impl serde::Deserializer<'static, Error = serde_json::Error> {
    serde::de::value::MapDeserializer::new(entries.iter().copied())
}

#[test]
fn a_number_may_come_as_a_map() {
    use crate::Tolerant;

    const KEY: &str = "$serde_json::private::Number";

    assert_eq!(u64::read(as_map(&[(KEY, "18446744073709551615")])).unwrap(), u64::MAX);
    assert_eq!(u8::read(as_map(&[(KEY, "5.0")])).unwrap(), 5);
    assert_eq!(i32::read(as_map(&[(KEY, "-1e3")])).unwrap(), -1000);
    assert_eq!(f64::read(as_map(&[(KEY, "1.5")])).unwrap(), 1.5);
    assert_eq!(f32::read(as_map(&[(KEY, "1.5")])).unwrap(), 1.5);
    assert_eq!(super::optional_seconds(as_map(&[(KEY, "3600.5")])).unwrap(), Some(3600));
    for entries in [
        &[][..],
        &[(KEY, "")],
        &[(KEY, "many")],
        &[("value", "5")],
        &[(KEY, "5"), (KEY, "5")],
        &[(KEY, "5"), ("more", "x")],
        &[("more", "x"), (KEY, "5")],
    ] {
        let error = u64::read(as_map(entries)).unwrap_err().to_string();
        assert_eq!(error, "invalid type: map, expected a whole number of 0 or more", "{entries:?}");
        assert!(f64::read(as_map(entries)).is_err() && super::optional_seconds(as_map(entries)).is_err());
    }
    assert!(u8::read(as_map(&[(KEY, "1.5")])).is_err());
    assert!(f64::read(as_map(&[(KEY, "1e999")])).is_err());
}

/// It is the object that is wrong, not what is in it.
#[test]
fn an_object_in_place_of_a_number_is_placed_as_before() {
    let error = crate::from_json::<Model>(br#"{"flag":true,"count":{"a":{"b":"5"},"c":1}}"#).unwrap_err();
    assert_eq!(error.to_string(), "the JSON field `count` cannot be read");
}
