//! One recorded request: read as a server does, written again, and compared.

use bytes::Bytes;
use edgequake_types::multipart::{Content, Form};
use edgequake_types::samples::{Sample, any};
use edgequake_types::{Body, Payload};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Request, Uri};
use serde_json::{Map, Value};

use super::compare::{losses, told};
use super::replay::{Outcome, chain};

/// What may stand for a parameter of a path: an identifier, a number, a word.
const VALUES: [&str; 3] = ["00000000-0000-0000-0000-000000000001", "1", "default"];

/// Reads it with a path of the operation: the one that was recorded, or one with made-up parameters.
pub(super) fn request(sample: &Sample, uri: Option<&Uri>, body: &Bytes) -> Outcome {
    let mut first = None;
    for value in VALUES {
        let made = path(sample.operation.path, value);
        let uri = uri.map_or(made, Uri::to_string);
        match with_path(sample, &uri, body) {
            Ok(lines) => return Ok(lines),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or_default())
}

/// A path of a template.
fn path(template: &str, value: &str) -> String {
    let segments = template.split('/').map(|part| if part.starts_with('{') { value } else { part });
    segments.collect::<Vec<_>>().join("/")
}

fn with_path(sample: &Sample, uri: &str, body: &Bytes) -> Outcome {
    match sample.operation.payload {
        Payload::Json => json(sample, uri, body),
        Payload::Form => {
            let replay = |text: &str| {
                let written =
                    (sample.request)(&parts(sample, uri, None)?, text.as_bytes()).map_err(|e| chain(&*e))?;
                Ok(text_of(written.body()))
            };
            pairs(&String::from_utf8_lossy(body), &replay)
        }
        Payload::Multipart => multipart(sample, uri, body),
        // What is in the file is the query, where the manifest has none.
        _ => {
            let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
            let recorded = std::str::from_utf8(body).unwrap_or_default().trim().trim_start_matches('?');
            let in_file = query.is_empty() && sample.operation.payload == Payload::Query;
            let content = if in_file { Bytes::new() } else { body.clone() };
            let replay = |query: &str| {
                let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
                let written =
                    (sample.request)(&parts(sample, &uri, None)?, &content).map_err(|e| chain(&*e))?;
                Ok(written.uri().query().unwrap_or_default().to_owned())
            };
            pairs(if in_file { recorded } else { query }, &replay)
        }
    }
}

fn parts(sample: &Sample, uri: &str, content_type: Option<&str>) -> Result<Parts, String> {
    let mut request = Request::builder().method(sample.operation.method.clone()).uri(uri);
    if let Some(content_type) = content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    let request = request.body(()).map_err(|error| format!("the path cannot be one: {error}"))?;
    Ok(request.into_parts().0)
}

fn text_of(body: &Body) -> String {
    body.bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn json(sample: &Sample, uri: &str, body: &Bytes) -> Outcome {
    let parts = parts(sample, uri, Some("application/json"))?;
    let replay = |body: &[u8]| (sample.request)(&parts, body).map(|written| written.into_body().bytes());
    let written = replay(body).map_err(|error| chain(&*error))?.unwrap_or_default();
    let (Ok(given), Ok(written)) = (any(body), any(&written)) else { return Ok(Vec::new()) };
    let again = |text: &Value| any(&replay(text.to_string().as_bytes()).ok()??).ok();
    Ok(told(&losses(&given, &written, &again)))
}

/// A query or an URL-encoded form.
fn pairs(given: &str, replay: &dyn Fn(&str) -> Result<String, String>) -> Outcome {
    let object = |text: &str| {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Value::Object(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
    };
    let again = |value: &Value| {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (name, value) in value.as_object()? {
            text.append_pair(name, value.as_str().unwrap_or_default());
        }
        replay(&text.finish()).ok().map(|written| object(&written))
    };
    let written = replay(given)?;
    Ok(told(&losses(&object(given), &object(&written), &again)))
}

/// A form with files. The boundary is in its first line.
fn multipart(sample: &Sample, uri: &str, body: &Bytes) -> Outcome {
    let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let boundary = std::str::from_utf8(first).ok().and_then(|line| line.strip_prefix("--"));
    let boundary = boundary.ok_or("no form: expected `--` and a boundary in the first line")?;
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    let given = parts_of(&Form::parse(&content_type, body).map_err(|error| error.to_string())?);
    let parts = parts(sample, uri, Some(&content_type))?;
    let written = (sample.request)(&parts, body).map_err(|error| chain(&*error))?;
    let Body::Form(form) = written.body() else { return Err("it is written as no form".to_owned()) };
    let written = parts_of(&form.clone());
    // A part is a field: it is there or not.
    let kept = |value: &Value| {
        let kept = value.as_object()?.iter().filter(|(name, _)| written.contains_key(*name));
        Some(Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
    };
    Ok(told(&losses(&Value::Object(given), &Value::Object(written.clone()), &kept)))
}

/// The parts by their names: the texts, and of a file how long it is.
fn parts_of(form: &Form) -> Map<String, Value> {
    let told = |content: &Content| match content {
        Content::Bytes(bytes) => std::str::from_utf8(bytes).map_or_else(|_| bytes.len().into(), Value::from),
        _ => Value::Null,
    };
    form.parts().iter().map(|part| (part.name.clone(), told(&part.content))).collect()
}
