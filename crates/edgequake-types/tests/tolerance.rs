//! Whatever a server puts into a field: nothing panics, and what is read is written and read the same again.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use edgequake_types::session::Role;
use edgequake_types::{DocumentId, Json, Patch, Secret, TenantId, Timestamp, UserId, WorkspaceId, model};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

#[model(setters, new(), wrapped = "inner")]
struct Inner {
    inner: Leaf,
    count: u64,
}

#[model(bare = names, default)]
struct Leaf {
    names: Vec<String>,
    small: u16,
}

impl From<Vec<String>> for Leaf {
    fn from(names: Vec<String>) -> Self {
        Self { names, small: 0 }
    }
}

fn seven() -> u64 {
    7
}

/// One model with a field of each kind. Each has a default, so that it can be tried alone.
#[model(default)]
struct Kinds {
    flag: bool,
    count: u64,
    number: i64,
    byte: u8,
    size: usize,
    signed: i32,
    fraction: f64,
    short_fraction: f32,
    texts: Vec<String>,
    lists: Vec<Vec<u64>>,
    map: BTreeMap<String, u64>,
    object: Map<String, Value>,
    maybe_flag: Option<bool>,
    maybe_count: Option<u64>,
    maybe_fraction: Option<f64>,
    maybe_text: Option<String>,
    maybe_texts: Option<Vec<String>>,
    maybe_map: Option<BTreeMap<String, Option<u32>>>,
    maybe_value: Option<Value>,
    maybe_time: Option<Timestamp>,
    #[field(expose)]
    maybe_secret: Option<Secret>,
    maybe_document: Option<DocumentId>,
    maybe_tenant: Option<TenantId>,
    maybe_workspace: Option<WorkspaceId>,
    maybe_user: Option<UserId>,
    maybe_role: Option<Role>,
    maybe_inner: Option<Inner>,
    maybe_leaf: Option<Box<Leaf>>,
    maybe_json: Option<Json<(u8, Option<String>)>>,
    times: Vec<Timestamp>,
    roles: Vec<Role>,
    leaves: Vec<Leaf>,
    patch: Patch<u64>,
    patch_text: Patch<String>,
    #[field(default)]
    text: String,
    #[field(default)]
    value: Value,
    #[field(default = seven)]
    seven: u64,
    #[field(alias = "other", alias = "another")]
    aliased: Option<u64>,
    #[field(lenient)]
    lenient: Option<Leaf>,
    #[field(always)]
    always: Option<u64>,
    #[field(omit_default)]
    omitted: Vec<u64>,
}

const KINDS: [&str; 43] = [
    "flag",
    "count",
    "number",
    "byte",
    "size",
    "signed",
    "fraction",
    "short_fraction",
    "texts",
    "lists",
    "map",
    "object",
    "maybe_flag",
    "maybe_count",
    "maybe_fraction",
    "maybe_text",
    "maybe_texts",
    "maybe_map",
    "maybe_value",
    "maybe_time",
    "maybe_secret",
    "maybe_document",
    "maybe_tenant",
    "maybe_workspace",
    "maybe_user",
    "maybe_role",
    "maybe_inner",
    "maybe_leaf",
    "maybe_json",
    "times",
    "roles",
    "leaves",
    "patch",
    "patch_text",
    "text",
    "value",
    "seven",
    "aliased",
    "other",
    "another",
    "lenient",
    "always",
    "omitted",
];

/// Written and read again it is the same.
fn settled<T: DeserializeOwned + Serialize + PartialEq + Debug>(value: &T) {
    let written = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(&read, value, "{written}");
    assert_eq!(serde_json::to_string(&read).unwrap(), written);
    assert_eq!(&serde_json::from_value::<T>(serde_json::to_value(value).unwrap()).unwrap(), value);
}

fn arbitrary() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300_i64..300).prop_map(Value::from),
        // Few digits: the reader of JSON may be off by the last of seventeen.
        (-100_000_i32..100_000).prop_map(|number| Value::from(f64::from(number) / 8.0)),
        prop::sample::select(vec![
            "",
            " ",
            "5",
            "5.0",
            "-1",
            "1e3",
            "NaN",
            "inf",
            "true",
            "false",
            "null",
            "default",
            "admin",
            "x",
            "\u{0}",
            "7B0E2B52-6A53-4B0C-9B43-0F6B6A1D9F21",
            "2026-03-02T09:00:00Z",
            "ein Text",
        ])
        .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let keys =
            prop::sample::select(vec!["names", "small", "inner", "count", "a", ""]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(KINDS.to_vec())
}

/// An object with its keys in this order.
fn object(entries: &[(&str, &Value)]) -> String {
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    format!("{{{}}}", entries.join(","))
}

fn read(json: &str) -> Result<Kinds, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn each_kind_is_listed() {
    let known = serde_json::from_str::<Kinds>("{}").unwrap();
    assert_eq!(known, Kinds::default());
    settled(&known);
    for name in KINDS {
        let read = read(&object(&[(name, &json!([[[{"no": "such"}]]]))]));
        let takes_anything = [
            "maybe_value",
            "maybe_time",
            "value",
            "lenient",
            "maybe_tenant",
            "maybe_workspace",
            "maybe_user",
            "times",
        ];
        assert_eq!(read.is_ok(), takes_anything.contains(&name), "{name}: {read:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_read_is_written_and_read_the_same(name in key(), value in arbitrary()) {
        // The reader of JSON may be off by the last of seventeen digits.
        prop_assume!(!name.contains("fraction") || value.as_f64().is_none_or(|number| number.abs() < 1e15));
        let text = object(&[(name, &value)]);
        let from_text = read(&text);
        let from_value = serde_json::from_value::<Kinds>(json!({ name: value }));
        prop_assert_eq!(from_text.is_ok(), from_value.is_ok(), "{} {:?} {:?}", text, from_text, from_value);
        if let (Ok(read), Ok(other)) = (&from_text, &from_value) {
            prop_assert_eq!(read, other);
            settled(read);
        }
        // Nothing that is null fails.
        prop_assert!(!value.is_null() || from_text.is_ok());
    }

    #[test]
    fn unknown_fields_and_the_order_do_not_matter(
        fields in prop::collection::btree_map(key(), arbitrary(), 0..6), unknown in arbitrary(), seed in any::<u64>()
    ) {
        let fields: Vec<(&str, Value)> =
            fields.into_iter().filter(|(name, value)| read(&object(&[(name, value)])).is_ok()).collect();
        let exact = |(name, value): &(&str, Value)| !name.contains("fraction") || value.as_f64().is_none_or(|number| number.abs() < 1e15);
        prop_assume!(fields.iter().all(exact));
        // Several names of one field: their order counts.
        let names = fields.iter().filter(|(name, _)| ["aliased", "other", "another"].contains(name));
        prop_assume!(names.count() < 2);
        let mut entries: Vec<(&str, &Value)> = fields.iter().map(|(name, value)| (*name, value)).collect();
        let expected = read(&object(&entries)).unwrap();
        settled(&expected);
        entries.push(("no_such_field", &unknown));
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|index| (seed ^ (*index as u64)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let shuffled: Vec<(&str, &Value)> = order.into_iter().map(|index| entries[index]).collect();
        prop_assert_eq!(read(&object(&shuffled)).unwrap(), expected);
    }

    #[test]
    fn of_a_key_that_comes_twice_the_first_that_is_not_null_counts(
        name in key(), first in arbitrary(), second in arbitrary()
    ) {
        // What `null` is a value of takes the first.
        let null_is_a_value = name.starts_with("patch");
        // An empty text says as little as `null` where a number or an id is expected.
        prop_assume!(!matches!(&first, Value::String(text) if text.trim().is_empty()));
        // What is no id says as little, too; so does what cannot be read where that is allowed.
        prop_assume!(!["maybe_tenant", "maybe_workspace", "maybe_user", "lenient"].contains(&name));
        let Ok(expected) = read(&object(&[(name, if first.is_null() && !null_is_a_value { &second } else { &first })])) else {
            return Ok(());
        };
        prop_assert_eq!(read(&object(&[(name, &first), (name, &second)])).unwrap(), expected);
    }
}

#[test]
fn the_first_name_that_is_not_null_counts() {
    for (json, aliased) in [
        (r#"{"other":1,"aliased":2}"#, Some(1)),
        (r#"{"aliased":null,"another":3,"other":1}"#, Some(3)),
        (r#"{"aliased":"","other":1}"#, Some(1)),
        (r#"{"aliased":null,"other":null}"#, None),
    ] {
        assert_eq!(read(json).unwrap().aliased, aliased, "{json}");
    }
    assert_eq!(read(r#"{"patch":null,"patch":5}"#).unwrap().patch, Patch::Clear);
}
