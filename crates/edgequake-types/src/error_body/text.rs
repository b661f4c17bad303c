//! The words of a body: those of an error, in the shapes that frameworks and gateways give them, and the first ones of a page.

use serde_json::{Map, Value};

/// Longest message kept, in bytes; a proxy's page may be of any size.
pub(super) const MESSAGE_LIMIT: usize = 1_000;

/// How much of a body is looked at for its first words, in bytes.
const LOOKED_AT: usize = 64 * 1024;

/// How long the first words may be, in bytes.
const FIRST_WORDS_LIMIT: usize = 80;

/// A word of more characters is taken for a secret: a token, or an address that may hold one.
const LONGEST_WORD: usize = 24;

/// How deep words are looked for.
const DEPTH: usize = 4;

/// The fields that hold the words of an error, the most telling first.
const WORDS: [&str; 9] =
    ["message", "detail", "msg", "error_description", "error_message", "errors", "title", "error", "reason"];

/// What an error object says, wherever it says it.
pub(super) fn words_of(fields: &Map<String, Value>) -> Option<String> {
    words_within(fields, 0)
}

/// What a list of errors says.
pub(super) fn words_of_list(list: &[Value]) -> Option<String> {
    words_of_all(list, 0)
}

fn words(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Array(list) => words_of_all(list, depth),
        Value::Object(fields) => words_within(fields, depth).or_else(|| words_by_field(fields, depth)),
        _ => None,
    }
}

fn words_of_all(list: &[Value], depth: usize) -> Option<String> {
    let mut said = String::new();
    for words in list.iter().filter(|_| depth < DEPTH).filter_map(|value| words(value, depth + 1)) {
        if !said.is_empty() {
            said.push_str("; ");
        }
        said.push_str(&words);
        // The rest would be cut off.
        if said.len() > MESSAGE_LIMIT {
            break;
        }
    }
    Some(said).filter(|said| !said.is_empty())
}

/// The words of an object, with the place in the request that they are about: `{"loc": ["body", "title"], "msg": "Field required"}`.
fn words_within(fields: &Map<String, Value>, depth: usize) -> Option<String> {
    let said =
        WORDS.iter().filter(|_| depth <= DEPTH).find_map(|name| words(fields.get(*name)?, depth + 1))?;
    let place = fields.get("loc").and_then(Value::as_array).map(|steps| {
        let steps = steps.iter().filter_map(|step| match step {
            Value::String(name) => Some(name.clone()),
            Value::Number(index) => Some(index.to_string()),
            _ => None,
        });
        steps.collect::<Vec<_>>().join(".")
    });
    Some(match place.filter(|place| !place.is_empty()) {
        Some(place) => format!("{place}: {said}"),
        None => said,
    })
}

/// What is wrong with each field of a request: `{"title": ["is required"]}`.
fn words_by_field(fields: &Map<String, Value>, depth: usize) -> Option<String> {
    let said = fields.iter().filter_map(|(name, value)| match value {
        Value::String(_) | Value::Array(_) => Some(format!("{name}: {}", words(value, depth + 1)?)),
        _ => None,
    });
    Some(said.collect::<Vec<_>>().join("; ")).filter(|said| !said.is_empty())
}

/// What a body that is no JSON object says.
pub(super) fn text_excerpt(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) if text.trim_start().starts_with('<') => excerpt(&without_tags(text)),
        Ok(text) if is_printed(text) => excerpt(text),
        // Compressed or binary: its length says more than its characters.
        _ => format!("{} bytes that are not text", body.len()),
    }
}

/// One line of bounded length without control characters.
pub(super) fn excerpt(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MESSAGE_LIMIT {
            let cut = (0..=MESSAGE_LIMIT).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
            line.truncate(cut);
            line.push('…');
            break;
        }
    }
    line
}

/// The first words of a body that should have been JSON and is a text or a web page, such as `Welcome to nginx!`: enough to see who
/// answered. At most 80 bytes, of a page its title. `None` if the body is JSON, or begins like it, or is no text.
///
/// What may be a secret is left out, and `…` stands for it: words with an equals sign, longer than 24 characters, or of six and more
/// characters with a digit among them.
///
/// ```
/// # use edgequake_types::first_words;
/// assert_eq!(first_words(b"<html><title>Sign in</title>").as_deref(), Some("Sign in"));
/// assert_eq!(first_words(b"the key eq_0123456789 is unknown").as_deref(), Some("the key … is unknown"));
/// assert_eq!(first_words(br#"{"access_token":"a"}"#), None);
/// ```
pub fn first_words(body: &[u8]) -> Option<String> {
    let body = body.get(..LOOKED_AT).unwrap_or(body);
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        // Cut within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(body.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    if !is_printed(text) || text.starts_with(['{', '[', '"']) || serde_json::from_str::<Value>(text).is_ok() {
        return None;
    }
    let page = text.starts_with('<').then(|| without_tags(text));
    let mut line = String::new();
    let mut shown = false;
    for word in page.as_deref().unwrap_or(text).split_whitespace() {
        let word = if may_be_secret(word) { "…" } else { word };
        if word == "…" && line.ends_with(word) {
            continue;
        }
        if line.len() + word.len() >= FIRST_WORDS_LIMIT {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        shown |= word != "…";
    }
    shown.then_some(line)
}

fn may_be_secret(word: &str) -> bool {
    let length = word.chars().count();
    word.contains('=') || length > LONGEST_WORD || (length >= 6 && word.chars().any(|c| c.is_ascii_digit()))
}

fn is_printed(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || c.is_whitespace())
}

/// The title of an HTML page, else its text.
fn without_tags(html: &str) -> String {
    // Of the same length, byte for byte.
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let start = start + "<title>".len();
        let end = lower.get(start..)?.find("</title>").map_or(lower.len(), |end| start + end);
        html.get(start..end)
    });
    if let Some(title) = title.map(str::trim).filter(|title| !title.is_empty()) {
        return title.to_owned();
    }
    let mut text = String::new();
    let mut at = 0;
    while let Some(open) = html.get(at..).and_then(|rest| rest.find('<')) {
        text.push_str(html.get(at..at + open).unwrap_or_default());
        text.push(' ');
        at = end_of_tag(&lower, at + open);
    }
    text.push_str(html.get(at..).unwrap_or_default());
    text
}

/// Where the tag that begins at `start` ends, and with it what is not shown: comments, scripts and styles.
fn end_of_tag(lower: &str, start: usize) -> usize {
    let rest = lower.get(start..).unwrap_or_default();
    let end = [("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>")]
        .into_iter()
        .find(|(open, _)| rest.starts_with(open))
        .map_or(">", |(_, close)| close);
    rest.find(end).map_or(lower.len(), |found| start + found + end.len())
}
