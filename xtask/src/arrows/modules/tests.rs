use super::graph;
use super::rules::{EXCEPTIONS, Exception, Verdict, judge, unneeded};
use super::tree::Crate;

mod odd;

/// The root of most crates here: `base` is below, `call` is above.
const ROOT: &str = "mod base;\nmod call;\npub use call::Call;\npub struct Own;\n";

/// A crate of these files, which are in `src/`.
fn read(files: &[(&str, &str)]) -> Crate {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    Crate::read("cart", &folder.path().join(files[0].0)).unwrap()
}

fn verdict(files: &[(&str, &str)]) -> Verdict {
    judge(&read(files), EXCEPTIONS)
}

/// What is against the order in a crate of [`ROOT`] with this in `base.rs`: line and what is used.
fn found(base: &str) -> Vec<String> {
    let broken = verdict(&[("lib.rs", ROOT), ("base.rs", base), ("call.rs", "pub struct Call;")]).broken;
    let short = |line: String| {
        let line = line.strip_prefix("cart: base (base.rs:").unwrap();
        let (number, rest) = line.split_once(") uses ").unwrap();
        format!("{number} {}", rest.split_once(',').unwrap().0)
    };
    broken.into_iter().map(short).collect()
}

#[test]
fn what_is_against_the_order_is_told_with_its_place_and_the_way_out() {
    let files = [
        ("lib.rs", ROOT),
        ("base.rs", "mod deep;"),
        ("base/deep.rs", "//! Docs.\n\nuse crate::call::Call;\nfn own() -> crate::Own {}\n"),
        ("call.rs", "pub struct Call;"),
    ];
    let verdict = verdict(&files);
    insta::assert_snapshot!(verdict.report, @"cart                          2 modules, 2 against the order");
    insta::assert_snapshot!(verdict.broken.join("\n"), @r"
    cart: base (base/deep.rs:3) uses call, which is named after it: move the shared part down, or take it as an argument
    cart: base (base/deep.rs:4) uses the root, which is above all modules: move the shared part into a module
    ");
}

#[test]
fn what_is_below_and_what_is_in_the_same_module_may_be_used() {
    let files = [
        ("lib.rs", "mod base;\nmod call;\npub use base::Base;\nuse std::fmt;\npub use other as shown;"),
        ("base.rs", "mod a;\nmod b;\npub struct Base;"),
        (
            "base/a.rs",
            "use super::b;\nuse crate::base::b::B;\nuse crate::shown::Thing;\nuse crate::fmt::Debug;",
        ),
        ("base/b.rs", "pub struct B(super::Base, self::c::C);\nmod c { use super::super::a; }"),
        ("call/mod.rs", "use crate::{base::{self, b}, Base};\nuse super::Base as Other;\nmod c;"),
        ("call/c.rs", "use super::super::base::*;"),
    ];
    let verdict = verdict(&files);
    assert_eq!(verdict.broken, [""; 0]);
    insta::assert_snapshot!(verdict.report, @"cart                          2 modules, order holds");
}

#[test]
fn plain_paths_count_wherever_they_stand() {
    assert_eq!(found("\nuse crate::call::Call;"), ["2 call"]);
    assert_eq!(found("fn f(\n    call: &crate::call::Call,\n) {}"), ["2 call"]);
    assert_eq!(found("fn f<T>()\nwhere\n    T: Into<crate::call::Call>,\n{}"), ["3 call"]);
    assert_eq!(found("fn f() {\n    if let 1 = crate::call::new::<u8>() {}\n}"), ["2 call"]);
    assert_eq!(found("struct S;\nimpl crate::call::T for S {}"), ["2 call"]);
    assert_eq!(found("#[crate::call::attribute]\nstruct S;"), ["1 call"]);
}

#[test]
fn globs_count() {
    assert_eq!(found("\nuse crate::call::*;"), ["2 call"]);
    assert_eq!(found("\nuse crate::*;"), ["2 the root"]);
    assert_eq!(found("\nuse super::*;"), ["2 the root"]);
    assert_eq!(found("mod tests {\n    use super::super::*;\n    use super::*;\n}"), ["2 the root"]);
}

#[test]
fn what_the_root_shows_counts_as_its_module() {
    assert_eq!(found("\nuse crate::Call;"), ["2 call"]);
    assert_eq!(found("\nfn f() -> crate::Call {}"), ["2 call"]);
    assert_eq!(found("\nuse super::Call;"), ["2 call"]);
    assert_eq!(found("use crate::{\n    Own,\n    Call,\n};"), ["3 call", "2 the root"]);
    assert_eq!(found("use crate as root;\nuse crate::{self as other};"), ["1 the root", "2 the root"]);
}

#[test]
fn groups_and_other_names_count() {
    assert_eq!(found("use crate::{\n    base,\n    call as other,\n};"), ["3 call"]);
    assert_eq!(found("use crate::{\n    call::{\n        self, Call as Other},\n    base,\n};"), ["2 call"]);
    assert_eq!(found("use {\n    std::fmt,\n    super::call as other,\n};"), ["3 call"]);
}

#[test]
fn a_child_that_uses_its_uncle_counts() {
    assert_eq!(found("mod deep {\n    use super::super::call;\n}"), ["2 call"]);
    assert_eq!(found("mod deep {\n    use self::super::super::{\n        call::Call};\n}"), ["3 call"]);
    assert_eq!(found("mod deep {\n    fn f() -> super::super::Call {}\n}"), ["2 call"]);
}

#[test]
fn texts_of_serde_count() {
    for key in ["with", "deserialize_with", "serialize_with", "default", "bound", "skip_serializing_if"] {
        let base =
            format!("struct S {{\n    #[serde(rename = \"a\", {key} = \"crate::call::f\")]\n    a: u8,\n}}");
        assert_eq!(found(&base), ["2 call"], "{key}");
    }
    let base = "#[cfg_attr(unix, serde(bound = \"T: Into<super::Call>\"))]\nstruct S<T>(T);";
    assert_eq!(found(base), ["1 call"]);
    assert_eq!(found("/// Like `crate::call`.\n#[other(text = \"crate::call\")]\nstruct S;"), [""; 0]);
}

#[test]
fn attributes_of_the_workspace_count() {
    for field in ["read = crate::call::f", "default = super::call::f", "alias = \"a\", read = crate::Call::f"]
    {
        let base = format!("#[model]\nstruct S {{\n    #[field({field})]\n    a: u8,\n}}");
        assert_eq!(found(&base), ["3 call"], "{field}");
    }
    assert_eq!(found("#[model(from = crate::call::Wire)]\nstruct S;"), ["1 call"]);
    assert_eq!(found("#[model(\n    also(crate::Call.field))]\nstruct S;"), ["2 call"]);
}

#[test]
fn bodies_of_macros_count() {
    let base = "macro_rules! call {\n    ($name:ident) => {\n        $crate::call::$name()\n    };\n}";
    assert_eq!(found(base), ["3 call"]);
    assert_eq!(found(&base.replace("$crate", "crate")), ["3 call"]);
    assert_eq!(found(&base.replace("call::$name()", "Call")), ["3 call"]);
}

#[test]
fn what_is_passed_to_a_macro_counts() {
    assert_eq!(found("fn f() {\n    println!(\n        \"{}\", crate::call::NUMBER);\n}"), ["3 call"]);
    assert_eq!(found("declare! {\n    struct S { a: super::Call }\n}"), ["2 call"]);
    assert_eq!(found("declare! {\n    use crate::{base,\n        call as other};\n}"), ["3 call"]);
}

#[test]
fn a_macro_counts_as_its_module() {
    let above = |root: &str, call: &str| {
        let base = "fn f() {\n    twice!();\n}\nfn g() {\n    crate::twice!();\n}";
        verdict(&[("lib.rs", root), ("base.rs", base), ("call.rs", call)]).broken
    };
    let exported = above("mod base;\nmod call;", "#[macro_export]\nmacro_rules! twice { () => {} }");
    insta::assert_snapshot!(exported.join("\n"), @"cart: base (base.rs:5) uses call, which is named after it: move the shared part down, or take it as an argument");
    let root = above("macro_rules! twice { () => {} }\nmod base;\nmod call;\npub(crate) use twice;", "");
    insta::assert_snapshot!(root.join("\n"), @r"
    cart: base (base.rs:2) uses the root, which is above all modules: move the shared part into a module
    cart: base (base.rs:5) uses the root, which is above all modules: move the shared part into a module
    ");
    let textual = above("#[macro_use]\nmod call;\nmod base;", "macro_rules! twice { () => {} }");
    assert_eq!(textual, [""; 0]);
    assert_eq!(found("use crate::call::twice;\nfn f() {\n    twice!();\n}"), ["1 call"]);
}

#[test]
fn a_crate_may_call_itself_by_a_name() {
    let root = "extern crate self as cart;\nmod base;\nmod call;\npub use call::Call;";
    let base = "use cart::call::Call;\nfn f() -> ::cart::Call {}\nuse other::cart::call;";
    let broken = verdict(&[("lib.rs", root), ("base.rs", base), ("call.rs", "")]).broken;
    insta::assert_snapshot!(broken.join("\n"), @r"
    cart: base (base.rs:1) uses call, which is named after it: move the shared part down, or take it as an argument
    cart: base (base.rs:2) uses call, which is named after it: move the shared part down, or take it as an argument
    ");
}

#[test]
fn hidden_names_lead_further() {
    let root = "mod low;\nmod base;\nmod call;\n
        #[doc(hidden)]\npub mod __private {\n    pub use crate::low::*;\n    pub use crate::call::Call;\n}";
    let base = "use crate::__private::Low;\nuse crate::__private::Call;";
    let broken = verdict(&[("lib.rs", root), ("low.rs", ""), ("base.rs", base), ("call.rs", "")]).broken;
    insta::assert_snapshot!(broken.join("\n"), @"cart: base (base.rs:2) uses call, which is named after it: move the shared part down, or take it as an argument");
    let base = "#[model]\nstruct S;\n#[operation(GET \"/\")]\nstruct O;\n#[other]\nstruct P;";
    let broken = verdict(&[("lib.rs", root), ("low.rs", ""), ("base.rs", base), ("call.rs", "")]).broken;
    insta::assert_snapshot!(broken.join("\n"), @r"
    cart: base (base.rs:1) uses call, which is named after it: move the shared part down, or take it as an argument
    cart: base (base.rs:3) uses call, which is named after it: move the shared part down, or take it as an argument
    ");
}

#[test]
fn tests_do_not_count() {
    for code in [
        "#[cfg(test)]\nmod tests { use crate::call::Call; }",
        "#[cfg(all(unix, test))]\nuse crate::{call, Own};",
        "#[cfg(test)]\nmod tests;",
        "#[test]\nfn f() { crate::call::f(); }",
        "#![cfg(test)]\nuse crate::call::*;",
        "struct S;\nimpl S {\n    #[cfg(test)]\n    fn f() { println!(\"{}\", crate::Call); }\n}",
        "struct S {\n    #[cfg(test)]\n    #[field(read = crate::call::f)]\n    a: u8,\n    b: u8,\n}",
        "enum E {\n    #[cfg(test)]\n    A(crate::Call),\n}",
        "fn f() {\n    #[cfg(test)]\n    let a = crate::call::f();\n    #[cfg(test)]\n    crate::call::f();\n}",
        "#[cfg(test)]\nmacro_rules! m { () => { $crate::call::f() } }",
        "#[cfg_attr(test, serde(with = \"crate::call\"))]\nstruct S;",
    ] {
        assert_eq!(found(code), [""; 0], "{code}");
    }
    for code in [
        "#[cfg(not(test))]\nuse crate::call::Call;",
        "#[cfg(any(test, unix))]\nuse crate::call::Call;",
        "#[cfg_attr(unix, crate::call::attribute)]\nstruct S;",
    ] {
        assert_eq!(found(code).len(), 1, "{code}");
    }
}

#[test]
fn docs_do_not_count() {
    for code in [
        "//! See [`Call`](crate::call::Call) and [`crate::call`].",
        "/// ```\n/// use crate::call::Call;\n/// ```\nstruct S;",
        "/** crate::call::Call */\nstruct S;",
        "#[doc = \"crate::call::Call\"]\n#[doc = concat!(crate::call::TEXT)]\nstruct S;",
        "// crate::call::Call\nconst A: &str = \"crate::call::Call\";",
        "declare! {\n    /// [`crate::call::Call`]\n    struct S;\n}",
        "pub(crate) struct S;\npub(in crate::base) struct T;",
    ] {
        assert_eq!(found(code), [""; 0], "{code}");
    }
}

#[test]
fn files_are_found_where_the_compiler_finds_them() {
    let files = [
        (
            "main.rs",
            "mod base;\nmod inside { mod deep; }\n#[path = \"elsewhere/x.rs\"]\nmod other;\nmod call;",
        ),
        ("base/mod.rs", "mod near;\n#[path = \"by.rs\"]\nmod far;"),
        ("base/near.rs", "use crate::call;"),
        ("base/by.rs", "use crate::call;"),
        ("inside/deep.rs", "use crate::call;"),
        ("elsewhere/x.rs", "mod y;"),
        ("elsewhere/y.rs", "use crate::call;"),
        ("call.rs", ""),
    ];
    let places = verdict(&files).broken.into_iter().map(|line| line.split(':').nth(1).unwrap().to_owned());
    let places: Vec<_> = places.collect();
    assert_eq!(
        places,
        [" base (base/by.rs", " base (base/near.rs", " inside (inside/deep.rs", " other (elsewhere/y.rs"]
    );
}

#[test]
fn a_module_without_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lib.rs");
    std::fs::write(&root, "mod absent;").unwrap();
    let failure = Crate::read("cart", &root).err().unwrap().to_string();
    assert!(failure.ends_with("lib.rs: no file for `mod absent`"), "{failure}");
}

#[test]
fn an_exception_is_printed_with_its_reason_and_must_be_needed() {
    let krate = read(&[("lib.rs", ROOT), ("base.rs", "use crate::call;\nuse crate::Call;"), ("call.rs", "")]);
    let needed = Exception { krate: "cart", from: "base", to: "call", reason: "both are one thing" };
    let table = [needed, Exception { to: "the root", ..needed }, Exception { krate: "sled", ..needed }];
    let verdict = judge(&krate, &table);
    assert_eq!(verdict.broken, [""; 0]);
    insta::assert_snapshot!(verdict.report, @r"
    cart                          2 modules, order holds
    cart                          base may use call: both are one thing
    ");
    insta::assert_snapshot!(unneeded(&table, &verdict.needed).join("\n"), @r"
    cart: base does not use the root any more: take the exception out of the table
    sled: base does not use call any more: take the exception out of the table
    ");
}

#[test]
fn the_graph_tells_what_each_module_uses_and_a_better_order() {
    let files = [
        ("lib.rs", "mod wheel;\nmod cart;\nmod axle;\nmod hub;\nmod bolt;"),
        ("wheel.rs", "use crate::hub;\nuse crate::bolt;\nfn f() { crate::hub::f() }"),
        ("cart.rs", "use crate::{axle, wheel};"),
        ("axle.rs", "use crate::bolt;"),
        ("hub.rs", "use crate::wheel;"),
        ("bolt.rs", ""),
    ];
    insta::assert_snapshot!(graph::text(&read(&files)), @r"
    cart, from the ground up:
      wheel            -; against the order: hub 2, bolt 1
      cart             wheel 1; against the order: axle 1
      axle             -; against the order: bolt 1
      hub              wheel 1
      bolt             -
    By need, with circles in brackets: bolt, [wheel, hub], axle, cart
    ");
}
