//! Numbers and flags, also where they come as text.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::Tolerant;

/// Whole numbers that a JSON number, a whole float or a numeric string may stand for.
pub(crate) trait Integer: Sized {
    const EXPECTED: &'static str;
    fn from_u64(value: u64) -> Option<Self>;
    fn from_i64(value: i64) -> Option<Self>;
}

/// A number that comes as a map of one entry, `{"$serde_json::private::Number": "1.5"}`: so it comes to every visitor in a
/// program in which someone has turned on serde_json's `arbitrary_precision`. Such keys begin with `$`.
fn number_in_map<'de, A: MapAccess<'de>>(
    mut entries: A,
    expected: &dyn de::Expected,
) -> Result<String, A::Error> {
    let (mut number, mut is_alone) = (None, true);
    // Up to the end, so that an error is placed at the whole object.
    while let Some((key, value)) = entries.next_entry::<String, Value>()? {
        is_alone = is_alone && number.is_none() && key.starts_with('$');
        if let Value::String(text) = value {
            number = Some(text).filter(|text| text.parse::<f64>().is_ok());
        }
    }
    number.filter(|_| is_alone).ok_or_else(|| de::Error::invalid_type(de::Unexpected::Map, expected))
}

/// The method of a visitor that reads such a number as the text that it holds.
macro_rules! visit_number_in_map {
    () => {
        fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
            let number = number_in_map(entries, &self)?;
            self.visit_str(&number)
        }
    };
}

/// Reads by a visitor of an `Option`. What is absent, `null` or an empty text is `$absent` where that is not optional.
macro_rules! tolerant_by {
    ($type:ty, $visitor:expr, $absent:expr) => {
        impl Tolerant for $type {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::read_optional(deserializer).map(Option::unwrap_or_default)
            }

            fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                deserializer.deserialize_any($visitor)
            }

            fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                Self::read_optional(deserializer)
            }

            fn absent() -> Option<Self> {
                Some($absent)
            }
        }
    };
}

macro_rules! integers {
    ($($int:ty => $expected:literal),*) => {$(
        tolerant_by!($int, IntegerVisitor(PhantomData), 0);

        impl Integer for $int {
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

integers!(
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

struct IntegerVisitor<T>(PhantomData<T>);

impl<'de, T: Integer> Visitor<'de> for IntegerVisitor<T> {
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

    visit_number_in_map!();
}

/// A duration in whole seconds; fractions are cut (`"3600.5"` is 3600), because a lifetime must not be overrated. What is no
/// finite number says nothing.
pub(crate) fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    struct Seconds;

    impl<'de> Visitor<'de> for Seconds {
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

        visit_number_in_map!();
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

tolerant_by!(bool, FlagVisitor, false);

/// Numbers with a fraction.
trait Fraction: Sized {
    /// The nearest number of this type; `None` where only infinity is.
    fn from_f64(value: f64) -> Option<Self>;
}

impl Fraction for f64 {
    fn from_f64(value: f64) -> Option<Self> {
        Some(value)
    }
}

impl Fraction for f32 {
    fn from_f64(value: f64) -> Option<Self> {
        // To the nearest one: fewer digits are what the type is for.
        #[allow(clippy::cast_possible_truncation)]
        let nearest = value as f32;
        nearest.is_finite().then_some(nearest)
    }
}

struct FractionVisitor<T>(PhantomData<T>);

impl<'de, T: Fraction> Visitor<'de> for FractionVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::from_f64(value).map(Some).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }

    // Numbers above 2^53 lose their last digits, as they do in JSON.
    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => self.visit_f64(value),
                _ => Err(E::invalid_value(de::Unexpected::Other("text that is not a finite number"), &self)),
            },
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    visit_number_in_map!();
}

tolerant_by!(f64, FractionVisitor(PhantomData), 0.0);
tolerant_by!(f32, FractionVisitor(PhantomData), 0.0);
