//! Objects that come in more than one shape: below a name or without that level.

use serde::de::{self, Deserializer, Visitor};
use serde_json::Value;

use super::first_fields;
use crate::error::DecodeError;
use crate::json::{from_value, json_error};

/// Reads an object that has another one under `key`; where it has none, it is that other one itself.
pub fn wrapped<'de, D, V, T>(deserializer: D, key: &str, fields: V) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    V: for<'any> Visitor<'any, Value = T> + Copy,
{
    let mut object = first_fields(deserializer)?;
    if !object.get(key).is_some_and(Value::is_object) {
        // The other fields, such as the time of a change, may stand in it as well.
        let inner = Value::Object(object.clone());
        object.insert(key.to_owned(), inner);
    }
    let object = Value::Object(object);
    if let Ok(read) = (&object).deserialize_map(fields) {
        return Ok(read);
    }
    // Only a text has places to name.
    let text = object.to_string();
    let read = serde_json::Deserializer::from_str(&text).deserialize_map(fields);
    read.map_err(|error| placed(json_error(text.as_bytes(), error)))
}

/// A model out of a value that had to be looked at first; an error names the place within it.
pub(crate) fn nested<T: de::DeserializeOwned, E: de::Error>(value: &Value) -> Result<T, E> {
    from_value(value).map_err(placed)
}

fn placed<E: de::Error>(error: DecodeError) -> E {
    match error {
        DecodeError::Json { path, source } => {
            let message = source.to_string();
            let position = format!(" at line {} column {}", source.line(), source.column());
            let message = message.strip_suffix(&position).unwrap_or(&message);
            if path == "." { E::custom(message) } else { E::custom(format_args!("{path}: {message}")) }
        }
        other => E::custom(other),
    }
}
