//! [`Secret`]: text that must never be printed, logged or serialized by accident.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

/// A password, an API key or a token.
///
/// The text is wiped from memory when the value is dropped, prints as `[redacted]`, has no `Display` and no `Serialize`.
/// Declarations that carry a secret over the wire opt in field by field: with `#[field(expose)]` below
/// [`model`](macro@crate::model) and [`operation`](macro@crate::operation), with [`secret::expose`](expose) where serde's
/// `Serialize` is derived. Copies made outside this type (an HTTP header, a TLS buffer) are not wiped.
///
/// ```
/// use edgequake_types::Secret;
///
/// let key = Secret::new("eq_s3cr3t");
/// assert_eq!(format!("{key:?}"), "[redacted]");
/// assert_eq!(key.expose(), "eq_s3cr3t");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text as it is. Nothing is trimmed here: a password may start with a blank.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares in a time that depends on the lengths only, so that a server can check a guess.
    pub fn matches(&self, guess: &str) -> bool {
        let (ours, guess) = (self.0.as_bytes(), guess.as_bytes());
        let differing = ours.iter().zip(guess).fold(0_u8, |seen, (a, b)| seen | (a ^ b));
        std::hint::black_box(differing) == 0 && ours.len() == guess.len()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.expose())
    }
}

impl Eq for Secret {}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Writes a secret of a type that derives `Serialize`: `#[serde(serialize_with = "secret::expose")]`.
///
/// # Errors
///
/// Those of the serializer.
pub fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// [`expose`] for a secret that may be absent; `None` is written as `null`.
///
/// # Errors
///
/// Those of the serializer.
pub fn expose_option<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_neither_by_debug_nor_by_alternate_debug() {
        let secret = Secret::new("s3cr3t-k");
        for text in [format!("{secret:?}"), format!("{secret:#?}"), format!("{:?}", Some(&secret))] {
            assert!(!text.contains("s3cr3t") && text.contains("[redacted]"), "{text}");
        }
    }

    #[test]
    fn matches_only_the_same_text() {
        let secret = Secret::new("abc");
        assert!(secret.matches("abc"));
        for guess in ["", "ab", "abd", "abcd", "ABC"] {
            assert!(!secret.matches(guess), "{guess}");
        }
    }
}
