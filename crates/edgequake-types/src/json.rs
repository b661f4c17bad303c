//! [`from_json`]: reading JSON so that an error names the place, and never a value.

mod place;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_json::Value;

use crate::error::DecodeError;

/// Reads JSON. A leading byte-order mark is ignored (RFC 8259, 8.1); an error names the place.
///
/// # Errors
///
/// [`DecodeError::Json`] with the path of the first field that does not fit.
pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    let json = without_mark(json);
    // Checked once as a whole, instead of text by text.
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text).map_err(|error| json_error(json, error)),
        Err(error) => Err(not_utf8(json, error)),
    }
}

/// Without the byte-order mark that some senders begin with.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Whether a body of JSON says no more than an absent one: it is blank, or `null`.
pub fn says_nothing(json: &[u8]) -> bool {
    matches!(without_mark(json).trim_ascii(), b"" | b"null")
}

/// The error of a text that is no UTF-8, with the place of the first byte that is wrong.
#[cold]
fn not_utf8(json: &[u8], error: std::str::Utf8Error) -> DecodeError {
    let valid = json.get(..error.valid_up_to()).unwrap_or_default();
    match serde_json::from_slice::<IgnoredAny>(valid) {
        Ok(_) => DecodeError::Utf8(error),
        Err(cut) => {
            let path = place::of_error(valid, &cut);
            DecodeError::Json { path, source: serde_json::Error::custom("a text that is not UTF-8") }
        }
    }
}

/// The error of a text whose reading failed, with the place of it.
#[cold]
pub(crate) fn json_error(json: &[u8], source: serde_json::Error) -> DecodeError {
    let path = place::of_error(json, &source);
    let source = without_values(&source.to_string()).map_or(source, serde_json::Error::custom);
    DecodeError::Json { path, source }
}

/// Reads what has been put together here, and not come as a text: an error names its place by the path alone.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    if let Ok(read) = T::deserialize(value) {
        return Ok(read);
    }
    // Only a text has places to name.
    from_own_text(&value.to_string())
}

/// Reads a text that was put together here: positions in it mean nothing to anyone.
pub(crate) fn from_own_text<T: DeserializeOwned>(text: &str) -> Result<T, DecodeError> {
    from_json(text.as_bytes()).map_err(|error| match error {
        DecodeError::Json { path, source } => {
            let message = source.to_string();
            let position = format!(" at line {} column {}", source.line(), source.column());
            let message = message.strip_suffix(&position).unwrap_or(&message);
            DecodeError::Json { path, source: serde_json::Error::custom(message) }
        }
        other => other,
    })
}

/// Takes the values out of a message such as `invalid type: string "s3cr3t", expected u64`; `None` if there are none.
fn without_values(message: &str) -> Option<String> {
    const KINDS: [(&str, char); 7] = [
        ("string \"", '"'),
        ("boolean `", '`'),
        ("integer `", '`'),
        ("floating point `", '`'),
        ("character `", '`'),
        ("unknown variant `", '`'),
        ("unknown field `", '`'),
    ];
    let mut kept = String::new();
    let mut rest = message;
    while let Some((start, kind, quote)) =
        KINDS.iter().filter_map(|&(kind, quote)| Some((rest.find(kind)?, kind, quote))).min()
    {
        let (before, after) = rest.split_at(start + kind.len());
        kept.push_str(before.get(..before.len() - 2).unwrap_or_default());
        // A name stands there as it came, with quotes of its own: only what follows the last one is not the sender's.
        let end = if kind.starts_with("unknown") { after_name(after) } else { closing(after, quote) };
        rest = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
    }
    (!kept.is_empty()).then(|| kept + rest)
}

/// Where the quote is that ends a text in which quotes are escaped.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.find(|character| {
        let closes = character == quote && !escaped;
        escaped = character == '\\' && !escaped;
        closes
    })
}

/// Where the quote is that ends an unknown name; what is known follows.
fn after_name(text: &str) -> Option<usize> {
    text.rfind("`, expected ").max(text.rfind("`, there are no "))
}

#[cfg(test)]
mod tests;
