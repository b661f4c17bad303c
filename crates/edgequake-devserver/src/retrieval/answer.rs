//! Answers without a language model: quotations of the sentences that match the question best.

use std::collections::{BTreeMap, BTreeSet};

use super::index::Hit;
use super::markdown::{Kind, blocks};
use super::sentence::{is_question, is_whole, plain, sentences};
use super::words::words;

/// The maximum number of sentences in an answer.
const MAX_SENTENCES: usize = 3;

/// How many of the best chunks are quoted from.
const QUOTED_CHUNKS: usize = 3;

/// The maximum length of a snippet, in characters.
const SNIPPET_LENGTH: usize = 200;

/// How much less than the best sentence another one may match and still be quoted.
const THRESHOLD: f64 = 0.75;

/// How much a word counts that stands in the heading and not in the sentence.
const IN_HEADING: f64 = 0.5;

/// The answer when nothing was found.
pub(crate) const NO_MATCH: &str = "Nothing in this workspace matches the question.";

/// Something that can be quoted.
struct Candidate {
    text: String,
    /// The number of its source, from 1.
    source: usize,
    /// Whether it is a sentence. What is none, such as an item of a list, is quoted only where no sentence matches.
    whole: bool,
    words: BTreeSet<String>,
    heading: BTreeSet<String>,
}

/// Answers from the hits, which are best first; each quotation is followed by the number of its source, from 1.
pub(crate) fn answer(query: &str, hits: &[Hit]) -> String {
    let asked = words(query);
    let candidates = candidates(hits);
    let weights = weights(&asked, &candidates);
    let score = |candidate: &Candidate| -> f64 {
        let in_sentence: f64 =
            asked.intersection(&candidate.words).filter_map(|word| weights.get(word)).sum();
        let in_heading =
            asked.intersection(&candidate.heading).filter(|word| !candidate.words.contains(*word));
        let in_heading: f64 = in_heading.filter_map(|word| weights.get(word)).sum();
        // A heading alone makes no answer.
        if in_sentence > 0.0 { in_sentence + in_heading * IN_HEADING } else { 0.0 }
    };
    let mut matching: Vec<(f64, usize, &Candidate)> = candidates
        .iter()
        .enumerate()
        .map(|(position, candidate)| (score(candidate), position, candidate))
        .filter(|(score, ..)| *score > 0.0)
        .collect();
    if matching.iter().any(|(_, _, candidate)| candidate.whole) {
        matching.retain(|(_, _, candidate)| candidate.whole);
    }
    matching.sort_by(|(a, at, _), (b, bt, _)| b.total_cmp(a).then(at.cmp(bt)));
    let best = matching.first().map_or(0.0, |(score, ..)| *score);
    matching.retain(|(score, ..)| *score >= best * THRESHOLD);
    matching.truncate(MAX_SENTENCES);
    matching.sort_by_key(|(_, position, _)| *position);
    if matching.is_empty() {
        // What stands below a heading that says the most of it may be what is meant.
        let below = |candidate: &&Candidate| 2 * asked.intersection(&candidate.heading).count() > asked.len();
        let mut below = candidates.iter().filter(below);
        let whole = below.clone().find(|candidate| candidate.whole);
        return whole.or_else(|| below.next()).map_or_else(|| NO_MATCH.to_owned(), quote);
    }
    let quotes: Vec<String> = matching.into_iter().map(|(_, _, candidate)| quote(candidate)).collect();
    quotes.join(" ")
}

/// The text and the number of its source.
fn quote(candidate: &Candidate) -> String {
    format!("{} [{}]", candidate.text, candidate.source)
}

/// What can be quoted from the best hits, in their order.
fn candidates(hits: &[Hit]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (source, hit) in hits.iter().take(QUOTED_CHUNKS).enumerate() {
        let text = &hit.chunk.text;
        let mut heading = BTreeSet::new();
        // The words of a question. The sentence that follows it answers it, as what stands below a heading does.
        let mut asked = BTreeSet::new();
        for block in blocks(text) {
            let content = text.get(block.content..block.range.end).unwrap_or_default();
            match block.kind {
                Kind::Heading => {
                    heading.extend(words(content));
                    asked.clear();
                }
                Kind::Verbatim => {}
                Kind::Prose => {
                    let sentences = sentences(content);
                    let alone = sentences.len() == 1;
                    for sentence in sentences {
                        let text = plain(content.get(sentence).unwrap_or_default());
                        // Chunks overlap, so a sentence may be in two of them.
                        if candidates.iter().any(|known| known.text == text) {
                            continue;
                        }
                        let (whole, words) = (is_whole(&text), words(&text));
                        if is_question(&text) {
                            asked = words;
                            continue;
                        }
                        // "Yes." says nothing without the sentences around it; an item of a list does.
                        if !whole && !alone {
                            continue;
                        }
                        let mut heading = heading.clone();
                        if whole {
                            heading.append(&mut asked);
                        }
                        candidates.push(Candidate { text, source: source + 1, whole, words, heading });
                    }
                }
            }
        }
    }
    candidates
}

/// How much each word of the question tells: the more, the fewer sentences have it.
fn weights(asked: &BTreeSet<String>, candidates: &[Candidate]) -> BTreeMap<String, f64> {
    let weight = |word: &String| {
        let with = candidates.iter().filter(|candidate| candidate.words.contains(word)).count();
        (word.clone(), (1.0 + candidates.len() as f64 / (with as f64 + 0.5)).ln())
    };
    asked.iter().map(weight).collect()
}

/// The beginning of a text on one line, cut between words.
pub(crate) fn snippet(text: &str) -> String {
    let mut snippet = String::new();
    for word in text.split_whitespace() {
        let length = snippet.chars().count() + usize::from(!snippet.is_empty()) + word.chars().count();
        if length > SNIPPET_LENGTH {
            // A single word of this length is cut.
            if snippet.is_empty() {
                snippet.extend(word.chars().take(SNIPPET_LENGTH));
            }
            snippet.push_str("...");
            break;
        }
        if !snippet.is_empty() {
            snippet.push(' ');
        }
        snippet.push_str(word);
    }
    snippet
}

/// The prompt for a language model.
pub(crate) fn prompt(query: &str, hits: &[Hit]) -> String {
    let mut prompt =
        String::from("Answer the question from these sources, and name them by their numbers.\n");
    for (source, hit) in hits.iter().enumerate() {
        prompt.push_str(&format!("\n[{}] {}\n", source + 1, hit.chunk.text));
    }
    prompt.push_str(&format!("\nQuestion: {query}\n"));
    prompt
}

#[cfg(test)]
mod tests;
