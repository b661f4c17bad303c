//! The options of the attributes that take a value: what `new` sets, `from`, `status`; and `eq`.

use edgequake_types::{Decode, Endpoint, model, operation};

use crate::{read, written};

fn word() -> String {
    "word".to_owned()
}

fn joined(first: &str, second: &str) -> String {
    format!("{first},{second}")
}

#[model(new(name, tags, at, label = joined(&name, "x"), first = tags.first().cloned(), kind = word()), setters, eq)]
#[derive(Hash)]
struct Tagged {
    name: String,
    tags: Vec<String>,
    at: Option<u64>,
    label: String,
    first: Option<String>,
    #[field(default = pair)]
    kind: String,
    #[field(default = pair)]
    other: String,
    r#type: Option<String>,
}

fn pair() -> String {
    joined("a", "b")
}

#[operation(POST "/tagged/{type}" -> (), Required, Refused, Json, new(name, r#type = "bridge".to_owned()), default, eq)]
struct MakeTagged {
    r#type: String,
    name: String,
    size: Option<u64>,
}

#[model(answer, new(made = 1 + 1, rest = ["x"].map(str::len).map(|length| length as u64).into()))]
struct Made {
    made: u64,
    rest: Vec<u64>,
}

#[test]
fn a_constructor_may_also_set_what_follows_from_what_it_takes() {
    let tagged = Tagged::new("n", ["s", "t"], Some(1));
    assert_eq!((tagged.label.as_str(), tagged.first.as_deref(), tagged.at), ("n,x", Some("s"), Some(1)));
    // What it sets goes before the default of the field, which holds for the others.
    assert_eq!((tagged.kind.as_str(), tagged.other.as_str()), ("word", "a,b"));
    assert_eq!(read::<Tagged>(r#"{"name":"n","label":""}"#).kind, "a,b");
    // What it sets may still be set otherwise.
    assert_eq!(tagged.label("l").first("u").r#type("v").first.as_deref(), Some("u"));
    let (parts, _) = MakeTagged::new("n").size(2).to_request().unwrap().into_parts();
    assert_eq!(parts.uri, "/tagged/bridge");
    assert_eq!(MakeTagged::default().r#type, "");
    assert_eq!(Made::new(), Made { made: 2, rest: vec![1] });
}

/// A field that is taken, one that is set, and functions of the same names.
#[model(new(pair, word = format!("{pair}!")), eq)]
struct Namesake {
    pair: String,
    word: String,
    #[field(default = pair)]
    first: String,
    #[field(default = word)]
    second: String,
}

#[test]
fn a_default_may_be_called_as_what_the_constructor_takes() {
    let made = Namesake::new("p");
    assert_eq!((made.pair.as_str(), made.word.as_str()), ("p", "p!"));
    assert_eq!((made.first.as_str(), made.second.as_str()), ("a,b", "word"));
}

#[model(new(name), setters)]
struct Sized {
    name: String,
    #[field(write = in_bytes)]
    kilobytes: Option<u64>,
    #[field(write = str::len, rename = "letters")]
    text: String,
}

fn in_bytes(kilobytes: &Option<u64>) -> Option<u64> {
    kilobytes.map(|size| size * 1024)
}

#[test]
fn a_field_may_be_written_by_a_function_of_its_own() {
    assert_eq!(written(&Sized::new("n")), r#"{"name":"n","letters":0}"#);
    assert_eq!(
        written(&Sized::new("n").kilobytes(2).text("abc")),
        r#"{"name":"n","kilobytes":2048,"letters":3}"#
    );
}

/// Its parameters are of every type of number that a path has.
#[operation(GET "/{a}/{b}/{c}/{d}/{e}/{f}/{g}" -> (), Required, Safe, None, new(a, b, c, d, e, f, g), eq)]
struct Numbered {
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: usize,
    f: i32,
    g: i64,
}

#[test]
fn a_parameter_may_be_a_number_of_any_type() {
    let numbered = Numbered::new(1, 2, 3, 4, 5, -6, i64::MIN);
    let (parts, _) = numbered.to_request().unwrap().into_parts();
    assert_eq!(parts.uri, "/1/2/3/4/5/-6/-9223372036854775808");
    assert_eq!(Numbered::from_request(&parts, b"").unwrap(), numbered);
}

#[test]
fn a_struct_is_eq_where_that_is_said() {
    fn eq<T: Eq + std::fmt::Debug>(value: &T) {
        assert_eq!(value, value);
    }

    eq(&Tagged::new("n", [""; 0], None));
    eq(&MakeTagged::new("n"));
}

#[model(answer(201), from = Forms, new(items), default)]
struct Items {
    items: Vec<u64>,
    total: u64,
}

/// The forms in which they come.
#[model(bare = list, default)]
struct Forms {
    #[field(alias = "items")]
    list: Vec<u64>,
    total: Option<u64>,
}

impl From<Vec<u64>> for Forms {
    fn from(list: Vec<u64>) -> Self {
        Self { list, ..Self::default() }
    }
}

impl From<Forms> for Items {
    fn from(forms: Forms) -> Self {
        Self { total: forms.total.unwrap_or(forms.list.len() as u64), items: forms.list }
    }
}

#[model]
struct Shelf {
    items: Items,
    #[field(lenient)]
    more: Option<Items>,
}

#[test]
fn a_model_may_be_read_as_another_one() {
    for json in [r#"{"items":[1,2]}"#, r#"{"list":[1,"2"],"total":2,"new":1}"#, "[1,2]"] {
        let items = Items::from_body(json).unwrap();
        assert_eq!(items, Items { total: 2, ..Items::new([1, 2]) }, "{json}");
        assert_eq!(written(&items), r#"{"items":[1,2],"total":2}"#);
        let shelf: Shelf = read(&format!(r#"{{"items":{json},"more":5}}"#));
        assert_eq!((shelf.items, shelf.more), (items, None));
    }
    assert_eq!(Items::default().encode().unwrap().status(), 201);
    let error = Items::from_body(r#"{"list":[1,"x"]}"#).unwrap_err().to_string();
    assert_eq!(error, "the JSON field `list[1]` cannot be read");
}

#[operation(POST "/items" -> Option<Made>, Required, Refused, Json, new(), status = 202)]
struct Accept {}

#[operation(PUT "/items" -> Items, Required, Safe, Json, new(), status = 202)]
struct Replace {}

#[test]
fn an_operation_has_a_status_where_its_answer_tells_none() {
    assert_eq!(Accept::STATUS, Some(202));
    for answer in [None, Some(Made::new())] {
        let encoded = Accept::respond(&answer).unwrap();
        assert_eq!(encoded.status(), 202);
        assert_eq!(encoded.body().is_empty(), answer.is_none());
    }
    // A model that has a status of its own keeps it.
    assert_eq!(Replace::respond(&Items::default()).unwrap().status(), 201);
    assert_eq!(MakeTagged::STATUS, None);
    assert_eq!(MakeTagged::respond(&()).unwrap().status(), 204);
}

/// What has none of the fields is something else; what has no field at all, or one of them, is not.
#[model(answer, known, default)]
struct Known {
    #[field(alias = "other")]
    one: Option<u64>,
    two: Vec<u64>,
}

#[test]
fn an_object_of_other_fields_is_something_else() {
    for (json, one) in [
        ("{}", None),
        (r#"{"one":1,"three":3}"#, Some(1)),
        (r#"{"other":1}"#, Some(1)),
        (r#"{"two":null,"error":"x"}"#, None),
    ] {
        assert_eq!(Known::from_body(json).unwrap().one, one, "{json}");
    }
    insta::assert_snapshot!(Known::from_body(r#"{"error":"x"}"#).unwrap_err(), @"the JSON text cannot be read");
    let error = Known::from_body(r#"{"error":"x"}"#).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("missing field `one`"), "{source}");
}
