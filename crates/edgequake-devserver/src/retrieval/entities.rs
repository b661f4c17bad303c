//! The entities that texts name, and which of them belong together, without a language model: proper names, told by their
//! capitals, and names in one sentence.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::chunk::Chunk;
use super::markdown::{Kind, blocks};
use super::sentence::{plain, sentences};
use super::words::is_stop_word;

/// The type of all entities; capitals do not tell a person from a place.
pub(crate) const ENTITY_TYPE: &str = "CONCEPT";

/// The type of all relationships.
pub(crate) const RELATION_TYPE: &str = "RELATED_TO";

/// The maximum number of words in a name.
const MAX_WORDS: usize = 5;

/// The maximum length of a name, in bytes.
const MAX_LENGTH: usize = 100;

/// The maximum number of names in a sentence, and in a chunk.
const MAX_IN_SENTENCE: usize = 6;
const MAX_IN_CHUNK: usize = 16;

/// Two entities that belong together; the lesser name comes first.
pub(crate) type Pair = (String, String);

/// What a chunk says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The names, in upper case, with underscores for blanks.
    pub(crate) names: BTreeSet<String>,
    pub(crate) pairs: BTreeSet<Pair>,
}

/// A name in a sentence. At the start, where every word has a capital, its first word may be no part of it.
enum Named {
    Within(String),
    AtStart {
        name: String,
        /// What is left without the first word.
        rest: Option<String>,
        /// Whether the first word may only have its capital from where it is.
        doubtful: bool,
    },
}

impl Named {
    /// The name, if it is one. A word that has a capital within a sentence somewhere is a name at the start of one as well.
    fn settle(self, certain: &BTreeSet<String>) -> Option<String> {
        match self {
            Self::Within(name) => Some(name),
            Self::AtStart { name, .. } if certain.contains(&name) => Some(name),
            Self::AtStart { rest: Some(rest), .. } if certain.contains(&rest) => Some(rest),
            Self::AtStart { name, doubtful, .. } => (!doubtful).then_some(name),
        }
    }
}

/// What each of the chunks of a document says. `None` once `stopped` says so.
pub(crate) fn facts(chunks: &[Chunk], stopped: impl Fn() -> bool) -> Option<Vec<Facts>> {
    let mut found: Vec<Vec<Vec<Named>>> = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        if stopped() {
            return None;
        }
        let sentences = prose(&chunk.text).into_iter();
        found.push(sentences.map(|range| names(chunk.text.get(range).unwrap_or_default())).collect());
    }
    let certain = found.iter().flatten().flatten().filter_map(|named| match named {
        Named::Within(name) => Some(name.clone()),
        Named::AtStart { .. } => None,
    });
    let certain: BTreeSet<String> = certain.collect();
    Some(found.into_iter().map(|sentences| of_chunk(sentences, &certain)).collect())
}

fn of_chunk(sentences: Vec<Vec<Named>>, certain: &BTreeSet<String>) -> Facts {
    let mut facts = Facts::default();
    for sentence in sentences {
        let named = sentence.into_iter().filter_map(|named| named.settle(certain));
        let mut names: BTreeSet<String> = named.take(MAX_IN_SENTENCE).collect();
        names.retain(|name| {
            facts.names.contains(name) || facts.names.len() < MAX_IN_CHUNK && facts.names.insert(name.clone())
        });
        for (at, one) in names.iter().enumerate() {
            facts.pairs.extend(names.iter().skip(at + 1).map(|other| (one.clone(), other.clone())));
        }
    }
    facts
}

/// The sentences of a text that are prose.
fn prose(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for block in blocks(text).into_iter().filter(|block| block.kind == Kind::Prose) {
        let content = text.get(block.content..block.range.end).unwrap_or_default();
        let moved = |range: Range<usize>| block.content + range.start..block.content + range.end;
        found.extend(sentences(content).into_iter().map(moved));
    }
    found
}

/// The names in a sentence: words with a capital that follow one another, numbers after them, and `of` between two.
fn names(sentence: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let (mut at_start, mut end, mut first) = (true, 0, true);
    let mut close = |words: &mut Vec<&str>, at_start: bool| {
        while words.last() == Some(&"of") {
            words.pop();
        }
        if let Some(known) = name(words) {
            let (first, rest) = words.split_first().map_or(("", &words[..]), |(first, rest)| (*first, rest));
            let doubtful = rest.is_empty() && !is_acronym(first);
            let at_start =
                at_start.then(|| Named::AtStart { name: known.clone(), rest: name(rest), doubtful });
            found.push(at_start.unwrap_or(Named::Within(known)));
        }
        words.clear();
    };
    for (start, word) in sentence.unicode_word_indices() {
        let adjoins = sentence.get(end..start).is_some_and(|gap| gap == " " || gap == "\n");
        end = start + word.len();
        let bare = word.split(['\'', '\u{2019}']).next().unwrap_or_default();
        let goes_on = adjoins && !words.is_empty() && words.len() < MAX_WORDS;
        if !goes_on {
            close(&mut words, at_start);
            at_start = first;
        }
        first = false;
        let is_number = bare.chars().all(|letter| letter.is_ascii_digit());
        if is_capitalized(bare) || goes_on && (is_number || bare == "of") {
            words.push(bare);
        } else {
            close(&mut words, at_start);
        }
        if bare.len() < word.len() {
            // What follows `Ada's` is another name.
            close(&mut words, at_start);
        }
    }
    close(&mut words, at_start);
    found
}

/// A word with a capital that is no more than an article or a pronoun. A single letter is an initial or a mark.
fn is_capitalized(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.chars().count() > 1 && !is_stop_word(&word.to_lowercase())
}

fn is_acronym(word: &str) -> bool {
    word.chars().all(|letter| letter.is_uppercase() || letter.is_numeric())
}

/// A name as the server writes it.
fn name(words: &[&str]) -> Option<String> {
    let name = words.join("_").to_uppercase();
    (!name.is_empty() && name.len() <= MAX_LENGTH).then_some(name)
}

/// The first sentence of a text that has all these names, for people to read.
pub(crate) fn sentence_with(text: &str, wanted: &[&str]) -> Option<String> {
    let sentence = |range: Range<usize>| text.get(range);
    let mut sentences = prose(text).into_iter().filter_map(sentence);
    let has = |sentence: &&str| {
        let named = names(sentence);
        let is = |named: &Named, wanted: &str| match named {
            Named::Within(name) => name == wanted,
            Named::AtStart { name, rest, .. } => name == wanted || rest.as_deref() == Some(wanted),
        };
        wanted.iter().all(|wanted| named.iter().any(|named| is(named, wanted)))
    };
    sentences.find(has).map(plain)
}

#[cfg(test)]
mod tests;
