//! Answers without a language model: quotations of the sentences that match the question best.

use bm25::Scorer;
use unicode_segmentation::UnicodeSegmentation;

use super::index::{Hit, embedder};

/// The maximum number of sentences in an answer.
const MAX_SENTENCES: usize = 3;

/// How many of the best chunks are quoted from.
const QUOTED_CHUNKS: usize = 3;

/// The usual number of words in a sentence, without stop words.
const SENTENCE_WORDS: f32 = 10.0;

/// The maximum length of a snippet, in characters.
const SNIPPET_LENGTH: usize = 200;

/// The answer when nothing was found.
pub(crate) const NO_MATCH: &str = "Nothing in this workspace matches the question.";

/// Answers from the hits, which are best first; each quotation is followed by the number of its source, from 1.
pub(crate) fn answer(query: &str, hits: &[Hit]) -> String {
    let embedder = embedder(SENTENCE_WORDS);
    let mut scorer = Scorer::new();
    let mut sentences: Vec<(usize, String)> = Vec::new();
    for (source, hit) in hits.iter().take(QUOTED_CHUNKS).enumerate() {
        for sentence in self::sentences(&hit.chunk.text) {
            // Chunks overlap, so a sentence may be in two of them.
            if sentences.iter().any(|(_, known)| *known == sentence) {
                continue;
            }
            scorer.upsert(&sentences.len(), embedder.embed(&sentence));
            sentences.push((source + 1, sentence));
        }
    }
    let mut best = scorer.matches(&embedder.embed(query));
    best.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    // A sentence that scores less than half as much as the best one is about something else.
    let threshold = best.first().map_or(0.0, |found| found.score / 2.0);
    let mut chosen: Vec<usize> = best
        .iter()
        .filter(|found| found.score >= threshold)
        .take(MAX_SENTENCES)
        .map(|found| found.id)
        .collect();
    chosen.sort_unstable();
    let quoted: Vec<String> = chosen
        .into_iter()
        .filter_map(|at| sentences.get(at))
        .map(|(source, sentence)| format!("\"{sentence}\" [{source}]"))
        .collect();
    if quoted.is_empty() { NO_MATCH.to_owned() } else { quoted.join(" ") }
}

/// The sentences of a text, each on one line, without headings.
fn sentences(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(str::trim) {
        let item = line.starts_with(['-', '*', '+', '|', '>']);
        if line.is_empty() || line.starts_with('#') || line.starts_with("```") || item {
            paragraphs.push(String::new());
        }
        let line = line.trim_start_matches(['-', '*', '+', '>', ' ']);
        if line.is_empty() || line.starts_with('#') || line.starts_with("```") {
            continue;
        }
        if let Some(paragraph) = paragraphs.last_mut() {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line);
        }
    }
    let sentences = paragraphs.iter().flat_map(|paragraph| paragraph.unicode_sentences());
    sentences.map(|sentence| sentence.trim().to_owned()).collect()
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
mod tests {
    use std::sync::Arc;

    use edgequake_types::DocumentId;
    use proptest::prelude::*;

    use super::super::chunk::Chunk;
    use super::*;

    fn hits(texts: &[&str]) -> Vec<Hit> {
        let hit = |text: &&str| Hit {
            document_id: DocumentId::new("d"),
            number: 0,
            chunk: Arc::new(Chunk { text: (*text).to_owned(), lines: (1, 1) }),
            score: 1.0,
        };
        texts.iter().map(hit).collect()
    }

    #[test]
    fn matching_sentences_are_quoted_with_their_sources() {
        let hits = hits(&[
            "# The bridge\n\nIt is made of steel. The bridge opened\nin 1931.\n\n- It has two lanes.",
            "Nobody knows who opened the first bridge. Cats sleep.",
        ]);
        insta::assert_snapshot!(answer("When did the bridge open?", &hits), @r#""The bridge opened in 1931." [1] "Nobody knows who opened the first bridge." [2]"#);
        insta::assert_snapshot!(answer("how many lanes?", &hits), @r#""It has two lanes." [1]"#);
        assert_eq!(answer("volcano", &hits), NO_MATCH);
        assert_eq!(answer("bridge", &[]), NO_MATCH);
    }

    #[test]
    fn a_sentence_of_two_overlapping_chunks_is_quoted_once() {
        let hits = hits(&["Cats sleep.", "Cats sleep. Dogs run."]);
        insta::assert_snapshot!(answer("cats", &hits), @r#""Cats sleep." [1]"#);
    }

    #[test]
    fn a_prompt_holds_the_sources_and_the_question() {
        insta::assert_snapshot!(prompt("cats?", &hits(&["Cats sleep."])), @r"
        Answer the question from these sources, and name them by their numbers.

        [1] Cats sleep.

        Question: cats?
        ");
    }

    proptest! {
        #[test]
        fn a_snippet_is_one_line_of_bounded_length(text in "(\\PC|\n| ){0,400}") {
            let snippet = snippet(&text);
            prop_assert!(snippet.chars().count() <= SNIPPET_LENGTH + 3 && !snippet.contains('\n'));
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert!(words.starts_with(snippet.strip_suffix("...").unwrap_or(&snippet)));
        }
    }
}
