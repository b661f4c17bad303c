//! Estimates what is kept in memory, so that its bounds are bounds in bytes.

use serde_json::Value;

/// A node of the tree that an object is, which may hold but a few fields.
const NODE: usize = 768;

/// How many fields a node holds at least.
const FIELDS: usize = 5;

/// What a JSON value takes, in bytes: many times its text where it consists of small objects.
pub(crate) fn json(value: &Value) -> usize {
    let content = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        // A list grows by doubling.
        Value::Array(items) => items.len() * size_of::<Value>() + items.iter().map(json).sum::<usize>(),
        Value::Object(fields) if fields.is_empty() => 0,
        Value::Object(fields) => {
            let nodes = 1 + fields.len() / FIELDS;
            let fields = fields.iter().map(|(name, value)| name.len() + json(value));
            nodes * NODE + fields.sum::<usize>()
        }
    };
    size_of::<Value>() + content
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn small_objects_weigh_more_than_their_text() {
        let empty = json(&Value::Null);
        assert_eq!(json(&json!({})), empty);
        assert_eq!(json(&json!("text")), empty + 4);
        let objects = json!(vec![json!({"a": 0}); 1000]);
        assert!(json(&objects) > 50 * objects.to_string().len());
    }
}
