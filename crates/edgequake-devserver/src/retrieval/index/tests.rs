use std::collections::HashSet;

use edgequake_types::query::QueryMode;

use super::super::chunk::chunks;
use super::super::search::{Arms, Request, search};
use super::*;

fn prepared(text: &str) -> PreparedChunks {
    PreparedChunks::new(chunks(text, || false).unwrap(), || false).unwrap()
}

fn index(texts: &[(&str, &str)]) -> (Index, HashSet<DocumentId>) {
    let mut index = Index::default();
    for (id, text) in texts {
        index.insert(&DocumentId::new(*id), prepared(text));
    }
    (index, texts.iter().map(|(id, _)| DocumentId::new(*id)).collect())
}

fn found(index: &Index, query: &str, among: &HashSet<DocumentId>) -> Vec<String> {
    let request = Request { query, limit: 5, arms: Arms::of(&QueryMode::Naive) };
    search(index, request, |document| among.contains(document))
        .hits
        .iter()
        .map(|hit| format!("{}-chunk-{}", hit.document_id, hit.number))
        .collect()
}

const TEXTS: [(&str, &str); 3] = [
    ("cats", "# Cats\nCats sleep all day.\n\n# Food\nThey eat fish, and they love fishing."),
    ("bridges", "The bridge opened in 1931. It spans the river."),
    ("rivers", "A river carries fish."),
];

#[test]
fn the_best_chunk_comes_first_whatever_the_ending_of_its_words() {
    let (index, all) = index(&TEXTS);
    assert_eq!(found(&index, "Which fishes do cats eat?", &all)[0], "cats-chunk-1");
    assert_eq!(found(&index, "when did the BRIDGES open", &all), ["bridges-chunk-0"]);
    assert_eq!(found(&index, "river", &all).len(), 2);
    for nothing in ["", "what is the", "volcano", "\0"] {
        assert!(found(&index, nothing, &all).is_empty(), "{nothing:?}");
    }
}

#[test]
fn only_the_wanted_documents_are_searched() {
    let (index, _) = index(&TEXTS);
    let rivers = HashSet::from([DocumentId::new("rivers")]);
    assert_eq!(found(&index, "fish", &rivers), ["rivers-chunk-0"]);
}

#[test]
fn a_document_is_replaced_and_removed() {
    let (mut index, all) = index(&TEXTS);
    index.insert(&DocumentId::new("rivers"), prepared("A canal."));
    assert_eq!(found(&index, "river", &all), ["bridges-chunk-0"]);
    assert_eq!(found(&index, "canal", &all), ["rivers-chunk-0"]);
    assert_eq!(index.remove(&DocumentId::new("cats")).chunks, 2);
    assert_eq!(index.remove(&DocumentId::new("cats")), Removed::default());
    assert!(found(&index, "cats sleep", &all).is_empty());
}

#[test]
fn equal_chunks_keep_their_order() {
    let (index, all) = index(&[("b", "same words"), ("a", "same words"), ("c", "same words")]);
    assert_eq!(found(&index, "same words", &all), ["b-chunk-0", "a-chunk-0", "c-chunk-0"]);
}

#[test]
fn nothing_is_left_of_what_was_removed() {
    let (mut index, _) = index(&TEXTS);
    index.insert(&DocumentId::new("cats"), prepared("He met Ada Berg in Elba."));
    assert_eq!(index.graph_size(), GraphSize { entities: 2, relationships: 1 });
    for (id, _) in TEXTS {
        index.remove(&DocumentId::new(id));
    }
    for number in 0..500 {
        let id = DocumentId::new(format!("d{number}"));
        index.insert(&id, prepared(&format!("word{number} common")));
        index.remove(&DocumentId::new(format!("d{}", number - 5)));
    }
    assert_eq!((index.chunks.len(), index.documents.len()), (5, 5));
    assert_eq!(index.graph_size(), GraphSize::default());
    assert_eq!(index.postings.len(), 6);
    assert!(index.postings.capacity() < 200 && index.chunks.capacity() < 200);
    let lengths = index.postings.values().map(Postings::len);
    assert_eq!(lengths.max(), Some(5));
}

#[test]
fn words_that_differ_in_a_few_characters_are_different() {
    let words = (0..200).flat_map(|client| (0..200).map(move |number| format!("c{client}n{number}x")));
    let numbers: std::collections::BTreeSet<u64> = words.map(|word| WordNumber::embed(&word)).collect();
    assert_eq!(numbers.len(), 40_000);
}
