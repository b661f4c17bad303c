//! How many relationships an entity has: a number, or an object with `in`, `out` and `total`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Error, IntoDeserializer, Visitor};

use super::DegreeCounts;
use crate::tolerant::{First, Tolerant, nested};

pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_any(Degree)
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
        u64::read_optional(value.into_deserializer())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        u64::read_optional(value.into_deserializer())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        u64::read_optional(text.into_deserializer())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        let First(value) = First::deserialize(de::value::MapAccessDeserializer::new(fields))?;
        if value.is_number() {
            return <Option<u64> as Tolerant>::read(value).map_err(A::Error::custom);
        }
        let counts: DegreeCounts = nested(&value)?;
        Ok(Some(counts.total.unwrap_or(counts.incoming.saturating_add(counts.outgoing))))
    }
}
