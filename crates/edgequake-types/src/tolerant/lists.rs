//! Lists and maps: `null` is the empty one, and each element is read by its type.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Tolerant;

/// Reads one element by its type.
struct ByType<T>(PhantomData<T>);

impl<'de, T: Tolerant> DeserializeSeed<'de> for ByType<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Tolerant> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        // A length that a text claims is not believed beyond this.
        let mut list = Vec::with_capacity(elements.size_hint().unwrap_or(0).min(1024));
        while let Some(element) = elements.next_element_seed(ByType(PhantomData))? {
            list.push(element);
        }
        Ok(list)
    }
}

/// The elements of a list that has begun.
pub(crate) fn list<'de, T: Tolerant, A: SeqAccess<'de>>(elements: A) -> Result<Vec<T>, A::Error> {
    ListVisitor(PhantomData).visit_seq(elements)
}

impl<T: Tolerant> Tolerant for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }

    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::read_optional(deserializer)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

struct MapVisitor<T>(PhantomData<T>);

impl<'de, T: Tolerant> Visitor<'de> for MapVisitor<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = entries.next_key()? {
            let value = entries.next_value_seed(ByType(PhantomData))?;
            map.entry(key).or_insert(value);
        }
        Ok(map)
    }
}

impl<T: Tolerant> Tolerant for BTreeMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MapVisitor(PhantomData))
    }

    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::read_optional(deserializer)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl Tolerant for Map<String, Value> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Option::unwrap_or_default)
    }

    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Self::read_optional(deserializer)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}
