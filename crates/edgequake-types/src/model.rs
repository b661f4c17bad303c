//! What the code that `#[model]` and `#[operation]` write calls: one loop over the keys of an object, in which each field's
//! type reads itself. Public to that code only, as `__private`.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use http::{HeaderMap, HeaderValue};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::error::{DecodeError, EncodeError};
use crate::json::{from_json, json_error};
use crate::secret::Secret;
use crate::tolerant::{self, First, Tolerant};

pub use bytes::Bytes;
pub use http;
pub use serde;
pub use serde_json::Value;

pub use crate::endpoint::{Multipart, from_form, from_request, json_answer, tenant};
pub use crate::json::says_nothing;
pub use crate::path::expand;
pub use crate::tolerant::wrapped_fields as wrapped;

/// An object of any fields.
pub type Map = serde_json::Map<String, Value>;

/// The index of a key that is no field.
pub const UNKNOWN: usize = usize::MAX;

/// Goes through the keys of an object.
pub struct Keys {
    find: fn(&str) -> usize,
    keep: bool,
    /// The last key that was no field.
    unknown: String,
}

impl Keys {
    /// `find` gives the index of a field by its name or an alias. `keep`: keys that are no field are remembered.
    pub fn new(find: fn(&str) -> usize, keep: bool) -> Self {
        Self { find, keep, unknown: String::new() }
    }

    /// The index of the next key.
    #[inline]
    pub fn next<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<Option<usize>, A::Error> {
        map.next_key_seed(self)
    }
}

impl<'de> DeserializeSeed<'de> for &mut Keys {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for &mut Keys {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<usize, E> {
        let index = (self.find)(name);
        if index == UNKNOWN && self.keep {
            name.clone_into(&mut self.unknown);
        }
        Ok(index)
    }
}

/// Reads a value by a seed, unless the field has one already.
pub fn read_by<'de, A, S>(map: &mut A, slot: &mut Option<S::Value>, seed: S) -> Result<(), A::Error>
where
    A: MapAccess<'de>,
    S: DeserializeSeed<'de>,
    S::Value: Tolerant,
{
    if slot.is_some() {
        return skip(map);
    }
    let value = map.next_value_seed(seed)?;
    // What is `None` may still come: under another name, or again.
    if !(S::Value::IS_OPTION && value.omit()) {
        *slot = Some(value);
    }
    Ok(())
}

/// Reads a value by its type.
pub fn read<'de, A: MapAccess<'de>, T: Tolerant>(map: &mut A, slot: &mut Option<T>) -> Result<(), A::Error> {
    struct Field<T>(PhantomData<T>);

    impl<'de, T: Tolerant> DeserializeSeed<'de> for Field<T> {
        type Value = Option<T>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
            T::read_field(deserializer)
        }
    }

    if slot.is_some() {
        return skip(map);
    }
    *slot = map.next_value_seed(Field(PhantomData))?;
    Ok(())
}

/// Reads a value of which `null` counts as absent: under another name it may still come.
pub fn read_or_null<'de, A: MapAccess<'de>, T: Tolerant>(
    map: &mut A,
    slot: &mut Option<T>,
) -> Result<(), A::Error> {
    struct OrNull<T>(PhantomData<T>);

    impl<'de, T: Tolerant> DeserializeSeed<'de> for OrNull<T> {
        type Value = Option<T>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
            deserializer.deserialize_option(self)
        }
    }

    impl<'de, T: Tolerant> Visitor<'de> for OrNull<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value or null")
        }

        fn visit_none<E: de::Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
            T::read_field(deserializer)
        }
    }

    if slot.is_some() {
        return skip(map);
    }
    *slot = map.next_value_seed(OrNull(PhantomData))?;
    Ok(())
}

/// Reads a value that must not fail its surroundings: what cannot be read counts as absent.
pub fn read_lenient<'de, A: MapAccess<'de>, T: Tolerant>(
    map: &mut A,
    slot: &mut Option<T>,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return skip(map);
    }
    let First(value) = map.next_value()?;
    *slot = T::read_field(value).unwrap_or_default();
    Ok(())
}

/// Passes over a value.
pub fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// Keeps a value that belongs to no field. Of a key that comes twice, the first value that is not `null` counts here too.
pub fn keep<'de, A: MapAccess<'de>>(map: &mut A, keys: &mut Keys, rest: &mut Map) -> Result<(), A::Error> {
    let First(value) = map.next_value()?;
    tolerant::keep_first(rest, std::mem::take(&mut keys.unknown), value);
    Ok(())
}

/// The value of a field, or what it is where it is absent.
pub fn present<T: Tolerant, E: de::Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
    match slot.or_else(T::absent) {
        Some(value) => Ok(value),
        None => Err(E::missing_field(name)),
    }
}

/// The value of a field that has to be there, whatever its type.
pub fn required<T, E: de::Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
    slot.ok_or_else(|| E::missing_field(name))
}

/// A list in place of the object that holds it.
pub fn list<'de, L: FromList, A: SeqAccess<'de>>(elements: A) -> Result<Vec<L::Element>, A::Error> {
    tolerant::list(elements)
}

/// A list type, by its element.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list",
    label = "`bare` names a field of type `Vec<...>`"
)]
pub trait FromList {
    /// What it is a list of.
    type Element: Tolerant;
}

impl<T: Tolerant> FromList for Vec<T> {
    type Element = T;
}

/// A model out of what the fields of another object left; an error names the place within it.
pub fn nested<T: DeserializeOwned, E: de::Error>(rest: Map) -> Result<T, E> {
    tolerant::nested(&Value::Object(rest))
}

/// An answer that may come below `key`.
pub fn from_json_or_wrapped<T: DeserializeOwned>(body: &[u8], key: &str) -> Result<T, DecodeError> {
    struct Inner<'a, T>(&'a str, PhantomData<T>);

    impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Inner<'_, T> {
        type Value = Option<T>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
            let object = tolerant::first_fields(deserializer)?;
            object.get(self.0).filter(|inner| inner.is_object()).map(tolerant::nested).transpose()
        }
    }

    // As `from_json` does.
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let mut text = serde_json::Deserializer::from_slice(text);
    let inner = Inner::<T>(key, PhantomData).deserialize(&mut text);
    match inner.and_then(|inner| text.end().map(|()| inner)) {
        Ok(Some(inner)) => Ok(inner),
        // Bare, or nothing that has fields: that says what is wrong with it.
        Ok(None) => from_json(body),
        Err(error) => from_json(body).map_err(|_| json_error(body, error)),
    }
}

/// Whether a value is the default of its type.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The fields of a model within another object.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be flattened",
    label = "neither a model nor a map",
    note = "`#[field(flatten)]` stands at a `#[model]`, or at a `serde_json::Map<String, Value>`"
)]
pub trait Entries: Sized {
    /// Writes them.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;

    /// Reads them out of what the fields of the other object left.
    fn of_rest<E: de::Error>(rest: Map) -> Result<Self, E>;
}

impl Entries for Map {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
    }

    fn of_rest<E: de::Error>(rest: Map) -> Result<Self, E> {
        Ok(rest)
    }
}

/// A secret on its way to the wire.
pub struct Exposed<'a, T>(pub &'a T);

impl Serialize for Exposed<'_, Secret> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl Serialize for Exposed<'_, Option<Secret>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().map(Secret::expose).serialize(serializer)
    }
}

impl Serialize for Exposed<'_, Option<BTreeMap<String, Secret>>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(secrets) = self.0 else { return serializer.serialize_none() };
        serializer.collect_map(secrets.iter().map(|(name, secret)| (name, secret.expose())))
    }
}

/// A field that travels in a header.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel in a header",
    label = "not a type for a header",
    note = "a field with `#[field(header = \"...\")]` is an `Option<String>` or an `Option<Secret>`"
)]
pub trait HeaderField: Sized {
    /// Writes it, in UTF-8.
    fn write(&self, name: &'static str, headers: &mut HeaderMap) -> Result<(), EncodeError>;

    /// Reads it.
    fn read(name: &'static str, headers: &HeaderMap) -> Self;
}

impl HeaderField for Option<String> {
    fn write(&self, name: &'static str, headers: &mut HeaderMap) -> Result<(), EncodeError> {
        if let Some(text) = self {
            headers.insert(name, header_value(name, text)?);
        }
        Ok(())
    }

    fn read(name: &'static str, headers: &HeaderMap) -> Self {
        header_text(name, headers).map(str::to_owned)
    }
}

impl HeaderField for Option<Secret> {
    fn write(&self, name: &'static str, headers: &mut HeaderMap) -> Result<(), EncodeError> {
        if let Some(secret) = self {
            let mut value = header_value(name, secret.expose())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(())
    }

    fn read(name: &'static str, headers: &HeaderMap) -> Self {
        header_text(name, headers).map(Secret::from)
    }
}

fn header_value(name: &'static str, text: &str) -> Result<HeaderValue, EncodeError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| EncodeError::Header { name })
}

fn header_text<'a>(name: &'static str, headers: &'a HeaderMap) -> Option<&'a str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}
