//! The place of an error in a JSON text, such as `documents[3].chunk_count`.
//!
//! The reader tells how far it came; what stands there is found by walking over the text once more, without types. Following the
//! path while reading would cost on every field, and compile every model a second time.

use std::fmt::Write;

use serde_json::error::Category;

/// The longest path in bytes: its keys are the sender's, and may be of any length.
const LIMIT: usize = 200;

/// The path of the value that `error` is about, in the text that it came from; `.` is the whole text.
pub(crate) fn of_error(json: &[u8], error: &serde_json::Error) -> String {
    let path = match offset(json, error.line(), error.column()) {
        Some(offset) => Walk::new(json, offset, error.classify() == Category::Data).path(),
        None => String::new(),
    };
    if path.is_empty() { ".".to_owned() } else { path }
}

/// How many bytes were read before the place that a reader names by its line, from 1, and the bytes read of it.
fn offset(json: &[u8], line: usize, column: usize) -> Option<usize> {
    let lines_before = line.checked_sub(1)?;
    let start = match lines_before.checked_sub(1) {
        None => 0,
        Some(nth) => memchr::memchr_iter(b'\n', json).nth(nth)? + 1,
    };
    start.checked_add(column)
}

/// One level of nesting.
enum Level<'a> {
    /// In an object, at the value of this key, as it is written.
    Object(Option<&'a [u8]>),
    /// In a list, at this element.
    List(usize),
}

/// The walk over a text up to an offset.
struct Walk<'a> {
    json: &'a [u8],
    at: usize,
    levels: Vec<Level<'a>>,
    /// The levels that lead to the value in question.
    found: usize,
}

impl<'a> Walk<'a> {
    /// `in_value`: the error is about a value that was read or begun, not about a byte that may not stand where it stands.
    fn new(json: &'a [u8], end: usize, in_value: bool) -> Self {
        let mut walk = Self { json, at: 0, levels: Vec::new(), found: 0 };
        while let Some(&byte) = json.get(walk.at).filter(|_| walk.at <= end) {
            // At the end itself may stand the value that the reader looked at and did not begin.
            let is_last = walk.at == end;
            if is_last && !(in_value && begins_value(byte) && walk.expects_value()) {
                break;
            }
            walk.step(byte);
            if is_last {
                break;
            }
        }
        walk
    }

    /// Takes in the token that begins with `byte`.
    fn step(&mut self, byte: u8) {
        let start = self.at;
        self.at += 1;
        match byte {
            b'{' | b'[' => {
                self.found = self.levels.len();
                self.levels.push(if byte == b'{' { Level::Object(None) } else { Level::List(0) });
            }
            b'}' | b']' => {
                self.levels.pop();
                self.found = self.levels.len();
            }
            b',' => match self.levels.last_mut() {
                Some(Level::Object(key)) => {
                    *key = None;
                    self.found = self.levels.len() - 1;
                }
                Some(Level::List(index)) => {
                    *index += 1;
                    self.found = self.levels.len();
                }
                None => {}
            },
            b'"' => {
                self.at = self.end_of_string();
                let text = self.json.get(start..self.at);
                if let Some(Level::Object(key @ None)) = self.levels.last_mut() {
                    *key = text;
                }
                self.found = self.levels.len();
            }
            b':' | b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => {
                // A number or a word.
                let rest = self.json.get(start..).unwrap_or_default();
                let is_end = |byte: &u8| {
                    matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"') || *byte <= b' '
                };
                self.at = start + rest.iter().position(is_end).unwrap_or(rest.len()).max(1);
                self.found = self.levels.len();
            }
        }
    }

    /// Behind the string whose first quote was taken.
    fn end_of_string(&self) -> usize {
        let mut at = self.at;
        loop {
            let rest = self.json.get(at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return self.json.len() };
            at += found;
            if self.json.get(at) == Some(&b'"') {
                return at + 1;
            }
            at = (at + 2).min(self.json.len());
        }
    }

    /// Whether a value may begin here, rather than a key.
    fn expects_value(&self) -> bool {
        !matches!(self.levels.last(), Some(Level::Object(None)))
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for level in self.levels.iter().take(self.found) {
            match level {
                Level::List(index) => drop(write!(path, "[{index}]")),
                Level::Object(Some(key)) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&unescaped(key));
                }
                Level::Object(None) => {}
            }
            if path.len() > LIMIT {
                return shortened(path);
            }
        }
        path
    }
}

fn begins_value(byte: u8) -> bool {
    !matches!(byte, b',' | b':' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')
}

fn unescaped(key: &[u8]) -> String {
    // What cannot be read, because the text ends within it, say, is shown as it stands.
    serde_json::from_slice(key)
        .unwrap_or_else(|_| String::from_utf8_lossy(key.strip_prefix(b"\"").unwrap_or(key)).into_owned())
}

fn shortened(mut path: String) -> String {
    let cut = (0..=LIMIT).rev().find(|&at| path.is_char_boundary(at)).unwrap_or(0);
    path.truncate(cut);
    path.push('…');
    path
}

#[cfg(test)]
mod tests;
