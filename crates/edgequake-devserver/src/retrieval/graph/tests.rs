use proptest::prelude::*;

use super::*;

fn facts(names: &[&str]) -> Facts {
    let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let pairs = names.iter().flat_map(|one| {
        let after = names.iter().filter(move |other| one < *other);
        after.map(move |other| (one.clone(), other.clone()))
    });
    Facts { pairs: pairs.collect(), names: names.clone() }
}

#[test]
fn entities_and_relationships_are_ranked_by_what_is_asked() {
    let mut graph = Graph::default();
    graph.insert(1, &facts(&["ADA_BERG", "HARBOUR_BRIDGE"]));
    graph.insert(2, &facts(&["HARBOUR_BRIDGE", "TOM_MARSH"]));
    graph.insert(3, &facts(&["OLD_BRIDGE"]));
    let matched = graph.matching(&words("Who opened the harbour bridges?"));
    let names: Vec<(&str, usize)> = matched.iter().map(|entity| (&**entity.name, entity.degree)).collect();
    assert_eq!(names, [("HARBOUR_BRIDGE", 2), ("OLD_BRIDGE", 0)]);
    let related = graph.relating(&graph.matching(&words("Did Ada Berg open the harbour bridge?")));
    let pairs: Vec<(&str, &str)> = related.iter().map(|related| (&**related.from, &**related.to)).collect();
    assert_eq!(pairs, [("ADA_BERG", "HARBOUR_BRIDGE"), ("HARBOUR_BRIDGE", "TOM_MARSH")]);
    assert!(graph.matching(&words("volcano")).is_empty());
}

proptest! {
    /// A graph is that of the chunks that are there, in whatever order they came and went.
    #[test]
    fn nothing_is_left_of_what_was_removed(steps in prop::collection::vec((0..8_u64, prop::collection::btree_set(0..6_usize, 0..4)), 0..40)) {
        const NAMES: [&str; 6] = ["ADA", "ADA_BERG", "BERG", "ELBA", "ELBA_BRIDGE", "ROME"];
        let mut graph = Graph::default();
        let mut there: BTreeMap<u64, Facts> = BTreeMap::new();
        for (chunk, names) in steps {
            if let Some(old) = there.remove(&chunk) {
                graph.remove(chunk, &old);
            } else {
                let new = facts(&names.into_iter().map(|name| NAMES[name]).collect::<Vec<_>>());
                graph.insert(chunk, &new);
                there.insert(chunk, new);
            }
            let names: BTreeSet<&String> = there.values().flat_map(|facts| &facts.names).collect();
            let pairs: BTreeSet<_> = there.values().flat_map(|facts| &facts.pairs).collect();
            let size = GraphSize { entities: names.len() as u64, relationships: pairs.len() as u64 };
            prop_assert_eq!(graph.size(), size);
            let degrees: usize = graph.entities.values().map(|entity| entity.neighbours.len()).sum();
            prop_assert_eq!(degrees, 2 * pairs.len());
        }
        for (chunk, facts) in there {
            graph.remove(chunk, &facts);
        }
        prop_assert!(graph.entities.is_empty() && graph.relationships.is_empty() && graph.by_word.is_empty());
    }
}
