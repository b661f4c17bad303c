//! Turning an [`Endpoint`] into an HTTP request, and back.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::answer::Answer;
use super::body::Body;
use super::multipart::Multipart;
use super::{Endpoint, Payload, Scope};
use crate::error::{DecodeError, EncodeError};
use crate::id::TenantId;
use crate::json::{from_json, from_own_text, without_mark};
use crate::multipart::Form;
use crate::path;

/// The header of the tenant.
const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");
/// The header of the workspace.
const WORKSPACE: HeaderName = HeaderName::from_static("x-workspace-id");

/// The fields of a request as a query string.
pub(crate) fn query(request: &(impl Serialize + ?Sized)) -> Result<Option<String>, EncodeError> {
    let Value::Object(fields) = serde_json::to_value(request).map_err(EncodeError::Serialize)? else {
        return Ok(None);
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &fields {
        match value {
            Value::Null => {}
            Value::String(text) => drop(query.append_pair(name, text)),
            Value::Bool(_) | Value::Number(_) => drop(query.append_pair(name, &value.to_string())),
            Value::Array(_) | Value::Object(_) => return Err(EncodeError::Nested { name: name.clone() }),
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
    let Scope { tenant, workspace } = endpoint.scope();
    if let Some(tenant) = tenant {
        headers.insert(TENANT, HeaderValue::from(&tenant));
    }
    if let Some(workspace) = workspace {
        headers.insert(WORKSPACE, HeaderValue::from(&workspace));
    }
    endpoint.headers(headers)?;
    Ok(request)
}

/// The tenant that a request is sent in. What is no id counts as none.
pub fn tenant(headers: &HeaderMap) -> Option<TenantId> {
    let text = headers.get(TENANT)?.to_str().ok()?.trim();
    TenantId::new(text).or_else(|_| TenantId::opaque(text)).ok()
}

/// The parameters of the path.
fn routed<E: Endpoint>(parts: &http::request::Parts) -> Result<Vec<(&'static str, String)>, DecodeError> {
    path::parameters(E::PATH, parts.uri.path())
        .filter(|_| parts.method == E::METHOD)
        .ok_or(DecodeError::Route { method: E::METHOD, path: E::PATH })
}

/// A JSON object that begins with these fields, not closed. The first of two with one name counts when it is read.
fn object<'a>(fields: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        let (name, value) = (Value::from(&*name), Value::from(&*value));
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&format!("{name}:{value}"));
    }
    if text.is_empty() { "{".to_owned() } else { text }
}

/// What follows the brace of a JSON object; `None` for anything else.
fn fields(json: &[u8]) -> Option<&str> {
    std::str::from_utf8(without_mark(json).trim_ascii_start()).ok()?.strip_prefix('{')
}

/// Reads a request back from its path, and its query or body.
pub fn from_request<E: Endpoint>(parts: &http::request::Parts, body: &[u8]) -> Result<E, DecodeError> {
    let parameters = routed::<E>(parts)?;
    // The path comes first, and so it wins over a field of the same name: it is what the request was routed and authorized by.
    let in_path = || parameters.iter().map(|(name, value)| (Cow::from(*name), Cow::from(value)));
    let in_pairs = |text| from_own_text(&(object(in_path().chain(form_urlencoded::parse(text))) + "}"));
    match E::PAYLOAD {
        Payload::Json if parameters.is_empty() => from_json(body),
        // What is no object is an error that says so.
        Payload::Json => fields(body).map_or_else(
            || from_json(body),
            |rest| {
                let comma = if rest.trim_ascii_start().starts_with('}') { "" } else { "," };
                from_own_text(&(object(in_path()) + comma + rest))
            },
        ),
        Payload::Query | Payload::Raw => in_pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        Payload::Form => in_pairs(body),
        Payload::None | Payload::Multipart => in_pairs(b""),
    }
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
