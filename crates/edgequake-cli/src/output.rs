//! [`Output`]: everything that goes to stdout. A closed pipe ends the command quietly.

mod table;

use std::io::{BufWriter, IsTerminal, Stdout, Write};

use edgequake_types::Timestamp;
use serde::Serialize;

pub(crate) use table::Table;

use crate::failure::Failure;

/// Writes to stdout, for people or as JSON.
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    json: bool,
    terminal: bool,
    /// How many elements the open JSON list has.
    list_length: Option<usize>,
}

impl Output {
    /// An output as JSON, or for people.
    pub(crate) fn new(json: bool) -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        Self { stdout: BufWriter::new(stdout), json, terminal, list_length: None }
    }

    /// Whether it is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether it goes to a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// How many columns the terminal has, where it goes to one that says so.
    pub(crate) fn width(&self) -> Option<usize> {
        let stdout = self.terminal.then(std::io::stdout)?;
        let (width, _) = terminal_size::terminal_size_of(stdout)?;
        Some(usize::from(width.0)).filter(|width| *width > 0)
    }

    /// Flushes what was written so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stdout.write_all(bytes)?)
    }

    /// Text as it is; on a terminal without control characters.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.terminal {
            self.bytes(without_controls(text).as_bytes())
        } else {
            self.bytes(text.as_bytes())
        }
    }

    /// One line, which scripts can use as it is, such as an ID.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(on_one_line(text).as_bytes())?;
        self.bytes(b"\n")
    }

    /// A JSON document.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(value)
            .map_err(|error| Failure::caused_by("the answer cannot be written as JSON", error))?;
        self.bytes(&text)?;
        self.bytes(b"\n")
    }

    /// A JSON value on a line of its own, written at once: results that come one by one.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_vec(value)
            .map_err(|error| Failure::caused_by("the answer cannot be written as JSON", error))?;
        self.bytes(&text)?;
        self.bytes(b"\n")?;
        self.flush()
    }

    /// Names and values, one below the other.
    pub(crate) fn fields(&mut self, fields: &[(&str, String)]) -> Result<(), Failure> {
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            self.line(&format!("{name:width$}  {value}"))?;
        }
        Ok(())
    }

    /// Opens a JSON list whose elements come one by one, each on a line of its own.
    pub(crate) fn open_list(&mut self) -> Result<(), Failure> {
        self.list_length = Some(0);
        self.bytes(b"[")
    }

    /// One element of the open list.
    pub(crate) fn element(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_vec(value)
            .map_err(|error| Failure::caused_by("the answer cannot be written as JSON", error))?;
        let first = self.list_length.is_none_or(|length| length == 0);
        self.bytes(if first { b"\n" } else { b",\n" })?;
        self.list_length = self.list_length.map(|length| length + 1);
        self.bytes(&text)
    }

    /// Closes the list.
    pub(crate) fn close_list(&mut self) -> Result<(), Failure> {
        let empty = self.list_length.take().is_none_or(|length| length == 0);
        self.bytes(if empty { b"]\n" } else { b"\n]\n" })
    }
}

/// A time, to the minute and in UTC where it is for people; as the server sent it elsewhere.
pub(crate) fn time(stamp: Option<&Timestamp>, terminal: bool) -> String {
    let Some(stamp) = stamp else { return String::new() };
    match stamp.as_str().parse::<jiff::Timestamp>() {
        Ok(instant) if terminal => instant.strftime("%Y-%m-%d %H:%M").to_string(),
        _ => stamp.to_string(),
    }
}

/// Control characters and marks of text direction, which could make a terminal show anything.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of several lines without control characters.
fn without_controls(text: &str) -> String {
    text.chars().map(|c| if is_control(c) && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

/// Text on one line, without control characters.
pub(crate) fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if is_control(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_for_people_only() {
        let stamp = Timestamp::new("2031-02-03T01:11:12.123+02:00");
        assert_eq!(time(Some(&stamp), true), "2031-02-02 23:11");
        assert_eq!(time(Some(&stamp), false), stamp.as_str());
        assert_eq!(time(Some(&Timestamp::new("yesterday")), true), "yesterday");
        assert_eq!(time(None, true), "");
    }

    #[test]
    fn nothing_that_a_server_sends_controls_the_terminal() {
        assert_eq!(without_controls("a\tb\nc\x1b[2Jd\u{202e}e\r"), "a\tb\nc\u{fffd}[2Jd\u{fffd}e\u{fffd}");
        assert_eq!(on_one_line("a\tb\nc\x1b]0;x\x07 é天"), "a b c\u{fffd}]0;x\u{fffd} é天");
    }
}
