use super::crates::{Budget, Features, Forbidden, broken_arrows};
use super::tree::Tree;

/// A made-up graph: two ways to `wheel`, two versions of `bolt`.
const TREE: &str = "\
0 cart v0.1.0 (/somewhere/cart)
1 axle v1.2.0
2 bolt v1.0.0
2 wheel-hub v3.0.1
3 wheel v0.9.0 (proc-macro)
4 bolt v2.0.0
1 wheel v0.9.0 (proc-macro) (*)
";

fn tree() -> Tree {
    Tree::parse(TREE).unwrap()
}

#[test]
fn a_package_counts_once_per_version() {
    assert_eq!(tree().len(), 6);
}

#[test]
fn a_path_leads_from_the_root_through_each_package_between() {
    let tree = tree();
    assert_eq!(tree.path_to("bolt").unwrap(), ["cart", "axle", "bolt"]);
    assert_eq!(tree.path_to("wheel").unwrap(), ["cart", "axle", "wheel-hub", "wheel"]);
    assert_eq!(tree.path_to("cart").unwrap(), ["cart"]);
}

#[test]
fn a_name_matches_whole_and_a_star_matches_the_rest() {
    let tree = tree();
    assert_eq!(tree.path_to("wheel-"), None);
    assert_eq!(tree.path_to("axl"), None);
    assert!(tree.path_to("wheel-*").is_some());
    assert!(tree.path_to("bolt*").is_some(), "a star also matches nothing");
    assert_eq!(tree.path_to("bolts*"), None);
}

#[test]
fn output_of_another_form_is_an_error_and_not_an_empty_graph() {
    for text in ["", "cart v0.1.0", "[build-dependencies]", "1", "1 cart"] {
        assert!(Tree::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn what_is_forbidden_is_told_with_the_way_it_came_in() {
    let rule =
        Forbidden { package: "cart", features: Features::Default, names: &["engine", "wheel", "bolt*"] };
    insta::assert_snapshot!(rule.broken(&tree()).join("\n"), @r"
    cart (default features) must not pull in wheel: cart -> axle -> wheel-hub -> wheel
    cart (default features) must not pull in bolt*: cart -> axle -> bolt
    ");
}

#[test]
fn a_budget_is_kept_to_the_last_crate() {
    assert_eq!(Budget { package: "cart", most: 6 }.broken(&tree()), None);
    insta::assert_snapshot!(
        Budget { package: "cart", most: 5 }.broken(&tree()).unwrap(),
        @"cart pulls in 6 crates, itself included; at most 5 are allowed"
    );
}

#[test]
fn arrows_point_one_way() {
    let broken = |package, uses: &[&'static str]| broken_arrows(package, uses.iter().copied());
    assert!(broken("edgequake-client", &["edgequake-types", "edgequake-auth"]).is_empty());
    assert!(broken("edgequake-devserver", &["edgequake-types"]).is_empty());
    insta::assert_snapshot!(
        broken("edgequake-auth", &["edgequake-types", "edgequake-client", "xtask"]).join("\n"),
        @r"
    edgequake-auth must not depend on edgequake-client
    edgequake-auth must not depend on xtask
    "
    );
    assert_eq!(
        broken("edgequake-types", &["edgequake-auth"]),
        ["edgequake-types must not depend on edgequake-auth"]
    );
}

#[test]
fn a_new_crate_has_to_find_its_place() {
    insta::assert_snapshot!(
        broken_arrows("edgequake-new", ["edgequake-types"].into_iter()).join("\n"),
        @"edgequake-new has no row in the table of arrows; say there what it may use"
    );
}
