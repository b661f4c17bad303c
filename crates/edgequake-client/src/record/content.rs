//! The body of a request or an answer on its way into a file: what kind of text it is, and that text without its secrets.

use edgequake_types::from_json;
use serde_json::Value;

use super::redact::{Redactor, is_secret_name};

/// A body that may be written: how the names of its files end, and its content.
pub(super) struct Content {
    pub(super) extension: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// The media type alone, in lower case.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Remembers the secrets of a request: it is where passwords are, which an answer may repeat. `codes`: so are one-time codes.
pub(super) fn learn(redactor: &mut Redactor, content_type: &str, body: &[u8], codes: bool) {
    if essence(content_type) == "application/x-www-form-urlencoded" {
        for (name, value) in form(body) {
            if is_secret_name(&name) || (codes && name == "code") {
                redactor.remember(&value);
            }
        }
    } else if let Ok(value) = from_json::<Value>(body) {
        redactor.learn(&value, codes);
    }
}

/// The body without its secrets. `None` for what is no text, and for what says that it is JSON and is not: there is no telling what is
/// a secret in it.
pub(super) fn clean(
    redactor: &mut Redactor,
    content_type: &str,
    body: &[u8],
    codes: bool,
) -> Option<Content> {
    let content = |extension, bytes| Some(Content { extension, bytes });
    if body.trim_ascii().is_empty() {
        return content("txt", body.to_vec());
    }
    let text = std::str::from_utf8(body).ok()?;
    let kind = essence(content_type);
    match kind.as_str() {
        "text/event-stream" => content("sse", events(redactor, text, codes)?.into_bytes()),
        "application/x-ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            let lines: Option<Vec<String>> =
                text.lines().map(|line| line_of_json(redactor, line, codes)).collect();
            content("ndjson", (lines?.join("\n") + "\n").into_bytes())
        }
        "application/x-www-form-urlencoded" => {
            let mut clean = Vec::new();
            for (name, value) in form(body) {
                let is_secret = is_secret_name(&name) || (codes && name == "code");
                let value = if is_secret { "[redacted]".to_owned() } else { redactor.text(&value) };
                clean.push(format!("{}={}", encoded(&redactor.text(&name)), encoded(&value)));
            }
            content("form", clean.join("&").into_bytes())
        }
        _ => match json(redactor, text, codes) {
            Some(value) => content("json", serde_json::to_vec_pretty(&value).ok()?),
            None if kind.ends_with("json") || begins_like_json(text) => None,
            None if kind.is_empty() || kind.starts_with("text/") => {
                content("txt", redactor.text(text).into_bytes())
            }
            None => None,
        },
    }
}

fn begins_like_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

fn json(redactor: &mut Redactor, text: &str, codes: bool) -> Option<Value> {
    let mut value: Value = from_json(text.as_bytes()).ok()?;
    redactor.learn(&value, codes);
    redactor.json(&mut value, codes);
    Some(value)
}

/// A line of JSON; `None` for one that is cut or none.
fn line_of_json(redactor: &mut Redactor, line: &str, codes: bool) -> Option<String> {
    if line.trim().is_empty() {
        Some(String::new())
    } else {
        json(redactor, line, codes).map(|json| json.to_string())
    }
}

/// The events of a stream. What is no data is kept only if it names the event.
fn events(redactor: &mut Redactor, text: &str, codes: bool) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut clean = String::new();
    for event in text.split("\n\n") {
        let mut data: Vec<&str> = Vec::new();
        for line in event.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "data" => data.push(value),
                "event" => clean.push_str(&format!("event: {}\n", redactor.text(value))),
                _ => {}
            }
        }
        if data.is_empty() {
            continue;
        }
        let data = data.join("\n");
        let data = match json(redactor, &data, codes) {
            Some(value) => value.to_string(),
            None if begins_like_json(&data) => return None,
            None => redactor.text(&data),
        };
        for line in data.split('\n') {
            clean.push_str(&format!("data: {line}\n"));
        }
        clean.push('\n');
    }
    Some(clean)
}

/// The pairs of an URL-encoded form.
fn form(body: &[u8]) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
            let code = hex.filter(|_| byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
            bytes.push(code.unwrap_or(byte));
            rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let text = String::from_utf8_lossy(body);
    let pairs = text.trim().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// A text as a part of an URL-encoded form.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(content_type: &str, body: &str) -> Option<(&'static str, String)> {
        let content = clean(&mut Redactor::default(), content_type, body.as_bytes(), false)?;
        Some((content.extension, String::from_utf8(content.bytes).unwrap()))
    }

    #[test]
    fn every_kind_of_text_comes_without_its_secrets() {
        for (content_type, body, extension, clean) in [
            (
                "application/json",
                "\u{feff}{\"api_key\":\"s3cr3t\"}",
                "json",
                "{\n  \"api_key\": \"[redacted]\"\n}",
            ),
            ("application/problem+json", "[]", "json", "[]"),
            ("", "{\"password\":\"s3cr3t\"}", "json", "{\n  \"password\": \"[redacted]\"\n}"),
            ("text/plain; charset=utf-8", "Bearer s3cr3t-abcd", "txt", "Bearer [redacted]"),
            (
                "text/event-stream",
                "event: a\r\ndata: {\"token\":\"s3cr3t\"}\r\n\r\n: s3cr3t\r\n\r\ndata:  two\r\ndata: lines\r\n\r\n",
                "sse",
                "event: a\ndata: {\"token\":\"[redacted]\"}\n\ndata:  two\ndata: lines\n\n",
            ),
            (
                "application/x-ndjson",
                "{\"pwd\":\"s3cr3t\"}\n\n{\"a\":1}",
                "ndjson",
                "{\"pwd\":\"[redacted]\"}\n\n{\"a\":1}\n",
            ),
            (
                "application/x-www-form-urlencoded",
                "a=b+%C3%BC&pass%77ord=s3cr3t",
                "form",
                "a=b%20%C3%BC&password=%5Bredacted%5D",
            ),
            ("application/json", "", "txt", ""),
        ] {
            assert_eq!(cleaned(content_type, body), Some((extension, clean.to_owned())), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_looked_through_is_not_written() {
        for (content_type, body) in [
            ("application/json", "{\"password\":\"s3cr3t"),
            ("text/plain", "{\"password\":\"s3cr3t"),
            ("text/event-stream", "data: {\"password\":\"s3cr3t\n\n"),
            ("application/x-ndjson", "{\"pwd\":\"s3cr3t"),
            ("application/pdf", "%PDF-1.7"),
            ("multipart/form-data; boundary=b", "--b\r\n"),
        ] {
            assert_eq!(cleaned(content_type, body), None, "{body}");
        }
        assert!(clean(&mut Redactor::default(), "text/plain", b"\xff\xfe", false).is_none());
    }

    #[test]
    fn what_a_request_says_is_taken_out_of_its_answer() {
        let mut redactor = Redactor::default();
        learn(&mut redactor, "application/json", br#"{"password":"s3cr3t-p","name":"mona"}"#, false);
        learn(&mut redactor, "application/x-www-form-urlencoded", b"code=s3cr3t%2Dc", true);
        let answer = clean(&mut redactor, "text/plain", b"mona: s3cr3t-p, s3cr3t-c", false).unwrap();
        assert_eq!(answer.bytes, b"mona: [redacted], [redacted]");
    }
}
