//! [`aliases!`]: other names that a field may come under.
//!
//! Unlike an alias of serde, this lets a server send both names: a new name beside an old one must not cost an answer.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// Pairs of another name and the name of the field.
pub(crate) type Aliases = &'static [(&'static str, &'static str)];

/// Gives the fields of a model, declared with `#[serde(remote = "Self")]`, other names on input:
/// `aliases! { User { "id" => "user_id" } }`. Where both come, the first one that is not `null` counts.
macro_rules! aliases {
    ($model:ident { $($alias:literal => $name:literal),+ }) => {
        impl serde::Serialize for $model {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $model {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize($crate::aliases::Renamed::new(deserializer, &[$(($alias, $name)),+]))
            }
        }
    };
}

pub(crate) use aliases;

/// Renames keys of a map on their way in.
pub(crate) struct Renamed<T> {
    inner: T,
    aliases: Aliases,
    /// Names that have their value already.
    filled: Vec<&'static str>,
    /// The value of an alias, read ahead to see whether it is `null`.
    ahead: Option<Value>,
}

impl<T> Renamed<T> {
    pub(crate) fn new(inner: T, aliases: Aliases) -> Self {
        Self { inner, aliases, filled: Vec::new(), ahead: None }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Renamed<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.inner.deserialize_map(Renamed::new(visitor, self.aliases))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Renamed<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Renamed::new(map, self.aliases))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Renamed<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.inner.next_key::<String>()? {
            let Some((alias, name)) = self.aliases.iter().find(|(alias, name)| key == *alias || key == *name)
            else {
                return seed.deserialize(key.into_deserializer()).map(Some);
            };
            if self.filled.contains(name) {
                self.inner.next_value::<IgnoredAny>()?;
                continue;
            }
            if key == *alias {
                self.ahead = Some(self.inner.next_value::<Value>()?).filter(|value| !value.is_null());
                if self.ahead.is_none() {
                    continue;
                }
            }
            self.filled.push(name);
            return seed.deserialize(StrDeserializer::new(name)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        match self.ahead.take() {
            Some(value) => seed.deserialize(value).map_err(|error| {
                // No reader places it, so the text says which field it is.
                let name = self.filled.last().copied().unwrap_or_default();
                A::Error::custom(format_args!("{name}: {error}"))
            }),
            None => self.inner.next_value_seed(seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(remote = "Self")]
    struct Key {
        key_id: String,
        #[serde(default)]
        used: Option<u8>,
        #[serde(default)]
        other: u8,
    }

    aliases! { Key { "id" => "key_id", "last" => "used" } }

    fn read(json: &str) -> Result<Key, String> {
        crate::from_json(json.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_value_is_named_under_either_name() {
        for (json, error) in [
            (r#"{"key_id":"a","used":-1}"#, "used: invalid value: integer, expected u8 at line 1 column 23"),
            (
                r#"{"key_id":"a","last":-1}"#,
                ".: used: invalid value: integer, expected u8 at line 1 column 24",
            ),
            (
                r#"{"key_id":"a","last":-1,"other":5}"#,
                "last: used: invalid value: integer, expected u8 at line 1 column 23",
            ),
        ] {
            let Err(crate::DecodeError::Json { path, source }) = crate::from_json::<Key>(json.as_bytes())
            else {
                panic!("{json} was read");
            };
            assert_eq!(format!("{path}: {source}"), error, "{json}");
        }
    }

    #[test]
    fn either_name_or_both() {
        for (json, key_id, used) in [
            (r#"{"key_id":"a"}"#, "a", None),
            (r#"{"id":"a","last":5}"#, "a", Some(5)),
            (r#"{"id":"a","key_id":"b","other":0}"#, "a", None),
            (r#"{"key_id":"b","id":"a"}"#, "b", None),
            (r#"{"id":null,"key_id":"b","last":null,"used":7}"#, "b", Some(7)),
            (r#"{"key_id":"b","id":null,"used":null,"last":null}"#, "b", None),
        ] {
            assert_eq!(read(json).unwrap(), Key { key_id: key_id.to_owned(), used, other: 0 }, "{json}");
        }
    }

    #[test]
    fn only_the_name_is_written() {
        let key = Key { key_id: "a".to_owned(), used: Some(1), other: 2 };
        assert_eq!(serde_json::to_string(&key).unwrap(), r#"{"key_id":"a","used":1,"other":2}"#);
    }

    #[test]
    fn errors_name_the_place() {
        insta::assert_snapshot!(read(r#"{"key_id":"a","other":"x"}"#).unwrap_err(), @"the JSON field `other` cannot be read");
        insta::assert_snapshot!(read(r#"{"other":1}"#).unwrap_err(), @"the JSON text cannot be read");
        insta::assert_snapshot!(read("[]").unwrap_err(), @"the JSON text cannot be read");
        assert!(read(r#"{"id":7}"#).is_err());
    }
}
