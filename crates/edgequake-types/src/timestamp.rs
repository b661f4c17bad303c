//! [`Timestamp`]: a date that keeps the text it came with.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// An RFC 3339 date and time, kept as the text the server sent, so that one odd date never fails a page.
///
/// Conversions are made on demand: `to_jiff` with the feature `jiff`, `to_chrono` with `chrono`.
///
/// ```
/// use edgequake_types::Timestamp;
///
/// let stamp: Timestamp = serde_json::from_str("\"2026-03-02T09:00:00+00:00\"")?;
/// assert_eq!(stamp.as_str(), "2026-03-02T09:00:00+00:00");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(Box<str>);

impl Timestamp {
    /// Takes the text as it is, unchecked.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text as the server sent it. Some items carry an empty one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant, read with `jiff`.
    ///
    /// # Errors
    ///
    /// When the text is not an RFC 3339 date and time.
    #[cfg(feature = "jiff")]
    pub fn to_jiff(&self) -> Result<jiff::Timestamp, jiff::Error> {
        self.0.parse()
    }

    /// The instant with its offset, read with `chrono`.
    ///
    /// # Errors
    ///
    /// When the text is not an RFC 3339 date and time.
    #[cfg(feature = "chrono")]
    pub fn to_chrono(&self) -> Result<chrono::DateTime<chrono::FixedOffset>, chrono::ParseError> {
        chrono::DateTime::parse_from_rfc3339(&self.0)
    }
}

/// Takes a text as it is, and a number as its text.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Ok(Timestamp::new(text))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Timestamp, E> {
                Ok(Timestamp::new(number.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Timestamp, E> {
                Ok(Timestamp::new(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Timestamp, E> {
                Ok(Timestamp::new(number.to_string()))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Timestamp {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(stamp: jiff::Timestamp) -> Self {
        Self(stamp.to_string().into())
    }
}

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> From<chrono::DateTime<Z>> for Timestamp {
    fn from(stamp: chrono::DateTime<Z>) -> Self {
        Self(stamp.to_rfc3339().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_survives_a_round_trip() {
        for text in ["2026-03-02T09:00:00.123456+00:00", "2026-03-02T09:00:00Z", "", "yesterday"] {
            let json = serde_json::to_string(text).unwrap();
            let stamp: Timestamp = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&stamp).unwrap(), json);
        }
    }

    #[test]
    fn a_number_is_kept_as_its_text() {
        let stamp: Timestamp = serde_json::from_str("1778201849").unwrap();
        assert_eq!(stamp.as_str(), "1778201849");
        assert!(serde_json::from_str::<Timestamp>("{}").is_err());
    }

    #[cfg(feature = "jiff")]
    #[test]
    fn jiff_reads_offsets_and_refuses_other_text() {
        let stamp = Timestamp::new("2026-03-02T10:00:00.5+01:00").to_jiff().unwrap();
        assert_eq!(Timestamp::from(stamp).as_str(), "2026-03-02T09:00:00.5Z");
        assert!(Timestamp::new("").to_jiff().is_err());
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn chrono_keeps_the_offset() {
        let stamp = Timestamp::new("2026-03-02T10:00:00+01:00");
        assert_eq!(Timestamp::from(stamp.to_chrono().unwrap()), stamp);
        assert!(Timestamp::new("yesterday").to_chrono().is_err());
    }
}
