//! Reading what servers and the gateways before them really send: `null` for a default, whole numbers as `5.0` or
//! `"5"`, flags as text.
//!
//! Used as `#[serde(default, deserialize_with = "tolerant::count")]`. A value that cannot be meant (`15.5` or `-1` for a
//! count) is an error, never a rounded or wrapped number.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_json::Value;

use crate::DecodeError;
use crate::request::from_value;

/// Whole numbers that a JSON number, a whole float or a numeric string may stand for.
pub(crate) trait Whole: Sized {
    const EXPECTED: &'static str;
    fn from_u64(value: u64) -> Option<Self>;
    fn from_i64(value: i64) -> Option<Self>;
}

macro_rules! whole {
    ($($int:ty => $expected:literal),*) => {$(
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

whole!(u64 => "a whole number of 0 or more", u32 => "a whole number from 0 to 4294967295", i64 => "a whole number");

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

/// A count; `null` is 0.
pub(crate) fn count<'de, D: Deserializer<'de>, T: Whole + Default>(deserializer: D) -> Result<T, D::Error> {
    optional_count(deserializer).map(Option::unwrap_or_default)
}

/// A count that may be absent or `null`.
pub(crate) fn optional_count<'de, D: Deserializer<'de>, T: Whole>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(WholeVisitor(PhantomData))
}

/// How many relationships an entity has: a number, or an object with `in`, `out` and `total`.
pub(crate) fn optional_degree<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    struct Split {
        #[serde(rename = "in", default, deserialize_with = "count")]
        incoming: u64,
        #[serde(rename = "out", default, deserialize_with = "count")]
        outgoing: u64,
        #[serde(default, deserialize_with = "optional_count")]
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

/// A duration in whole seconds; fractions are cut (`"3600.5"` is 3600), because a lifetime must not be overrated.
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
            Ok(Some(value.floor() as i64))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            match (text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
                (Ok(value), _) => Ok(Some(value)),
                (Err(_), Ok(value)) if value.is_finite() => self.visit_f64(value),
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

/// A flag; `null` is false.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    optional_flag(deserializer).map(Option::unwrap_or_default)
}

/// A flag of three states; also read from `"true"` and `"false"`, as query strings have them.
pub(crate) fn optional_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(FlagVisitor)
}

/// Anything with a default; `null` is that default (an empty list, an empty text).
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A text that stands for "none" when it is empty.
pub(crate) fn non_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + AsRef<str>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.filter(|text| !text.as_ref().is_empty()))
}

/// Something that must not fail its surroundings: `None` if it is absent or cannot be read.
pub(crate) fn if_readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Value::deserialize(deserializer).map(|value| serde_json::from_value(value).ok())
}

/// A model that comes either below `key` or bare.
pub(crate) fn wrapped<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
    key: &str,
) -> Result<T, D::Error> {
    let mut value = Value::deserialize(deserializer)?;
    let inner = value.get_mut(key).filter(|inner| inner.is_object()).map(Value::take);
    nested(&inner.unwrap_or(value))
}

/// A model out of a value that had to be looked at first; an error names the place within it.
pub(crate) fn nested<T: DeserializeOwned, E: de::Error>(value: &Value) -> Result<T, E> {
    from_value(value).map_err(|error| match error {
        DecodeError::Json { path, source } => E::custom(format_args!("{path}: {source}")),
        other => E::custom(other),
    })
}

/// A model that comes as an object, or as the bare list of its elements.
pub(crate) fn list_or_object<'de, D, L, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    L: Deserialize<'de>,
    T: Deserialize<'de> + From<Vec<L>>,
{
    struct Either<L, T>(PhantomData<(L, T)>);

    impl<'de, L: Deserialize<'de>, T: Deserialize<'de> + From<Vec<L>>> Visitor<'de> for Either<L, T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list, or an object that holds one")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
            Vec::deserialize(de::value::SeqAccessDeserializer::new(list)).map(T::from)
        }

        fn visit_map<A: de::MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
            T::deserialize(de::value::MapAccessDeserializer::new(object))
        }
    }

    deserializer.deserialize_any(Either(PhantomData))
}

#[cfg(test)]
mod tests;
