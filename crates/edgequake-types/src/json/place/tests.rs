use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Tree {
    name: String,
    size: Option<u8>,
    #[serde(default)]
    kids: Vec<Tree>,
    #[serde(default)]
    more: BTreeMap<String, Tree>,
    pair: Option<(u8, bool)>,
}

fn path<T: DeserializeOwned>(json: &str) -> String {
    let error = serde_json::from_str::<T>(json).err().unwrap();
    of_error(json.as_bytes(), &error)
}

#[test]
fn the_place_is_named_as_it_is_written() {
    for (json, place) in [
        (r#"{"size":1}"#, "."),
        (r#"[]"#, "."),
        (r#""x""#, "."),
        (r#"{"name":5}"#, "name"),
        (r#"{"name":{"a":1}}"#, "name"),
        (r#"{"name":[1]}"#, "name"),
        (r#"{"name" : null , "size":1}"#, "name"),
        ("{\n  \"name\": \"a\",\n  \"size\": -1\n}", "size"),
        (r#"{"name":"a","size":300}"#, "size"),
        (r#"{"name":"a","kids":[{"name":"b"},{"size":2}]}"#, "kids[1]"),
        (r#"{"name":"a","kids":[{"name":"b"},{"name":"c","size":"x"}]}"#, "kids[1].size"),
        (r#"{"name":"a","kids":[{"name":"b"},[1]]}"#, "kids[1][0]"),
        (r#"{"name":"a","kids":[{"name":"b"},7]}"#, "kids[1]"),
        (r#"{"name":"a","kids":{"b":1}}"#, "kids"),
        (r#"{"name":"a","kids":[[]]}"#, "kids[0]"),
        (r#"{"name":"a","pair":[1,2]}"#, "pair[1]"),
        (r#"{"name":"a","pair":[1]}"#, "pair"),
        (r#"{"name":"\"},{","more":{"x\"y":{"name":"b"},"ü\u00fc\n":{"size":1}}}"#, "more.üü\n"),
        (r#"{"name":"a","name":"b"}"#, "name"),
        (r#"{"name":"a","kids":[{"name":"b"}"#, "kids[0]"),
        (r#"{"name":"a","kids":[{"name":"b"},"#, "kids[1]"),
        (r#"{"name":"a","kids":[{"na"#, "kids[0].na"),
        (r#"{"name":"a","kids":[{"name":"b\"#, "kids[0].name"),
        (r#"{"name":"a"} x"#, "."),
        ("", "."),
        ("\u{e4}", "."),
    ] {
        assert_eq!(path::<Tree>(json), place, "{json}");
    }
}

#[test]
fn an_error_without_a_place_is_about_the_whole() {
    let error = serde_json::from_value::<Tree>(json!({"name": 5})).unwrap_err();
    assert_eq!(of_error(b"{}", &error), ".");
}

#[test]
fn a_long_path_is_cut_between_characters() {
    let key = "\u{fc}".repeat(150);
    let json = format!(r#"{{"name":"a","more":{{"{key}":1}}}}"#);
    let path = path::<Tree>(&json);
    assert_eq!(path, format!("more.{}…", "\u{fc}".repeat(97)));
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = ("[a-z\"\\\\{}\u{fc}\n]{0,4}", any::<Option<u8>>())
        .prop_map(|(name, size)| json!({"name": name, "size": size, "pair": [1, true]}));
    leaf.prop_recursive(4, 24, 3, |inner| {
        let kids = prop::collection::vec(inner.clone(), 0..3);
        let more = prop::collection::btree_map("[a-z\"\\\\{},:.\u{fc}\n]{1,4}", inner, 0..3);
        ("[a-z\\[\\]]{0,3}", kids, more)
            .prop_map(|(name, kids, more)| json!({"name": name, "kids": kids, "more": more}))
    })
}

/// Every place of a value, as a JSON pointer.
fn places(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                places_below(value, &at, &key.replace('~', "~0").replace('/', "~1"), places);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                places_below(value, &at, &index.to_string(), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

fn places_below(value: &Value, at: &str, key: &str, list: &mut Vec<String>) {
    places(value, format!("{at}/{key}"), list);
}

proptest! {
    /// What follows the path while it reads is the reference.
    #[test]
    fn one_wrong_value_is_found_where_a_tracking_reader_finds_it(
        mut tree in tree(),
        place in any::<prop::sample::Index>(),
        wrong in prop_oneof![
            Just(json!(-7)), Just(json!(1.5)), Just(json!("x\\\"]}")), Just(json!([])), Just(json!({})), Just(json!([[1], {"a": 2}])),
            Just(json!({"name": null})), Just(json!(true)),
        ],
        pretty: bool,
    ) {
        let mut all = Vec::new();
        places(&tree, String::new(), &mut all);
        *tree.pointer_mut(&all[place.index(all.len())]).unwrap() = wrong;
        let json = if pretty { serde_json::to_string_pretty(&tree).unwrap() } else { tree.to_string() };
        let reference = serde_path_to_error::deserialize::<_, Tree>(&mut serde_json::Deserializer::from_str(&json));
        if let Err(reference) = reference {
            prop_assert_eq!(path::<Tree>(&json), reference.path().to_string(), "{}", json);
        }
    }

    #[test]
    fn a_broken_text_has_a_path_all_the_same(tree in tree(), at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut json = tree.to_string().into_bytes();
        let at = at.index(json.len());
        json[at] = byte;
        if cut {
            json.truncate(at);
        }
        if let Err(error) = serde_json::from_slice::<Tree>(&json) {
            let path = of_error(&json, &error);
            prop_assert!(!path.is_empty() && path.len() <= LIMIT + "…".len());
        }
    }
}
