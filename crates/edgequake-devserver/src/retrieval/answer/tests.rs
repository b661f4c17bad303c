use std::sync::Arc;

use edgequake_types::DocumentId;
use proptest::prelude::*;

use super::super::chunk::{Chunk, chunks};
use super::*;

fn hits(texts: &[&str]) -> Vec<Hit> {
    let hit = |text: &&str| Hit {
        document_id: DocumentId::new("d"),
        number: 0,
        chunk: Arc::new(Chunk { text: (*text).to_owned(), start: 0, lines: (1, 1) }),
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
    insta::assert_snapshot!(answer("When did the bridge open?", &hits), @"The bridge opened in 1931. [1] Nobody knows who opened the first bridge. [2]");
    insta::assert_snapshot!(answer("how many lanes?", &hits), @"It has two lanes. [1]");
    assert_eq!(answer("bridge", &[]), NO_MATCH);
}

#[test]
fn a_sentence_of_two_overlapping_chunks_is_quoted_once() {
    let hits = hits(&["Cats sleep.", "Cats sleep. Dogs run."]);
    insta::assert_snapshot!(answer("cats", &hits), @"Cats sleep. [1]");
}

/// Each text holds fragments with the words of the question, and one sentence that answers it.
#[test]
fn fragments_are_left_out_where_a_sentence_matches() {
    for (question, text, expected) in [
        (
            "How are secrets kept out of logs?",
            "**In logs.** Secrets of the client print as `[redacted]`.\n\nSecrets in logs? Never.",
            "Secrets of the client print as `[redacted]`. [1]",
        ),
        (
            "When has the key ended?",
            "The key:\n\n- Has the key ended?\n- the key and when it ended\n\nA key ended on 3 May at noon.",
            "A key ended on 3 May at noon. [1]",
        ),
        (
            "Which fare is paid to the harbour?",
            "# Fare to the harbour\n\nHarbour fare:\n\n| harbour | fare |\n\nA single fare is paid\nto the\nharbour.",
            "A single fare is paid to the harbour. [1]",
        ),
        (
            "How is the server started?",
            "Start the server:\n\n```sh\nserver start. Start the server now.\n```\n\nThe server starts with [one command](https://example.com/start).",
            "The server starts with one command. [1]",
        ),
        (
            "Where does Line 2 end?",
            "when Line 2 ends there. Line 2 ends at St. Anne, by the hospital. Line 2, end.",
            "Line 2 ends at St. Anne, by the hospital. [1]",
        ),
        (
            "Who drives trams in winter?",
            "1. Winter tram drivers.\n2. Drivers with a snow permit drive the trams in winter.\n3. Who drives?",
            "Drivers with a snow permit drive the trams in winter. [1]",
        ),
    ] {
        assert_eq!(answer(question, &hits(&[text])), expected, "{question}");
    }
}

#[test]
fn the_sentence_with_most_of_what_was_asked_is_preferred() {
    let text = "# Line 4\n\nThe last tram of the day waits. Line 4 was built in 1931. On Sundays Line 4 has its last tram at 23:10. \
                Every tram has a bell.";
    insta::assert_snapshot!(answer("When does the last tram of Line 4 leave on Sundays?", &hits(&[text])), @"On Sundays Line 4 has its last tram at 23:10. [1]");
    // The heading says which line a sentence is about.
    let lines = ["# Line 3\n\nTrams run every twenty minutes.", "# Line 4\n\nTrams run every ten minutes."];
    insta::assert_snapshot!(answer("How often do trams run on Line 4?", &hits(&[lines[1], lines[0]])), @"Trams run every ten minutes. [1]");
}

#[test]
fn what_is_no_sentence_is_quoted_where_there_is_nothing_else() {
    insta::assert_snapshot!(answer("opening hours", &hits(&["# Museum\n\n- Opening hours: 9 to 17\n- Closed in May"])), @"Opening hours: 9 to 17 [1]");
    insta::assert_snapshot!(answer("museum", &hits(&["# Museum\n\nsmall. It is closed in May."])), @"It is closed in May. [1]");
    insta::assert_snapshot!(answer("hello", &hits(&["hello world"])), @"hello world [1]");
    // Another heading than the one that is asked about, and nothing but a heading and a table.
    assert_eq!(
        answer("How often are museums cleaned?", &hits(&["# How often\n\nIt is closed in May."])),
        NO_MATCH
    );
    assert_eq!(answer("museum", &hits(&["# Museum\n\n| a | b |"])), NO_MATCH);
}

#[test]
fn a_question_is_answered_by_the_sentence_that_follows_it() {
    let text = "Has it ended? Yes. The strike was called off in May.";
    assert_eq!(answer("Has it ended?", &hits(&[text])), "The strike was called off in May. [1]");
    let apart = "**Has it ended?**\n\nThe strike was called off in May.\n\nTrams run again since then.";
    assert_eq!(answer("Has it ended?", &hits(&[apart])), "The strike was called off in May. [1]");
    assert_eq!(answer("Has it ended?", &hits(&["Has it ended? Yes."])), NO_MATCH);
    assert_eq!(
        answer("Has it ended?", &hits(&["Has it ended?\n\n# Other\n\nCats sleep all day."])),
        NO_MATCH
    );
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

    /// However a text is wrapped and chunked, what is quoted of its sentences is quoted whole.
    #[test]
    fn sentences_are_quoted_whole_wherever_lines_and_chunks_end(
        fill in prop::collection::vec("[a-z]{2,9}( [a-z]{2,9}){3,20}", 1..40),
        width in 20..100usize,
    ) {
        let sentences: Vec<String> = fill.iter().map(|fill| format!("The tram {fill} here.")).collect();
        let mut text = String::new();
        for word in sentences.iter().flat_map(|sentence| sentence.split(' ')) {
            let line = text.rsplit('\n').next().unwrap_or_default().len();
            text.push_str(if line + word.len() > width { "\n" } else if text.is_empty() { "" } else { " " });
            text.push_str(word);
        }
        let chunks = chunks(&text, || false).unwrap();
        let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
        let answer = answer("tram", &hits(&texts));
        for quoted in answer.split_inclusive(']').map(|quoted| quoted.trim().rsplit_once(" [").unwrap().0) {
            prop_assert!(sentences.iter().any(|sentence| sentence == quoted), "{}", quoted);
        }
    }
}
