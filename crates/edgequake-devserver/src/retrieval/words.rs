//! The words of a text, in the form in which they are compared: lower case, without their endings, and without the words
//! that every English text has.

use std::collections::BTreeSet;

use bm25::Tokenizer;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

/// Words that say nothing about a subject, sorted. Those with an apostrophe are compared by what precedes it.
const STOP_WORDS: [&str; 145] = [
    "a",
    "about",
    "above",
    "after",
    "again",
    "against",
    "ain",
    "all",
    "am",
    "an",
    "and",
    "any",
    "are",
    "aren",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "below",
    "between",
    "both",
    "but",
    "by",
    "can",
    "couldn",
    "did",
    "didn",
    "do",
    "does",
    "doesn",
    "doing",
    "don",
    "down",
    "during",
    "each",
    "few",
    "for",
    "from",
    "further",
    "had",
    "hadn",
    "has",
    "hasn",
    "have",
    "haven",
    "having",
    "he",
    "her",
    "here",
    "hers",
    "herself",
    "him",
    "himself",
    "his",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "isn",
    "it",
    "its",
    "itself",
    "just",
    "ma",
    "me",
    "mightn",
    "more",
    "most",
    "mustn",
    "my",
    "myself",
    "needn",
    "no",
    "nor",
    "not",
    "now",
    "of",
    "off",
    "on",
    "once",
    "only",
    "or",
    "other",
    "our",
    "ours",
    "ourselves",
    "out",
    "over",
    "own",
    "same",
    "shan",
    "she",
    "should",
    "shouldn",
    "so",
    "some",
    "such",
    "than",
    "that",
    "the",
    "their",
    "theirs",
    "them",
    "themselves",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "through",
    "to",
    "too",
    "under",
    "until",
    "up",
    "very",
    "was",
    "wasn",
    "we",
    "were",
    "weren",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "whom",
    "why",
    "will",
    "with",
    "won",
    "would",
    "wouldn",
    "you",
    "your",
    "yours",
    "yourself",
    "yourselves",
];

/// Whether a word in lower case says nothing about a subject.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Splits texts into the words to compare.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Words;

impl Tokenizer for Words {
    fn tokenize(&self, text: &str) -> Vec<String> {
        let stemmer = Stemmer::create(Algorithm::English);
        let words = text.unicode_words().filter_map(|word| {
            let word = word.to_lowercase();
            let stem = word.split(['\'', '\u{2019}']).next().unwrap_or_default();
            let meaningful = !stem.is_empty() && !is_stop_word(stem);
            meaningful.then(|| stemmer.stem(stem).into_owned())
        });
        words.collect()
    }
}

/// The different words of a text.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    Words.tokenize(text).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_case_and_stop_words_make_no_difference() {
        for (one, other) in [
            ("When did the BRIDGES open?", "the bridge opened"),
            ("Don\u{2019}t we fish?", "fishing, fishes"),
            ("the town's trams", "a tram in town"),
        ] {
            assert_eq!(words(one), words(other), "{one:?} {other:?}");
        }
        assert_ne!(words("line 3"), words("line 4"));
        for nothing in ["", "what is the", "?!", "It isn't."] {
            assert!(words(nothing).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn stop_words_are_sorted_and_never_stemmed_into_meaning() {
        assert!(STOP_WORDS.is_sorted());
        for word in STOP_WORDS {
            assert!(words(word).is_empty(), "{word}");
        }
    }
}
