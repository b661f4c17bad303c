//! Numbers and flags, also where they come as text.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::Tolerant;
use crate::model;

/// Whole numbers that a JSON number, a whole float or a numeric string may stand for.
pub(crate) trait Whole: Sized {
    const EXPECTED: &'static str;
    fn from_u64(value: u64) -> Option<Self>;
    fn from_i64(value: i64) -> Option<Self>;
}

macro_rules! whole {
    ($($int:ty => $expected:literal),*) => {$(
        impl Tolerant for $int {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::read_optional(deserializer).map(Option::unwrap_or_default)
            }

            fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                deserializer.deserialize_any(WholeVisitor(PhantomData))
            }

            fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                Self::read_optional(deserializer)
            }

            fn absent() -> Option<Self> {
                Some(0)
            }
        }

        impl Whole for $int {
            const EXPECTED: &'static str = $expected;

            fn from_u64(value: u64) -> Option<Self> {
                Self::try_from(value).ok()
            }

            fn from_i64(value: i64) -> Option<Self> {
                Self::try_from(value).ok()
            }
        }
    )*};
}

whole!(
    u64 => "a whole number of 0 or more",
    usize => "a whole number of 0 or more",
    u32 => "a whole number from 0 to 4294967295",
    u16 => "a whole number from 0 to 65535",
    u8 => "a whole number from 0 to 255",
    i64 => "a whole number",
    i32 => "a whole number from -2147483648 to 2147483647"
);

/// 2^53: above it a float no longer tells neighbouring whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

struct WholeVisitor<T>(PhantomData<T>);

impl<T: Whole> Visitor<'_> for WholeVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        T::from_u64(value).map(Some).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::from_i64(value).map(Some).ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        if value.fract() == 0.0 && value.abs() <= EXACT {
            // Whole and within the exact range: the conversion loses nothing.
            #[allow(clippy::cast_possible_truncation)]
            return self.visit_i64(value as i64);
        }
        Err(E::invalid_value(de::Unexpected::Float(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(value) = text.parse() {
            return self.visit_u64(value);
        }
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(value), _) => self.visit_i64(value),
            (Err(_), Ok(value)) => self.visit_f64(value),
            _ => Err(E::invalid_value(de::Unexpected::Other("text that is not a number"), &self)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// How many relationships an entity has: a number, or an object with `in`, `out` and `total`.
pub(crate) fn optional_degree<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[model]
    struct Split {
        #[field(rename = "in")]
        incoming: u64,
        #[field(rename = "out")]
        outgoing: u64,
        total: Option<u64>,
    }

    struct Degree;

    impl<'de> Visitor<'de> for Degree {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of relationships")
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
            WholeVisitor(PhantomData).visit_i64(value)
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
            WholeVisitor(PhantomData).visit_f64(value)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            WholeVisitor(PhantomData).visit_str(text)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: de::MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
            let split = Split::deserialize(de::value::MapAccessDeserializer::new(fields))?;
            Ok(Some(split.total.unwrap_or(split.incoming.saturating_add(split.outgoing))))
        }
    }

    deserializer.deserialize_any(Degree)
}

/// A duration in whole seconds; fractions are cut (`"3600.5"` is 3600), because a lifetime must not be overrated. What is no
/// finite number says nothing.
pub(crate) fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    struct Seconds;

    impl Visitor<'_> for Seconds {
        type Value = Option<i64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of seconds")
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(i64::try_from(value).unwrap_or(i64::MAX)))
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
            // `as` saturates, and a lifetime of centuries is as good as the largest one.
            #[allow(clippy::cast_possible_truncation)]
            Ok(value.is_finite().then(|| value.floor() as i64))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            match (text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
                (Ok(value), _) => Ok(Some(value)),
                (Err(_), Ok(value)) => self.visit_f64(value),
                _ if text.trim().is_empty() => Ok(None),
                _ => Err(E::invalid_value(de::Unexpected::Other("text that is not a number"), &self)),
            }
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Seconds)
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(E::invalid_value(de::Unexpected::Other("text that is neither"), &self)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

impl Tolerant for bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read_optional(deserializer).map(Option::unwrap_or_default)
    }

    fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }

    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::read_optional(deserializer)
    }

    fn absent() -> Option<Self> {
        Some(false)
    }
}

struct FractionVisitor;

impl Visitor<'_> for FractionVisitor {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    // Numbers above 2^53 lose their last digits, as they do in JSON.
    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(Some(value)),
                _ => Err(E::invalid_value(de::Unexpected::Other("text that is not a finite number"), &self)),
            },
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

impl Tolerant for f64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read_optional(deserializer).map(Option::unwrap_or_default)
    }

    fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(FractionVisitor)
    }

    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::read_optional(deserializer)
    }

    fn absent() -> Option<Self> {
        Some(0.0)
    }
}
