//! [`Output`]: the one way to stdout. A pipe that is closed ends the command quietly, whoever writes.

mod table;

use std::io::{BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

pub(crate) use table::Table;

use crate::failure::Failure;

/// Writes data to stdout, for people or as JSON.
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    json: bool,
    terminal: bool,
    /// Elements of the JSON list that is open.
    listed: Option<usize>,
}

impl Output {
    /// As JSON, or for people.
    pub(crate) fn new(json: bool) -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        Self { stdout: BufWriter::new(stdout), json, terminal, listed: None }
    }

    /// Whether machines read it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether somebody is looking.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Passes on what was written so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stdout.write_all(bytes)?)
    }

    /// Text as it is; on a terminal without what could steer the terminal.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.terminal { self.bytes(harmless(text).as_bytes()) } else { self.bytes(text.as_bytes()) }
    }

    /// One line that scripts take as it is, such as an id.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(on_one_line(text).as_bytes())?;
        self.bytes(b"\n")
    }

    /// A JSON document.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(value)
            .map_err(|error| Failure::failed("the answer cannot be written as JSON", error))?;
        self.bytes(&text)?;
        self.bytes(b"\n")
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
        self.listed = Some(0);
        self.bytes(b"[")
    }

    /// One element of the open list.
    pub(crate) fn element(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_vec(value)
            .map_err(|error| Failure::failed("the answer cannot be written as JSON", error))?;
        let first = self.listed.is_none_or(|listed| listed == 0);
        self.bytes(if first { b"\n" } else { b",\n" })?;
        self.listed = self.listed.map(|listed| listed + 1);
        self.bytes(&text)
    }

    /// Closes the list.
    pub(crate) fn close_list(&mut self) -> Result<(), Failure> {
        let empty = self.listed.take().is_none_or(|listed| listed == 0);
        self.bytes(if empty { b"]\n" } else { b"\n]\n" })
    }
}

/// Control characters and the marks that turn the direction of writing, which could make a terminal show anything.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of several lines without what could steer a terminal.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if steers(c) && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

/// Text on one line, without what could steer a terminal.
pub(crate) fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if steers(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_server_sends_steers_the_terminal() {
        assert_eq!(harmless("a\tb\nc\x1b[2Jd\u{202e}e\r"), "a\tb\nc\u{fffd}[2Jd\u{fffd}e\u{fffd}");
        assert_eq!(on_one_line("a\tb\nc\x1b]0;x\x07 é天"), "a b c\u{fffd}]0;x\u{fffd} é天");
    }
}
