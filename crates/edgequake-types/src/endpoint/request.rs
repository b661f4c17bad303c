//! Turning an [`Endpoint`] into an HTTP request, and back.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::body::Body;
use super::path;
use super::{Endpoint, Payload};
use crate::json_path;
use crate::multipart::{Form, FormError, Multipart};

/// Why a request could not be written. Never carries a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A path parameter that no encoding can save.
    #[error(
        "the path parameter `{name}` must not be blank, `.` or `..`: no encoding keeps such a segment in a URL"
    )]
    Segment {
        /// The name of the parameter.
        name: &'static str,
    },
    /// A field that has no form in JSON or in a query string.
    #[error("the request cannot be written as JSON")]
    Serialize(#[source] serde_json::Error),
    /// Path and query that no URI can hold.
    #[error("path and query do not form a URI")]
    Uri(#[source] http::Error),
}

/// Why a request or an answer could not be read. Names the field, never its value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Method or path belong to another operation.
    #[error("expected {method} {path}")]
    Route {
        /// The method of the operation that was expected.
        method: http::Method,
        /// Its path template.
        path: &'static str,
    },
    /// The text is no JSON, or a field is missing or of the wrong type.
    #[error("{}", at(.path))]
    Json {
        /// The place in the JSON text, such as `documents[3].chunk_count`; `.` is the whole.
        path: String,
        /// What is wrong there.
        #[source]
        source: serde_json::Error,
    },
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    Utf8(#[source] std::str::Utf8Error),
    /// The body is no form.
    #[error("the form cannot be read")]
    Form(#[source] FormError),
    /// A part of the form is missing.
    #[error("the form has no part `{name}`")]
    Part {
        /// The name of the part.
        name: &'static str,
    },
}

fn at(path: &str) -> String {
    if path == "." {
        "the JSON text cannot be read".to_owned()
    } else {
        format!("the JSON field `{path}` cannot be read")
    }
}

/// Reads JSON. A leading byte-order mark is ignored (RFC 8259, 8.1); an error names the place.
///
/// # Errors
///
/// [`DecodeError::Json`] with the path of the first field that does not fit.
pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
    // Checked once as a whole, instead of text by text.
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text).map_err(|error| json_error(json, error)),
        Err(error) => Err(not_utf8(json, error)),
    }
}

/// The error of a text that is no UTF-8, with the place of the first byte that is wrong.
#[cold]
fn not_utf8(json: &[u8], error: std::str::Utf8Error) -> DecodeError {
    let valid = json.get(..error.valid_up_to()).unwrap_or_default();
    match serde_json::from_slice::<IgnoredAny>(valid) {
        Ok(_) => DecodeError::Utf8(error),
        Err(cut) => {
            let path = json_path::of_error(valid, &cut);
            DecodeError::Json { path, source: serde_json::Error::custom("a text that is not UTF-8") }
        }
    }
}

/// The error of a text whose reading failed, with the place of it.
#[cold]
pub(crate) fn json_error(json: &[u8], source: serde_json::Error) -> DecodeError {
    let path = json_path::of_error(json, &source);
    let source = without_values(&source.to_string()).map_or(source, serde_json::Error::custom);
    DecodeError::Json { path, source }
}

/// Reads what has been put together here, and not come as a text: an error names its place by the path alone.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    if let Ok(read) = T::deserialize(value) {
        return Ok(read);
    }
    // Only a text has places to name.
    from_json(value.to_string().as_bytes()).map_err(|error| match error {
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
    const KINDS: [(&str, char); 6] = [
        ("string \"", '"'),
        ("boolean `", '`'),
        ("integer `", '`'),
        ("floating point `", '`'),
        ("character `", '`'),
        ("unknown variant `", '`'),
    ];
    let mut kept = String::new();
    let mut rest = message;
    while let Some((start, kind, quote)) =
        KINDS.iter().filter_map(|&(kind, quote)| Some((rest.find(kind)?, kind, quote))).min()
    {
        let (before, after) = rest.split_at(start + kind.len());
        kept.push_str(before.get(..before.len() - 2).unwrap_or_default());
        let mut escaped = false;
        let end = after.find(|character| {
            let closes = character == quote && !escaped;
            escaped = character == '\\' && !escaped;
            closes
        });
        rest = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
    }
    (!kept.is_empty()).then(|| kept + rest)
}

/// The fields of a request as a query string; nested values are not part of any query of this API.
pub(crate) fn query(request: &(impl Serialize + ?Sized)) -> Result<Option<String>, EncodeError> {
    let Value::Object(fields) = serde_json::to_value(request).map_err(EncodeError::Serialize)? else {
        return Ok(None);
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &fields {
        match value {
            Value::Null => {}
            Value::String(text) => drop(query.append_pair(name, text)),
            other => drop(query.append_pair(name, &other.to_string())),
        }
    }
    let query = query.finish();
    Ok((!query.is_empty()).then_some(query))
}

pub(crate) fn to_request<E: Endpoint>(endpoint: &E) -> Result<http::Request<Body>, EncodeError> {
    let path = endpoint.path()?;
    let body = endpoint.body()?;
    let builder = http::Request::builder().method(E::METHOD);
    let builder = match endpoint.query()? {
        Some(query) => builder.uri(format!("{path}?{query}")),
        None => builder.uri(&*path),
    };
    let mut request = builder.body(body).map_err(EncodeError::Uri)?;
    let content_type = request.body().content_type();
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static(<E::Response as Answer>::MEDIA_TYPE));
    if let Some(value) = content_type {
        headers.insert(CONTENT_TYPE, value);
    }
    endpoint.headers(headers);
    Ok(request)
}

/// The parameters of the path.
fn routed<E: Endpoint>(parts: &http::request::Parts) -> Result<Vec<(&'static str, String)>, DecodeError> {
    path::parameters(E::PATH, parts.uri.path())
        .filter(|_| parts.method == E::METHOD)
        .ok_or(DecodeError::Route { method: E::METHOD, path: E::PATH })
}

/// Names and values of a query string or an URL-encoded form.
fn pairs(text: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(text)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// Reads a request back from its path, and its query or body.
pub fn from_request<E: Endpoint>(parts: &http::request::Parts, body: &[u8]) -> Result<E, DecodeError> {
    let parameters = routed::<E>(parts)?;
    let mut fields = match E::PAYLOAD {
        Payload::Json if parameters.is_empty() => return from_json(body),
        Payload::Json => from_json::<Map<String, Value>>(body)?,
        Payload::Query | Payload::Raw => pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        Payload::Form => pairs(body),
        Payload::None | Payload::Multipart => Map::new(),
    };
    // The path wins over a field of the same name: it is what the request was routed and authorized by.
    fields.extend(parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))));
    from_value(&Value::Object(fields))
}

/// Reads a request whose body is a form.
#[inline]
pub fn from_form<E: Endpoint + Multipart>(
    parts: &http::request::Parts,
    body: &[u8],
) -> Result<E, DecodeError> {
    let parameters = routed::<E>(parts)?;
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form = Form::parse(content_type.unwrap_or_default(), &Bytes::copy_from_slice(body));
    E::from_form(form.map_err(DecodeError::Form)?, &parameters)
}

#[cfg(test)]
mod tests;
