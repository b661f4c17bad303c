//! [`Timestamp`]: a date that keeps what it came as.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// An RFC 3339 date and time, kept as the server sent it, so that one odd date never fails a page: any text, and also a number,
/// a list or an object, is read, and written back the same.
///
/// Conversions are made on demand: `to_jiff` with the feature `jiff`, `to_chrono` with `chrono`.
///
/// ```
/// use edgequake_types::Timestamp;
///
/// let stamp: Timestamp = serde_json::from_str("\"2026-03-02T09:00:00+00:00\"")?;
/// assert_eq!(stamp.as_str(), "2026-03-02T09:00:00+00:00");
///
/// let odd: Timestamp = serde_json::from_str("[2026,61]")?;
/// assert_eq!(odd.as_str(), "[2026,61]");
/// assert_eq!(serde_json::to_string(&odd)?, "[2026,61]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Timestamp(Kept);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kept {
    /// A text.
    Text(Box<str>),
    /// Anything else, in the notation of JSON.
    Json(Box<str>),
}

impl Timestamp {
    /// Takes the text as it is, unchecked.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Kept::Text(text.into()))
    }

    /// The text as the server sent it, which may be empty; what came as a number, a list or an object is in the notation of
    /// JSON.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Text(text) | Kept::Json(text) => text,
        }
    }

    /// The instant, read with `jiff`.
    ///
    /// # Errors
    ///
    /// When the text is not an RFC 3339 date and time.
    #[cfg(feature = "jiff")]
    pub fn to_jiff(&self) -> Result<jiff::Timestamp, jiff::Error> {
        self.as_str().parse()
    }

    /// The instant with its offset, read with `chrono`.
    ///
    /// # Errors
    ///
    /// When the text is not an RFC 3339 date and time.
    #[cfg(feature = "chrono")]
    pub fn to_chrono(&self) -> Result<chrono::DateTime<chrono::FixedOffset>, chrono::ParseError> {
        chrono::DateTime::parse_from_rfc3339(self.as_str())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Kept::Text(text) => serializer.serialize_str(text),
            // It was made from a value, so it is one.
            Kept::Json(json) => match serde_json::from_str::<Value>(json) {
                Ok(value) => value.serialize(serializer),
                Err(_) => serializer.serialize_str(json),
            },
        }
    }
}

/// Takes anything but `null`.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;

        /// What is no text.
        fn json(value: impl Into<Value>) -> Timestamp {
            Timestamp(Kept::Json(value.into().to_string().into()))
        }

        impl<'de> Visitor<'de> for Anything {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Ok(Timestamp::new(text))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Timestamp, E> {
                Ok(json(flag))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Timestamp, E> {
                Ok(json(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Timestamp, E> {
                Ok(json(number))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Timestamp, E> {
                Ok(json(number))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Timestamp, A::Error> {
                Value::deserialize(de::value::SeqAccessDeserializer::new(list)).map(json)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, object: A) -> Result<Timestamp, A::Error> {
                Value::deserialize(de::value::MapAccessDeserializer::new(object)).map(json)
            }
        }

        deserializer.deserialize_any(Anything)
    }
}

/// As the text that it came as.
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for Timestamp {
    fn as_ref(&self) -> &str {
        self.as_str()
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
        Self::new(stamp.to_string())
    }
}

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> From<chrono::DateTime<Z>> for Timestamp {
    fn from(stamp: chrono::DateTime<Z>) -> Self {
        Self::new(stamp.to_rfc3339())
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
    fn what_is_no_text_is_kept_and_written_as_it_came() {
        for (json, text) in [
            ("1778201849", "1778201849"),
            ("-1", "-1"),
            ("1778201849.5", "1778201849.5"),
            ("1778201849.0", "1778201849.0"),
            ("true", "true"),
            ("[2026,61,9,0]", "[2026,61,9,0]"),
            (r#"{"$date":"2026-03-02","nanos":[]}"#, r#"{"$date":"2026-03-02","nanos":[]}"#),
            ("{}", "{}"),
        ] {
            let stamp: Timestamp = serde_json::from_str(json).unwrap();
            assert_eq!((stamp.as_str(), stamp.to_string().as_str()), (text, text));
            assert_eq!(serde_json::to_string(&stamp).unwrap(), json);
            assert_eq!(
                serde_json::from_value::<Timestamp>(serde_json::to_value(&stamp).unwrap()).unwrap(),
                stamp
            );
            assert_ne!(stamp, Timestamp::new(text), "a text is written otherwise");
        }
        assert!(serde_json::from_str::<Timestamp>("null").is_err());
        assert!(serde_json::from_str::<Timestamp>("[1").is_err());
        assert_eq!(size_of::<Option<Timestamp>>(), 3 * size_of::<usize>());
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
