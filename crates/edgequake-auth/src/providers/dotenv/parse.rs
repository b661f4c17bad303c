//! The grammar of a `.env` file. Errors have a line number and a rule, never the text.

use std::collections::BTreeMap;
use std::fmt;
use std::str::Chars;

use edgequake_types::Secret;
use zeroize::Zeroizing;

/// What is wrong with a line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    line: usize,
    rule: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.rule)
    }
}

/// All assignments of a file, the last one of a name winning.
pub(super) fn variables(text: &str) -> Result<BTreeMap<String, Secret>, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest: text.chars(), line: 1 };
    let mut variables = BTreeMap::new();
    while let Some((name, value)) = reader.assignment()? {
        variables.insert(name, value);
    }
    Ok(variables)
}

struct Reader<'a> {
    rest: Chars<'a>,
    line: usize,
}

impl Reader<'_> {
    /// The next assignment, blank lines and comments skipped; `None` at the end of the file.
    fn assignment(&mut self) -> Result<Option<(String, Secret)>, Malformed> {
        loop {
            self.blanks();
            match self.peek() {
                None => return Ok(None),
                Some('\n') => drop(self.next()),
                Some('#') => self.comment(),
                Some(_) => break,
            }
        }
        let mut name = self.name();
        if name == "export" && self.peek().is_some_and(is_blank) {
            self.blanks();
            name = self.name();
        }
        self.blanks();
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !named || self.peek() != Some('=') {
            return Err(self.malformed("expected NAME=value"));
        }
        self.next();
        let blank = self.blanks();
        let value = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self.bare(blank)?,
        };
        Ok(Some((name, value)))
    }

    fn name(&mut self) -> String {
        let end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        let text = self.rest.as_str();
        let (name, rest) = text.split_at(text.find(end).unwrap_or(text.len()));
        self.rest = rest.chars();
        name.to_owned()
    }

    /// To the end of the line, or to a `#` after white space; `blank` tells whether there was some before.
    fn bare(&mut self, blank: bool) -> Result<Secret, Malformed> {
        let text = self.rest.as_str();
        let line = text.split_once('\n').map_or(text, |(line, _)| line);
        let after_blank = |at: usize| match line.get(..at).and_then(|before| before.chars().next_back()) {
            Some(before) => is_blank(before),
            None => blank,
        };
        let comment = line.char_indices().find(|(at, c)| *c == '#' && after_blank(*at));
        let value = line.get(..comment.map_or(line.len(), |(at, _)| at)).unwrap_or(line);
        if value.contains('\0') {
            return Err(self.malformed("a value must not contain NUL"));
        }
        self.rest = text.get(line.len()..).unwrap_or_default().chars();
        Ok(Secret::new(value.trim_matches(is_blank)))
    }

    fn quoted(&mut self, quote: char) -> Result<Secret, Malformed> {
        let opened = self.line;
        self.next();
        let mut value = Zeroizing::new(String::with_capacity(self.rest.as_str().len().min(256)));
        loop {
            match self.next() {
                None => {
                    let rule = if quote == '"' {
                        "the quote \" is never closed"
                    } else {
                        "the quote ' is never closed"
                    };
                    return Err(Malformed { line: opened, rule });
                }
                Some('\0') => return Err(self.malformed("a value must not contain NUL")),
                Some(c) if c == quote => break,
                Some('\\') if quote == '"' => self.escape(&mut value),
                // A line end inside quotes is `\n` whatever the file uses.
                Some('\r') if self.peek() == Some('\n') => {}
                Some(c) => value.push(c),
            }
        }
        let blank = self.blanks();
        match self.peek() {
            None | Some('\n') => {}
            Some('#') if blank => self.comment(),
            Some(_) => return Err(self.malformed("text after the closing quote")),
        }
        Ok(Secret::new(value.as_str()))
    }

    fn escape(&mut self, value: &mut String) {
        match self.peek() {
            Some('n') => value.push('\n'),
            Some('r') => value.push('\r'),
            Some('t') => value.push('\t'),
            Some(c @ ('"' | '\\' | '$')) => value.push(c),
            // Not an escape: the backslash stands for itself, and what follows is read as usual.
            _ => return value.push('\\'),
        }
        self.next();
    }

    fn comment(&mut self) {
        let text = self.rest.as_str();
        self.rest = text.get(text.find('\n').unwrap_or(text.len())..).unwrap_or_default().chars();
    }

    /// Skips blanks within the line and says whether there were any.
    fn blanks(&mut self) -> bool {
        let text = self.rest.as_str();
        let rest = text.trim_start_matches(is_blank);
        self.rest = rest.chars();
        rest.len() < text.len()
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn malformed(&self, rule: &'static str) -> Malformed {
        Malformed { line: self.line, rule }
    }
}

/// White space within a line. A carriage return is one, so that `\r\n` ends a line like `\n`.
fn is_blank(c: char) -> bool {
    c != '\n' && c.is_whitespace()
}
