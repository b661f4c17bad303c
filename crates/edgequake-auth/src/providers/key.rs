//! What counts as an API key: one rule for every place a key can come from.

use edgequake_types::Secret;

use crate::error::{CredentialsError, CredentialsErrorKind};

/// Takes off what does not belong to a key: white space around it (a newline at the end of a file) and a
/// pasted `Bearer `, also one pasted twice. `field` names the place in errors; the text itself is never shown.
///
/// Prefixes are not judged: a server can be configured with keys of any form.
///
/// # Errors
///
/// [`Invalid`](CredentialsErrorKind::Invalid) for an empty key, and for a character that is not visible ASCII or
/// an inner blank, by its position (counted in characters from 1, in the text as it was given).
pub(crate) fn clean(field: &str, text: &str) -> Result<Secret, CredentialsError> {
    let lead = text.len() - text.trim_start().len();
    let mut key = text.trim();
    let mut skipped = lead;
    while let Some(rest) = strip_scheme(key) {
        skipped += key.len() - rest.len();
        key = rest;
    }
    if key.is_empty() {
        return Err(CredentialsError::new(
            CredentialsErrorKind::Invalid,
            format!("{field} is empty; give a key, or leave it out"),
        ));
    }
    if let Some((at, odd)) = key.char_indices().find(|(_, c)| !matches!(c, ' '..='~')) {
        let position = text.get(..skipped + at).map_or(0, |before| before.chars().count()) + 1;
        return Err(CredentialsError::new(
            CredentialsErrorKind::Invalid,
            format!(
                "{field} has a character outside visible ASCII at position {position} (U+{:04X}); copy it again",
                u32::from(odd)
            ),
        ));
    }
    Ok(Secret::new(key))
}

/// The rest of a header value that was pasted whole. The scheme's name has no case (RFC 9110, 11.1).
fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("bearer".len())?;
    let rest_trimmed = rest.trim_start();
    let separated = rest.is_empty() || rest_trimmed.len() < rest.len();
    (scheme.eq_ignore_ascii_case("bearer") && separated).then_some(rest_trimmed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_around_a_key_is_not_part_of_it() {
        for text in ["k1", "k1\n", "k1\r\n", " k1 ", "\nk1", "\tk1\t"] {
            assert_eq!(clean("the key", text).unwrap().expose(), "k1", "{text:?}");
        }
    }

    #[test]
    fn a_pasted_bearer_scheme_is_taken_off() {
        for text in ["Bearer k1", "bearer  k1", " BEARER\tk1 ", "Bearer k1\n", "Bearer bearer k1"] {
            assert_eq!(clean("the key", text).unwrap().expose(), "k1", "{text:?}");
        }
        for text in ["bearer1", "bearerk1", "Bearer-k1"] {
            assert_eq!(clean("the key", text).unwrap().expose(), text);
        }
    }

    #[test]
    fn an_empty_key_is_refused() {
        for text in ["", " ", "\r\n", "Bearer", "Bearer  "] {
            let error = clean("EDGEQUAKE_API_KEY", text).unwrap_err();
            assert_eq!(error.kind(), CredentialsErrorKind::Invalid);
            assert_eq!(error.to_string(), "EDGEQUAKE_API_KEY is empty; give a key, or leave it out");
        }
    }

    #[test]
    fn look_alike_characters_are_named_by_position() {
        for (text, position, code) in [
            ("sk-\u{28b}1", 4, "U+028B"),
            ("\u{201c}k1\u{201d}", 1, "U+201C"),
            ("k1\u{200b}", 3, "U+200B"),
            ("k\u{2014}1", 2, "U+2014"),
            ("Bearer k\u{2014}1", 9, "U+2014"),
            ("s3cr3t\n\nx", 7, "U+000A"),
            ("k\0", 2, "U+0000"),
        ] {
            let shown = clean("the API key", text).unwrap_err().to_string();
            assert!(shown.contains(&format!("position {position} ({code})")), "{shown}");
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn a_clean_key_is_always_a_header_value(text in any::<String>()) {
            if let Ok(key) = clean("the key", &text) {
                prop_assert!(http::HeaderValue::from_str(key.expose()).is_ok());
                prop_assert_eq!(key.expose(), key.expose().trim());
                prop_assert!(text.contains(key.expose()));
            }
        }
    }
}
