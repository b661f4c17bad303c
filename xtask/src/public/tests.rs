use serde_json::{Value, json};

use super::document::Document;
use super::exposed::{Exposed, find};
use super::growth::{compare, fixed};
use super::list::List;
use crate::workspace::Workspace;

/// The path of a type or trait as a signature has it.
fn path(id: u32) -> Value {
    json!({"path": "AsWritten", "id": id, "args": null})
}

fn resolved(id: u32) -> Value {
    json!({"resolved_path": path(id)})
}

fn item(name: &str, inner: Value) -> Value {
    json!({"crate_id": 0, "name": name, "attrs": [], "inner": inner})
}

fn implementation(subject: u32, of: Option<u32>, items: &[u32]) -> Value {
    let of = of.map_or(Value::Null, path);
    let mut inner = json!({"generics": {}, "blanket_impl": null, "is_synthetic": false});
    inner["for"] = resolved(subject);
    inner["trait"] = of;
    inner["items"] = items.into();
    json!({"crate_id": 0, "name": null, "attrs": [], "inner": {"impl": inner}})
}

/// A crate `cart` with `items` below its root, and what they may mention: 100 and up.
fn document(root: &[u32], items: Value) -> Value {
    let mut index = items;
    index["0"] = item("cart", json!({"module": {"items": root, "is_crate": true}}));
    json!({
        "format_version": 57,
        "root": 0,
        "index": index,
        "paths": {
            "1": {"crate_id": 0, "path": ["cart", "hidden", "Wheel"]},
            "100": {"crate_id": 5, "path": ["axle", "axle", "Axle"]},
            "101": {"crate_id": 5, "path": ["axle", "grease", "Oil"]},
            "102": {"crate_id": 6, "path": ["alloc", "vec", "Vec"]},
            "103": {"crate_id": 7, "path": ["cart_parts", "Bolt"]},
            "104": {"crate_id": 5, "path": ["axle", "__private", "Helper"]},
            "105": {"crate_id": 6, "path": ["core", "convert", "From"]},
            "106": {"crate_id": 8, "path": ["spin", "Spin"]},
        },
    })
}

/// What it exposes, one line each.
fn exposed(root: &[u32], items: Value) -> String {
    let document = Document::parse(&document(root, items).to_string()).unwrap();
    let mut text = String::new();
    for (path, items) in find(&document, &["cart_parts".to_owned()]).0 {
        items.iter().for_each(|item| text.push_str(&format!("{item} exposes {path}\n")));
    }
    text
}

#[test]
fn signatures_fields_and_bounds_expose_what_they_mention() {
    let bound = json!({"trait_bound": {"trait": path(106), "generic_params": [], "modifier": "none"}});
    let function = json!({"function": {
        "sig": {"inputs": [["load", {"borrowed_ref": {"type": resolved(100)}}]], "output": null},
        "generics": {"params": [{"name": "S", "kind": {"type": {"bounds": [bound]}}}], "where_predicates": []},
    }});
    let items = json!({
        "1": item("Wheel", json!({"struct": {"kind": {"plain": {"fields": [2]}}, "generics": {}, "impls": [9]}})),
        "2": item("oil", json!({"struct_field": resolved(101)})),
        "3": item("Fault", json!({"enum": {"variants": [4], "impls": []}})),
        "4": item("Dry", json!({"variant": {"kind": {"tuple": [null, 5]}}})),
        "5": item("1", json!({"struct_field": resolved(101)})),
        "6": item("drive", function),
        "9": implementation(1, None, &[10]),
        "10": item("axle", json!({"function": {"sig": {"inputs": [], "output": resolved(100)}}})),
    });
    insta::assert_snapshot!(exposed(&[1, 3, 6], items), @r"
    cart::Wheel::axle exposes axle::Axle
    cart::drive exposes axle::Axle
    cart::Fault::Dry exposes axle::grease::Oil
    cart::Wheel::oil exposes axle::grease::Oil
    cart::drive exposes spin::Spin
    ");
}

#[test]
fn the_standard_library_our_crates_and_the_insides_of_macros_do_not_count() {
    let types = [102, 103, 104, 999].map(resolved);
    let all = json!({"type_alias": {"type": {"tuple": types}}});
    assert_eq!(exposed(&[1], json!({"1": item("All", all)})), "");
}

#[test]
fn a_reexport_shows_ours_under_its_name_and_exposes_others() {
    let reexport = |name, id, is_glob| {
        item("", json!({"use": {"source": "x", "name": name, "id": id, "is_glob": is_glob}}))
    };
    let items = json!({
        "1": item("Wheel", json!({"struct": {"kind": {"tuple": [2]}}})),
        "2": item("0", json!({"struct_field": resolved(101)})),
        "3": reexport("Disc", 1, false),
        "4": reexport("Axle", 100, false),
        "5": reexport("hidden", 6, true),
        "6": item("hidden", json!({"module": {"items": [7, 5]}})),
        "7": item("SPIN", json!({"constant": {"type": resolved(106)}})),
    });
    insta::assert_snapshot!(exposed(&[3, 4, 5], items), @r"
    cart::Axle exposes axle::Axle
    cart::Disc exposes axle::grease::Oil
    cart::SPIN exposes spin::Spin
    ");
}

#[test]
fn an_extern_crate_exposes_all_of_another_crate() {
    let external =
        |name, rename: Option<&str>| item(name, json!({"extern_crate": {"name": name, "rename": rename}}));
    let items = json!({
        "1": external("axle", None),
        "2": external("turn", Some("spin")),
        "3": external("alloc", None),
        "4": external("own", Some("self")),
        "5": external("parts", Some("cart_parts")),
    });
    insta::assert_snapshot!(exposed(&[1, 2, 3, 4, 5], items), @r"
    cart::axle exposes axle
    cart::turn exposes spin
    ");
}

#[test]
fn what_cannot_grow_is_marked_or_listed() {
    let variants = |ids: &[u32]| json!({"enum": {"variants": ids, "impls": []}});
    let variant = |kind| json!({"variant": {"kind": kind}});
    let plain =
        |stripped| json!({"struct": {"kind": {"plain": {"fields": [], "has_stripped_fields": stripped}}}});
    let tuple = |fields: Value| json!({"struct": {"kind": {"tuple": fields}}});
    let mut items = json!({
        "1": item("Load", variants(&[2, 3, 4, 12])),
        "2": item("Hay", variant(json!("plain"))),
        "3": item("Stones", variant(json!({"tuple": [5]}))),
        "12": item("Logs", variant(json!({"tuple": [5, 5]}))),
        "4": item("Barrels", variant(json!({"struct": {"fields": [6], "has_stripped_fields": false}}))),
        "5": item("0", json!({"struct_field": resolved(101)})),
        "6": item("count", json!({"struct_field": resolved(101)})),
        "7": item("Whip", json!({"struct": {"kind": "unit"}})),
        "8": item("Wheel", plain(false)),
        "9": item("Secretive", plain(true)),
        "10": item("Weight", tuple(json!([5]))),
        "11": item("Opaque", tuple(json!([5, null]))),
    });
    let check = |items: &Value, complete: &[&str]| {
        let document = Document::parse(&document(&[1, 7, 8, 9, 10, 11], items.clone()).to_string()).unwrap();
        let (_, names) = find(&document, &[]);
        compare(&fixed(&document, &names), complete).join("\n")
    };
    insta::assert_snapshot!(check(&items, &["cart::Weight"]), @r"
    cart::Load is an enum, and not #[non_exhaustive]: mark it, or list it in xtask/src/public/growth.rs with why it is complete
    cart::Load::Barrels is a variant with named fields, and not #[non_exhaustive]: mark it, or list it in xtask/src/public/growth.rs with why it is complete
    cart::Load::Logs is a variant with several fields, and not #[non_exhaustive]: mark it, or list it in xtask/src/public/growth.rs with why it is complete
    cart::Wheel is a struct with public fields only, and not #[non_exhaustive]: mark it, or list it in xtask/src/public/growth.rs with why it is complete
    cart::Whip is a struct without fields, and not #[non_exhaustive]: mark it, or list it in xtask/src/public/growth.rs with why it is complete
    ");

    for id in ["1", "4", "7", "8", "12"] {
        items[id]["attrs"] = json!(["non_exhaustive", {"must_use": {"reason": null}}]);
    }
    assert_eq!(check(&items, &["cart::Weight"]), "");
    insta::assert_snapshot!(check(&items, &["cart::Weight", "cart::Wheel", "cart::Sail"]), @r"
    cart::Wheel is marked, or gone: take it out of xtask/src/public/growth.rs
    cart::Sail is marked, or gone: take it out of xtask/src/public/growth.rs
    ");
}

#[test]
fn an_impl_exposes_its_trait_and_types_but_not_what_the_methods_of_the_trait_mention() {
    let mut from = implementation(1, Some(105), &[]);
    from["inner"]["impl"]["trait"]["args"] = json!({"angle_bracketed": {"args": [{"type": resolved(101)}]}});
    let mut blanket = implementation(1, Some(106), &[]);
    blanket["inner"]["impl"]["blanket_impl"] = json!({"generic": "T"});
    let mut synthetic = implementation(1, Some(106), &[]);
    synthetic["inner"]["impl"]["is_synthetic"] = json!(true);
    let mut items = json!({
        "1": item("Wheel", json!({"struct": {"kind": "unit", "impls": [2, 3]}})),
        "2": blanket,
        "3": synthetic,
        "4": from,
    });
    insta::assert_snapshot!(exposed(&[1], items.clone()), @"<cart::Wheel as AsWritten> exposes axle::grease::Oil");

    items["5"] = implementation(1, Some(106), &[6, 7]);
    items["6"] = item("spin", json!({"function": {"sig": {"inputs": [], "output": resolved(101)}}}));
    items["7"] = item("Output", json!({"assoc_type": {"bounds": [], "type": resolved(100)}}));
    insta::assert_snapshot!(exposed(&[1], items), @r"
    <cart::Wheel as spin::Spin>::Output exposes axle::Axle
    <cart::Wheel as AsWritten> exposes axle::grease::Oil
    <cart::Wheel as spin::Spin> exposes spin::Spin
    ");
}

#[test]
fn impls_of_what_cannot_be_named_do_not_count() {
    let mut of_a_reference = implementation(1, Some(106), &[]);
    of_a_reference["inner"]["impl"]["for"] = json!({"borrowed_ref": {"type": resolved(1)}});
    let items = json!({
        "2": of_a_reference,
        "3": implementation(1, None, &[4]),
        "4": item("spin", json!({"function": {"sig": {"inputs": [], "output": resolved(106)}}})),
        "5": implementation(106, Some(999), &[]),
    });
    assert_eq!(exposed(&[], items), "");
}

#[test]
fn a_format_that_is_not_known_is_refused_before_it_is_read() {
    let failure = Document::parse(r#"{"format_version": 58, "root": "another"}"#).map(drop).unwrap_err();
    insta::assert_snapshot!(failure, @"this rustdoc writes JSON of format 58, and xtask reads format 57: use the toolchain of the gate, or adapt xtask/src/public/document.rs");
}

#[test]
fn a_list_is_compared_in_both_directions() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("xtask/public")).unwrap();
    let workspace = Workspace { root: root.path().into(), target: "/target".into(), packages: Vec::new() };
    let list = List::of(&workspace, "cart");
    let exposed: Exposed =
        ["axle::Axle", "spin::Spin"].map(|path| (path.to_owned(), ["cart::Wheel".to_owned()].into())).into();
    assert!(list.differences(&exposed).is_err(), "there is no list yet");

    list.write(&exposed).unwrap();
    assert!(list.differences(&exposed).unwrap().is_empty());
    insta::assert_snapshot!(std::fs::read_to_string(root.path().join(&list.name)).unwrap(), @r"
    # Types and traits of other crates in the public API of cart; write anew: cargo xtask public --update
    axle::Axle
    spin::Spin
    ");
    insta::assert_snapshot!(list.compare("# Old\naxle::Axle\nbolt::Bolt\n", &exposed).join("\n"), @r"
    cart::Wheel exposes spin::Spin
    spin::Spin is not in xtask/public/cart.txt: keep it out of the API, or add it to the list
    cart does not expose bolt::Bolt any more: take it out of xtask/public/cart.txt
    ");
    insta::assert_snapshot!(
        list.compare("spin::Spin\naxle::Axle\n", &exposed).join("\n"),
        @"xtask/public/cart.txt is not as `cargo xtask public --update` writes it"
    );
}
