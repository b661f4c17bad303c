//! Forms that are rare: some can be followed, those that cannot are refused, and some only look like a use.

use super::{ROOT, found, verdict};

/// What a crate of [`ROOT`] with this in `base.rs` is refused for.
fn refused(base: &str) -> Vec<String> {
    verdict(&[("lib.rs", ROOT), ("base.rs", base), ("call.rs", "")]).broken
}

/// The verdict on a root and a `base.rs`, with empty `call.rs` and `model.rs`.
fn with_root(root: &str, base: &str) -> Vec<String> {
    verdict(&[("lib.rs", root), ("base.rs", base), ("call.rs", "pub struct Call;"), ("model.rs", "")]).broken
}

const USES_CALL: &str = "cart: base (base.rs:1) uses call, which is named after it: move the shared part down, or take it as an argument";

#[test]
fn what_hides_code_is_refused() {
    insta::assert_snapshot!(refused("include!(\"other.in\");").join("\n"), @"cart: base.rs:1 includes code: make it a module");
    let module = "a module where this check does not look for one";
    for base in [
        "fn f() { mod deep { use super::super::call; } }",
        "const _: () = { mod deep { use super::super::call; } };",
        "cfg_select! { unix => { mod deep; } }",
        "declare! { mod deep { use super::super::call; } }",
        "macro_rules! m { ($name:ident) => { mod $name { use super::super::call; } } }",
    ] {
        let refused = refused(base);
        assert!(refused.iter().any(|line| line.contains(module)), "{base}: {refused:?}");
    }
}

#[test]
fn a_crate_that_is_handed_over_is_refused() {
    for base in ["via!(crate);", "via!(super);", "extern crate self as me;", "fn f() { via!(a, crate, b) }"] {
        let refused = refused(base);
        assert!(refused.iter().any(|line| line.contains("hands over")), "{base}: {refused:?}");
    }
    for base in ["#[model(crate = other::types)]\nstruct S;", "pub(super) struct S(pub(crate) u8);"] {
        assert_eq!(refused(base), [""; 0], "{base}");
    }
}

#[test]
fn a_relative_path_in_a_macro_is_refused() {
    for base in ["super::super::call", "self::call", "super::call"] {
        let base = format!("macro_rules! m {{ () => {{ {base}::f() }} }}");
        let refused = refused(&base);
        assert!(refused.iter().any(|line| line.contains("begin it with `$crate`")), "{base}: {refused:?}");
    }
    assert_eq!(refused("macro_rules! m { ($self:ident) => { self.f($self) } }"), [""; 0]);
}

#[test]
fn the_root_hides_nothing() {
    let root = |item: &str| format!("mod base;\nmod call;\n{item}");
    for item in [
        "cfg_select! { unix => { mod deep; } }",
        "include!(\"other.in\");",
        "const _: () = { mod deep {} };",
        "#[doc(hidden)]\nmod __private { pub mod deep { pub use crate::call::Call; } }",
    ] {
        let broken = with_root(&root(item), "");
        assert_eq!(broken.len(), 1, "{item}: {broken:?}");
        assert!(broken[0].starts_with("cart: the root "), "{broken:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lib.rs");
    std::fs::write(&file, "#[cfg_attr(unix, path = \"a.rs\")]\nmod base;").unwrap();
    let failure = super::Crate::read("cart", &file).err().unwrap().to_string();
    assert!(
        failure.ends_with("lib.rs: `mod base` may not have `cfg_attr`, which hides its file"),
        "{failure}"
    );
}

#[test]
fn other_names_for_the_crate_are_followed() {
    assert_eq!(found("use super as up;\nuse up::call::Call;"), ["1 the root"]);
    assert_eq!(found("use super::{self as up};"), ["1 the root"]);
    let me = "extern crate self as cart;\nmod base;\nmod call;\n";
    assert_eq!(
        with_root(&format!("{me}pub use cart::call::Call as Quick;"), "use crate::Quick;"),
        [USES_CALL]
    );
    let renamed = "mod base;\nmod call;\npub(crate) use crate as me;";
    assert_eq!(with_root(renamed, "use crate::me::call::Call;"), [USES_CALL]);
    assert_eq!(with_root(renamed, "use crate::me::base::Base;"), [""; 0]);
}

#[test]
fn attributes_under_conditions_count() {
    let root = "mod base;\nmod call;\n#[doc(hidden)]\npub mod __private { pub use crate::call::Call; }";
    assert_eq!(with_root(root, "#[cfg_attr(all(), model)] struct S;"), [USES_CALL]);
    assert_eq!(with_root(root, "#[cfg_attr(unix, other, operation(GET \"/\"))] struct S;"), [USES_CALL]);
    let bound =
        "#[serde(bound(serialize = \"T: A\", deserialize = \"T: crate::call::Call\"))] struct S<T>(T);";
    assert_eq!(found(bound), ["1 call"]);
}

#[test]
fn what_only_looks_like_a_use_does_not_count() {
    for base in [
        "pub(in super::super) struct S;",
        "pub(in crate::call) struct S;",
        "struct S { #[serde(rename = \"crate::call\", alias = \"crate::call\")] a: u8 }",
        "struct S { #[serde(rename(serialize = \"crate::call\"))] a: u8 }",
        "declare! { #[cfg(test)] mod tests { use super::super::call; } struct S; }",
        "declare! { struct S { #[cfg(test)] a: crate::call::Call, b: u8 } }",
        "declare! { #[cfg(test)] fn f<A, B>(a: A, b: B) { crate::call::f(); } }",
        "mod t { #![cfg(test)] use crate::call::Call; }",
        "fn f() { quote!(super::Call; crate::call::f()); }",
        "use crate::{{base::Base}};",
    ] {
        assert_eq!(refused(base), [""; 0], "{base}");
    }
    assert_eq!(found("use crate::{{call::Call}};"), ["1 call"]);
    assert_eq!(found("declare! { #[cfg(test)] a: crate::Own, b: crate::Call }"), ["1 call"]);
}

#[test]
fn globs_of_the_root_lead_to_what_defines_the_name() {
    let root = "mod model;\nmod base;\nmod call;\npub use call::*;\npub use model::*;\npub use http::*;";
    let files = |base| {
        [("lib.rs", root), ("base.rs", base), ("call.rs", "pub struct Call;"), ("model.rs", "pub enum E {}")]
    };
    assert_eq!(verdict(&files("use crate::E;")).broken, [""; 0]);
    assert_eq!(verdict(&files("use crate::Call;")).broken, [USES_CALL]);
    let outside = "mod base;\npub use http::*;";
    assert_eq!(with_root(outside, "use crate::StatusCode;"), [""; 0]);
}
