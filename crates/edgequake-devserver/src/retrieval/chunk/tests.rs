use proptest::prelude::*;

use super::*;

fn rendered(text: &str) -> String {
    let chunks = chunks(text, || false).unwrap().into_iter();
    chunks.map(|chunk| format!("{:?} {}\n", chunk.lines, chunk.text.replace('\n', "⏎"))).collect()
}

#[test]
fn headings_separate_chunks_and_stay_with_their_text() {
    let text = "# Bridges\n\n## Harbour\n\nIt opened in 1932.\nIt is made of steel.\n\n## Tower\n\nIt opened in 1894.\n\n```\n# no heading\n```\n";
    insta::assert_snapshot!(rendered(text), @r"
    (1, 6) # Bridges⏎⏎## Harbour⏎⏎It opened in 1932.⏎It is made of steel.
    (8, 14) ## Tower⏎⏎It opened in 1894.⏎⏎```⏎# no heading⏎```
    ");
}

#[test]
fn blank_texts_have_no_chunks_and_short_ones_have_one() {
    for text in ["", " \n\t\n", "\u{a0}"] {
        assert_eq!(chunks(text, || false).unwrap(), [], "{text:?}");
    }
    assert_eq!(rendered("one\r\ntwo\r\n"), "(1, 2) one\r⏎two\n");
}

#[test]
fn long_sections_are_split_at_paragraphs_and_overlap() {
    let paragraph =
        |word: &str| format!("{word} begins here. {}It ends there.", format!("{word} goes on. ").repeat(36));
    let text = ["alpha", "beta", "gamma"].map(paragraph).join("\n\n");
    let chunks = chunks(&text, || false).unwrap();
    assert_eq!(chunks.iter().map(|chunk| chunk.lines).collect::<Vec<_>>(), [(1, 1), (1, 3), (3, 5)]);
    assert!(chunks[0].text.starts_with("alpha begins") && chunks[0].text.ends_with("It ends there."));
    // The second chunk starts with the end of the first one.
    let (repeated, new) = chunks[1].text.split_once("\n\n").unwrap();
    assert!(
        repeated.len() <= OVERLAP && chunks[0].text.ends_with(repeated) && new.starts_with("beta begins")
    );
}

#[test]
fn text_without_sentences_is_split_at_white_space_or_anywhere() {
    let words = "word ".repeat(1_000);
    for chunk in chunks(&words, || false).unwrap() {
        assert!(
            chunk.text.len() <= MAX_SIZE && chunk.text.split(' ').all(|word| word == "word"),
            "{chunk:?}"
        );
    }
    let solid = "é".repeat(2_000);
    assert_eq!(
        chunks(&solid, || false).unwrap().iter().map(|chunk| chunk.text.chars().count()).sum::<usize>(),
        2_000
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_lost_and_nothing_is_too_long(lines in prop::collection::vec("(# )?[a-zé.!? ]{0,300}\r?", 0..20)) {
        let text = lines.join("\n");
        let chunks = chunks(&text, || false).unwrap();
        let mut covered = 0;
        for chunk in &chunks {
            prop_assert!(chunk.text.len() <= MAX_SIZE && !chunk.text.trim().is_empty());
            // Chunks appear in the text in order, with only white space between them.
            let at = text.char_indices().map(|(at, _)| at).find(|at| {
                *at + chunk.text.len() > covered
                    && text[*at..].starts_with(&chunk.text)
                    && text.get(covered..*at).unwrap_or_default().trim().is_empty()
            });
            let at = at.expect("a chunk that follows the previous one");
            covered = at + chunk.text.len();
            let lines = text[..at].matches('\n').count() as u64 + 1;
            prop_assert_eq!(chunk.lines, (lines, lines + chunk.text.matches('\n').count() as u64));
        }
        prop_assert!(text[covered..].trim().is_empty());
    }
}
