//! The sentences of a paragraph, and which of them say something by themselves.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The minimum number of words of a whole sentence. "In logs." and "See below." have fewer.
const MIN_WORDS: usize = 4;

/// What may follow the mark at the end of a sentence.
const CLOSING: [char; 10] = ['"', '\'', ')', ']', '*', '_', '`', '\u{201d}', '\u{2019}', '\u{bb}'];

/// Words that end with a period within a sentence.
const ABBREVIATIONS: [&str; 16] = [
    "approx.", "cf.", "dr.", "e.g.", "fig.", "i.e.", "incl.", "jr.", "mr.", "mrs.", "ms.", "mt.", "prof.",
    "sr.", "st.", "vs.",
];

/// The sentences of a block of prose, which may go over several lines, without the white space around them.
pub(crate) fn sentences(block: &str) -> Vec<Range<usize>> {
    // A line break ends a sentence for the algorithm of Unicode, and not in Markdown. Each is one byte, as is a blank.
    let joined = block.replace(['\n', '\r'], " ");
    let mut sentences: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (start, sentence) in joined.split_sentence_bound_indices() {
        let trimmed = sentence.trim();
        let start = start + (sentence.len() - sentence.trim_start().len());
        let end = start + trimmed.len();
        if trimmed.is_empty() {
            continue;
        }
        match sentences.last_mut() {
            Some(last) if open => last.end = end,
            _ => sentences.push(start..end),
        }
        open = ends_with_abbreviation(trimmed);
    }
    sentences
}

fn ends_with_abbreviation(sentence: &str) -> bool {
    let last = sentence.rsplit(char::is_whitespace).next().unwrap_or_default();
    let last = last.trim_start_matches(['(', '[', '"', '\'', '*', '_']).to_lowercase();
    ABBREVIATIONS.binary_search(&last.as_str()).is_ok()
}

/// A sentence on one line, without the marks of Markdown that are noise outside of it.
pub(crate) fn plain(sentence: &str) -> String {
    let words = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = String::with_capacity(words.len());
    let mut rest = words.as_str();
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        // A link keeps its text; anything else in brackets stays as it is.
        match link.split_once("](").and_then(|(text, end)| Some((text, end.split_once(')')?.1))) {
            Some((text, after)) if !text.contains(['[', ']']) => {
                plain.push_str(text);
                rest = after;
            }
            _ => {
                plain.push('[');
                rest = link;
            }
        }
    }
    plain.push_str(rest);
    plain.replace("**", "").replace("__", "").trim().to_owned()
}

/// Whether a sentence says something by itself: it has a beginning, an end and some words, and asks nothing.
pub(crate) fn is_whole(sentence: &str) -> bool {
    let ended = sentence.trim_end_matches(CLOSING).ends_with(['.', '!', '\u{3002}', '\u{ff01}', '\u{964}']);
    let first = sentence.chars().find(|letter| letter.is_alphanumeric());
    let begun = first.is_some_and(|letter| !letter.is_lowercase());
    begun && ended && sentence.unicode_words().count() >= MIN_WORDS
}

/// Whether a sentence asks something.
pub(crate) fn is_question(sentence: &str) -> bool {
    sentence.trim_end_matches(CLOSING).ends_with(['?', '\u{ff1f}', '\u{61f}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(block: &str) -> Vec<&str> {
        sentences(block).into_iter().map(|range| &block[range]).collect()
    }

    #[test]
    fn sentences_go_over_lines_and_past_abbreviations() {
        assert_eq!(
            split("It opened\r\nin 1931.  It is made\nof steel."),
            ["It opened\r\nin 1931.", "It is made\nof steel."]
        );
        assert_eq!(
            split("Take Line 2 to St. Anne. Dr. Marsh (cf. St. Ives) built it."),
            ["Take Line 2 to St. Anne.", "Dr. Marsh (cf. St. Ives) built it."]
        );
        assert_eq!(
            split("Fares, e.g. Zone 1, rise. No. 7 runs at 5 p.m. on Sundays."),
            ["Fares, e.g. Zone 1, rise.", "No. 7 runs at 5 p.m. on Sundays."]
        );
        assert!(split(" \n ").is_empty() && ABBREVIATIONS.is_sorted());
    }

    #[test]
    fn whole_sentences_and_fragments() {
        for whole in [
            "The bridge opened in 1931.",
            "12 trams are kept at the depot.",
            "\u{201c}We never close the line,\u{201d} she said.",
            "(It was painted red in 1950.)",
            "\u{6865}\u{5f00}\u{653e}\u{4e86}\u{3002}",
        ] {
            assert!(is_whole(whole), "{whole}");
        }
        for fragment in [
            "In logs.",
            "Has it ended?",
            "in 1931, when it opened.",
            "Opening hours: 9 to 17",
            "Then do the following things:",
            "The bridge and the tower",
            "...",
            "",
        ] {
            assert!(!is_whole(fragment), "{fragment}");
        }
    }

    #[test]
    fn marks_of_markdown_are_taken_out() {
        for (marked, expected) in [
            ("**Never** wait\n  for `x`.", "Never wait for `x`."),
            ("See [the map](https://example.com/a) [1] and [2].", "See the map [1] and [2]."),
            ("An [open bracket and ](odd", "An [open bracket and ](odd"),
        ] {
            assert_eq!(plain(marked), expected);
        }
    }
}
