//! One recorded body: read by the types of its operation, written again, and compared.

use std::error::Error;

use bytes::Bytes;
use edgequake_types::samples::{Replay, ReplayEvents, Sample, SampleError, any};
use edgequake_types::{ErrorBody, ErrorShape};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::response::Parts;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::compare::{Line, losses, told};
use super::events;

/// What became of a sample: why it could not be read, or the lines that tell what was lost.
pub(super) type Outcome = Result<Vec<Line>, String>;

/// A recorded answer.
pub(super) fn answer(sample: &Sample, status: Option<u16>, body: &Bytes) -> Outcome {
    let status = status.map(StatusCode::from_u16).transpose().map_err(|error| error.to_string())?;
    let status = status.unwrap_or_default();
    if status.is_client_error() || status.is_server_error() {
        return error(sample, status, body);
    }
    match sample.answer {
        Replay::Whole(replay) => whole(status, body, replay),
        Replay::Events(replay) => stream(body, replay),
        Replay::Line(replay) => lines(body, replay),
        Replay::Bytes => Ok(Vec::new()),
    }
}

type Whole = fn(&Parts, Bytes) -> Result<Response<Bytes>, SampleError>;

fn whole(status: StatusCode, body: &Bytes, replay: Whole) -> Outcome {
    let json = any(body).ok();
    let mut head = Response::new(());
    *head.status_mut() = status;
    let content_type = if json.is_some() { "application/json" } else { "application/octet-stream" };
    head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let (head, ()) = head.into_parts();
    let written = replay(&head, body.clone()).map_err(|error| chain(&*error))?.into_body();
    if written == *body || body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let parse = |text: &[u8]| if text.is_empty() { Some(Value::Null) } else { any(text).ok() };
    let (Some(given), Some(written)) = (json, parse(&written)) else {
        let begin = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        return Ok(if written == *begin { Vec::new() } else { vec![not_kept(body.len())] });
    };
    let again = |text: &Value| parse(replay(&head, text.to_string().into()).ok()?.body());
    Ok(told(&losses(&given, &written, &again)))
}

fn not_kept(length: usize) -> Line {
    Line { text: format!(".: lost (a body of {length} bytes that is no JSON)"), is_loss: true }
}

/// Says where in a body with several parts it is.
fn within(part: &str, number: usize, lines: Vec<Line>) -> impl Iterator<Item = Line> {
    lines.into_iter().map(move |line| Line { text: format!("{part} {number}: {}", line.text), ..line })
}

fn stream(body: &Bytes, replay: ReplayEvents) -> Outcome {
    let text = std::str::from_utf8(body).map_err(|error| format!("the stream is not UTF-8: {error}"))?;
    let events = events::split(text);
    if events.is_empty() && !text.trim().is_empty() && !text.trim_start().starts_with(':') {
        return Err("no server-sent event in it: expected lines such as `data: {...}`".to_owned());
    }
    let mut lines = Vec::new();
    for (index, written) in replay(&events).into_iter().enumerate() {
        let Some((name, payload)) = events.get(index) else { break };
        let number = index + 1;
        let written = written.map_err(|error| format!("event {number}: {}", chain(&*error)))?;
        // A piece of text is in the event that was made of it.
        let Ok(given @ Value::Object(_)) = any(payload.as_bytes()) else { continue };
        let parse = |text: Option<edgequake_types::EventText>| match text {
            Some(text) => any(text.payload.as_bytes()).ok(),
            None => Some(Value::Null),
        };
        let Some(written) = parse(written) else { continue };
        let before = events.get(..index).unwrap_or_default();
        let again = |text: &Value| {
            let mut events = before.to_vec();
            events.push((name.clone(), text.to_string()));
            parse(replay(&events).pop()?.ok()?)
        };
        let losses = told(&losses(&given, &written, &again));
        lines.extend(within("event", number, losses));
    }
    Ok(lines)
}

fn lines(body: &Bytes, replay: fn(&[u8]) -> Result<Vec<u8>, SampleError>) -> Outcome {
    let mut told_of = Vec::new();
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let number = index + 1;
        let written = replay(line).map_err(|error| format!("line {number}: {}", chain(&*error)))?;
        let (Ok(given), Ok(written)) = (any(line), any(&written)) else { continue };
        let again = |text: &Value| any(&replay(text.to_string().as_bytes()).ok()?).ok();
        told_of.extend(within("line", number, told(&losses(&given, &written, &again))));
    }
    Ok(told_of)
}

const SHAPES: [ErrorShape; 4] =
    [ErrorShape::Problem, ErrorShape::Bare, ErrorShape::AuthLayer, ErrorShape::RateLimiter];

/// The body of an error: any text can be read, so that only what is lost matters. A server writes it in one of several shapes; the one
/// that fits best counts, and all that [`ErrorBody`] holds. An operation whose "no" has the form of its answer is read by that.
fn error(sample: &Sample, status: StatusCode, body: &Bytes) -> Outcome {
    let Ok(given @ Value::Object(_)) = any(body) else { return Ok(Vec::new()) };
    let lines = |shape: ErrorShape| {
        let again = |text: &Value| {
            let error = ErrorBody::read(status, text.to_string().as_bytes());
            let mut written: Value = any(&error.write(status, shape).1).ok()?;
            let held = json!([
                error.code,
                error.message,
                error.details,
                error.request_id,
                error.retry_after_seconds,
                error.retryable,
            ]);
            let fields = written.as_object_mut()?;
            fields.insert("\u{0}held".to_owned(), held);
            // Codes are compared without case.
            let code = text.get("code").and_then(Value::as_str);
            if let (Some(code), Some(Value::String(written))) = (code, fields.get_mut("code"))
                && code.eq_ignore_ascii_case(written)
            {
                code.clone_into(written);
            }
            Some(written)
        };
        again(&given).map(|written| told(&losses(&given, &written, &again)))
    };
    let least = SHAPES.into_iter().filter_map(lines).min_by_key(Vec::len).unwrap_or_default();
    let Replay::Whole(replay) = sample.answer else { return Ok(least) };
    let own = whole(status, body, replay).unwrap_or_else(|_| least.clone());
    Ok(if own.len() < least.len() { own } else { least })
}

/// An error with all that it was caused by.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
