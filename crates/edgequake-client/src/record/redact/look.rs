//! Tokens that are known by their look: a JWT, a key of the server, whatever follows `Bearer`.

use std::ops::Range;

use super::REDACTED;

/// How tokens begin, and the length from which one is taken for a token.
const BEGINNINGS: [(&str, usize); 2] = [("eyJ", 20), ("eq_", 16)];

/// The word before a token of any look, and the length from which what follows it is taken for one.
const BEARER: (&str, usize) = ("bearer", 8);

/// Takes the tokens out of a text, wherever in it they are: in a path, behind the `=` of a parameter, in an escaped text within a text.
/// What follows a token without a gap goes with it.
pub(super) fn without_tokens(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut place = 0;
    // What begins a token is ASCII, so that it is never looked for within a character.
    for (start, byte) in text.bytes().enumerate() {
        if start < place || !matches!(byte, b'e' | b'b' | b'B') {
            continue;
        }
        if let Some(token) = token_at(text, start) {
            kept.push_str(&text[place..token.start]);
            kept.push_str(REDACTED);
            place = token.end;
        }
    }
    kept.push_str(&text[place..]);
    kept
}

/// The token that begins here, or after a `Bearer` that does.
fn token_at(text: &str, start: usize) -> Option<Range<usize>> {
    let (before, rest) = text.split_at(start);
    if let Some(after) = rest.get(BEARER.0.len()..).filter(|_| begins_with_bearer(rest)) {
        let gap = gap(after);
        let start = start + BEARER.0.len() + gap;
        let length = run(&text[start..]);
        return (gap > 0 && length >= BEARER.1).then(|| start..start + length);
    }
    let (_, shortest) = BEGINNINGS.into_iter().find(|(beginning, _)| rest.starts_with(beginning))?;
    let length = run(rest);
    (length >= shortest && is_boundary(before)).then(|| start..start + length)
}

fn begins_with_bearer(text: &str) -> bool {
    text.get(..BEARER.0.len()).is_some_and(|word| word.eq_ignore_ascii_case(BEARER.0))
}

/// How long what a token can consist of goes on.
fn run(text: &str) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=' | '~');
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// How long what stands between `Bearer` and its token goes on, in any spelling: blanks, a colon, quotes.
fn gap(text: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = &text[length..];
        length += match rest.chars().next() {
            Some(c) if c.is_whitespace() || matches!(c, ':' | '=' | '+' | '"' | '\'' | '\\') => c.len_utf8(),
            Some('%') if escape(rest).is_some_and(|byte| !byte.is_ascii_alphanumeric()) => 3,
            _ => return length,
        };
    }
}

/// What a percent-encoded byte at the beginning of a text stands for.
fn escape(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// Whether a token may begin after this: not within a word, but after an escaped character, whose last letter looks like one.
fn is_boundary(before: &str) -> bool {
    if !before.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return true;
    }
    let tail = |length: usize| before.len().checked_sub(length).and_then(|start| before.get(start..));
    let is_hex = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    tail(3).is_some_and(|tail| escape(tail).is_some())
        || tail(2).is_some_and(|tail| tail.starts_with('\\'))
        || tail(4).and_then(|tail| tail.strip_prefix("\\x")).is_some_and(is_hex)
        || tail(6).and_then(|tail| tail.strip_prefix("\\u")).is_some_and(is_hex)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";
    const KEY: &str = "eq_Zz91kQp4TtUuVvWwXxYyAaBbCcDdEeFf";

    #[test]
    fn tokens_are_found_wherever_they_begin() {
        for (text, clean) in [
            ("{jwt}", "[redacted]"),
            ("see {jwt}.", "see [redacted]"),
            ("https://h/cb?token={jwt}&state=s", "https://h/cb?token=[redacted]&state=s"),
            ("bad api_key={key}!", "bad api_key=[redacted]!"),
            ("/ws/{jwt}?x", "/ws/[redacted]?x"),
            (
                "a.{jwt} a~{key} a+{key} a-{jwt} a_{key}",
                "a.[redacted] a~[redacted] a+[redacted] a-[redacted] a_[redacted]",
            ),
            (
                "next=https%3A%2F%2Fh%2Fcb%3Ftoken%3D{jwt}%26x",
                "next=https%3A%2F%2Fh%2Fcb%3Ftoken%3D[redacted]%26x",
            ),
            (
                r#"{"a":"{\"t\":\"{jwt}\"}"} \n{key} \u003d{key} \x3d{jwt}"#,
                r#"{"a":"{\"t\":\"[redacted]\"}"} \n[redacted] \u003d[redacted] \x3d[redacted]"#,
            ),
            ("ü{jwt}ü", "ü[redacted]ü"),
        ] {
            let text = text.replace("{jwt}", JWT).replace("{key}", KEY);
            assert_eq!(without_tokens(&text), clean);
        }
    }

    #[test]
    fn what_follows_bearer_is_a_token_in_any_spelling() {
        for between in [" ", "  ", "\t", ":", ": ", "=", "+", "%20", "%3A%20", "\": \"", " '", "\u{a0}"] {
            for word in ["Bearer", "bearer", "BEARER"] {
                let text = format!("{word}{between}abcdefgh12 is old");
                assert_eq!(without_tokens(&text), format!("{word}{between}[redacted] is old"));
            }
        }
        assert_eq!(without_tokens("Bearer: Bearer abcdefgh"), "Bearer: Bearer [redacted]");
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            "",
            "e",
            "Bearer",
            "the bearer of news, the Überbearer",
            "Bearer realm=\"eq\", error=\"x\"",
            "eq_Zz91kQp4 and eyJhbGci",
            "max_seq_length_of_the_model, freq_of_something_rare",
            "token_type=bearer&expires_in=3600",
            "%eyJ%e %",
            "Brücken – ünïcode",
        ] {
            assert_eq!(without_tokens(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_token_stays_after_a_boundary(
            before in "[a-z0-9=/.+~_ \"?&%:üé\\\\-]{0,20}",
            boundary in prop::sample::select(vec!["", " ", "=", "/", "_", ".", "-", "+", "~", "\"", "%3D", "%2f", "\\n", "\\u0026", "é"]),
            token in "(eyJ[A-Za-z0-9_-]{17,40}(\\.[A-Za-z0-9_-]{1,20}){0,2})|(eq_[A-Za-z0-9]{13,40})|([Bb]earer {1,3}[A-Za-z0-9]{8,30})",
            after in "([^A-Za-z0-9].{0,10})?",
        ) {
            let before = if boundary.is_empty() { "" } else { &*before };
            let text = format!("{before}{boundary}{token}{after}");
            let clean = without_tokens(&text);
            let secret = token.rsplit(' ').next().unwrap_or_default();
            prop_assert!(!clean.contains(&secret[secret.len() - 8..]), "{} in {}", secret, clean);
            prop_assert_eq!(without_tokens(&clean), clean);
        }

        #[test]
        fn any_text_can_be_looked_at(text in "(.|eyJ|eq_|bearer|%|\\\\){0,40}") {
            without_tokens(&text);
        }
    }
}
