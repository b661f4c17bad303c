use proptest::prelude::*;

use super::super::chunk::chunks;
use super::*;

fn found(text: &str) -> (Vec<String>, Vec<String>) {
    let facts = facts(&chunks(text, || false).unwrap(), || false).unwrap();
    let names: BTreeSet<String> = facts.iter().flat_map(|facts| facts.names.clone()).collect();
    let pairs: BTreeSet<Pair> = facts.into_iter().flat_map(|facts| facts.pairs).collect();
    (names.into_iter().collect(), pairs.into_iter().map(|(one, other)| format!("{one}->{other}")).collect())
}

#[test]
fn names_are_told_by_their_capitals() {
    for (text, names) in [
        ("The Harbour Bridge was opened by Ada Berg.", vec!["ADA_BERG", "HARBOUR_BRIDGE"]),
        (
            "Trams run on Line 2 to St. Anne, past Bank of England.",
            vec!["ANNE", "BANK_OF_ENGLAND", "LINE_2", "ST"],
        ),
        // The first word of a sentence has a capital in any case.
        ("Trams are late.", vec![]),
        ("Berlin has trams. They like Berlin.", vec!["BERLIN"]),
        ("NATO has members.", vec!["NATO"]),
        ("It is Ada's Bridge, not mine.", vec!["ADA", "BRIDGE"]),
        ("I think so, and He does.", vec![]),
        ("# Ada Berg\n\n```\nby Ada Berg\n```\n", vec![]),
        ("\u{6865}\u{5f00}\u{653e}\u{4e86}\u{3002}", vec![]),
        ("in \u{c9}cole Polytechnique", vec!["\u{c9}COLE_POLYTECHNIQUE"]),
    ] {
        assert_eq!(found(text).0, names, "{text}");
    }
}

#[test]
fn names_in_one_sentence_belong_together() {
    let (_, pairs) = found("The tower of Elba was built by Ada Berg. Later Ada Berg met Tom Marsh.");
    assert_eq!(pairs, ["ADA_BERG->ELBA", "ADA_BERG->TOM_MARSH"]);
}

#[test]
fn a_sentence_is_found_by_its_names() {
    let text = "# Towers\n\nIt is old. The **tower** of Elba was built\nby Ada Berg. It fell.";
    let expected = Some("The tower of Elba was built by Ada Berg.".to_owned());
    assert_eq!(sentence_with(text, &["ADA_BERG", "ELBA"]), expected);
    assert_eq!(sentence_with(text, &["ADA_BERG", "ROME"]), None);
}

proptest! {
    /// Whatever the text, there is not too much of it, and pairs are made of names, in order.
    #[test]
    fn facts_are_bounded_and_consistent(text in "([A-Z]?[a-z\u{e9}]{0,6}[ .'\n]{1,2}|of |[0-9]{1,3} |# |[A-Z]{2,4} ){0,120}") {
        let chunks = chunks(&text, || false).unwrap();
        let facts = facts(&chunks, || false).unwrap();
        prop_assert_eq!(facts.len(), chunks.len());
        for facts in facts {
            prop_assert!(facts.names.len() <= MAX_IN_CHUNK);
            for (one, other) in &facts.pairs {
                prop_assert!(one < other && facts.names.contains(one) && facts.names.contains(other));
            }
            for name in &facts.names {
                prop_assert!(!name.is_empty() && name.len() <= MAX_LENGTH && !name.contains(char::is_whitespace));
                prop_assert_eq!(name, &name.to_uppercase());
            }
        }
    }
}
