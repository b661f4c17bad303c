//! Questions that can only be understood from the conversation before them.

use super::words::words;

/// Words that stand for something that was named before, sorted.
const PRONOUNS: [&str; 16] = [
    "he", "her", "hers", "him", "his", "it", "its", "one", "ones", "she", "that", "their", "them", "these",
    "they", "those",
];

/// What to look for: the question, with the one before it if it has no subject of its own.
pub(crate) fn subject(question: &str, previous: Option<&str>) -> String {
    let spoken = question.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase);
    let refers = spoken.into_iter().any(|word| PRONOUNS.binary_search(&word.as_str()).is_ok());
    match previous {
        Some(previous) if refers || words(question).is_empty() => format!("{question} {previous}"),
        _ => question.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_a_subject_takes_the_one_before() {
        assert!(PRONOUNS.is_sorted());
        let previous = Some("Who built the tower?");
        for question in ["And when?", "When did IT open?", "What about those?", "?"] {
            assert_eq!(subject(question, previous), format!("{question} Who built the tower?"), "{question}");
            assert_eq!(subject(question, None), question);
        }
        for question in ["When did the bridge open?", "Where do items go?"] {
            assert_eq!(subject(question, previous), question);
        }
    }
}
