//! [`First`]: any JSON, where of a key that comes twice the first value that is not `null` counts, at every level.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What has to be looked at before it can be read by its type. A `Value` alone would keep the last of two.
pub(crate) struct First(pub(crate) Value);

/// How a number comes where someone in the program has turned on serde_json's `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

/// The first value that is not `null` stays.
pub(crate) fn keep_first(object: &mut Map<String, Value>, key: String, value: Value) {
    let kept = object.entry(key).or_insert(Value::Null);
    if kept.is_null() {
        *kept = value;
    }
}

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstVisitor).map(Self)
    }
}

/// The same of what has to be an object.
pub(crate) fn first_fields<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    struct Fields;

    impl<'de> Visitor<'de> for Fields {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
            fields(entries)
        }
    }

    deserializer.deserialize_map(Fields)
}

fn fields<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Map<String, Value>, A::Error> {
    let mut fields = Map::new();
    while let Some(key) = entries.next_key()? {
        let First(value) = entries.next_value()?;
        keep_first(&mut fields, key, value);
    }
    Ok(fields)
}

struct FirstVisitor;

impl<'de> Visitor<'de> for FirstVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(First(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Value, A::Error> {
        let object = fields(entries)?;
        Ok(number(&object).map_or_else(|| Value::Object(object), Value::Number))
    }
}

fn number(object: &Map<String, Value>) -> Option<Number> {
    let text = object.get(NUMBER).filter(|_| object.len() == 1)?;
    text.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_value_that_is_not_null_counts_at_every_level() {
        let First(read) =
            serde_json::from_str(r#"{"a":null,"a":[{"b":1,"b":2,"c":null}],"a":3,"d":1.5,"e":"x","e":true}"#)
                .unwrap();
        assert_eq!(read, json!({"a": [{"b": 1, "c": null}], "d": 1.5, "e": "x"}));
    }

    #[test]
    fn a_number_that_comes_as_a_map_is_one() {
        let First(read) =
            serde_json::from_value(json!({"a": {NUMBER: "1.5"}, "b": {NUMBER: "x"}, "c": {"x": "1"}}))
                .unwrap();
        assert_eq!(read, json!({"a": 1.5, "b": {NUMBER: "x"}, "c": {"x": "1"}}));
    }
}
