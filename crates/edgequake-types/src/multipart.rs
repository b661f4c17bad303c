//! [`Form`]: `multipart/form-data` (RFC 7578), written and read.
//!
//! A file may be [deferred](Content::Deferred): the form then knows its length only, and whoever sends it puts the bytes
//! between the [segments](Form::segments), so that a large file is never held in memory.
//!
//! ```
//! use edgequake_types::multipart::{Content, Form, Part};
//!
//! let form = Form::new(vec![
//!     Part::file("file", "/home/mona/notes.md", Content::Bytes("# Bridges".into())).content_type("text/markdown"),
//!     Part::text("title", "Notes"),
//! ]);
//! let body = form.bytes().expect("no content is deferred");
//! assert_eq!(form.length(), body.len() as u64);
//!
//! let read = Form::parse(&form.content_type(), &body)?;
//! assert_eq!(read.parts()[0].file_name.as_deref(), Some("notes.md"));
//! # Ok::<(), edgequake_types::multipart::FormError>(())
//! ```

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;

use bytes::Bytes;
use memchr::memmem;
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde::{Serialize, Serializer};

pub use crate::error::FormError;
use crate::tolerant::Tolerant;

/// A form of named parts.
#[derive(Debug, Clone)]
pub struct Form {
    boundary: String,
    parts: Vec<Part>,
}

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The name of the field.
    pub name: String,
    /// The name of the file, sent as raw UTF-8 (RFC 7578, 4.2).
    pub file_name: Option<String>,
    /// The media type of the content.
    pub content_type: Option<String>,
    /// The content.
    pub content: Content,
}

/// What a part holds. `Debug` shows how much it is, not what.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// All of it.
    Bytes(Bytes),
    /// Only its length in bytes: the sender supplies the content.
    Deferred(u64),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Deferred(length) => write!(f, "Deferred({length} bytes)"),
        }
    }
}

/// No part of the JSON form of an operation: left out there, and read as no bytes.
#[diagnostic::do_not_recommend]
impl Tolerant for Content {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self::Bytes(Bytes::new()))
    }

    fn absent() -> Option<Self> {
        Some(Self::Bytes(Bytes::new()))
    }

    fn omit(&self) -> bool {
        true
    }
}

/// As `null`.
impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// A piece of a form on its way out. `Debug` shows how much it is, not what.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Segment {
    /// Bytes to send.
    Bytes(Bytes),
    /// The place of the deferred content of the part with this index, and its length in bytes.
    #[non_exhaustive]
    Deferred {
        /// Index of the part.
        part: usize,
        /// Length in bytes.
        length: u64,
    },
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Deferred { part, length } => write!(f, "Deferred(part {part}, {length} bytes)"),
        }
    }
}

impl Segment {
    /// How many bytes it puts into the form.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Deferred { length, .. } => *length,
        }
    }
}

impl Part {
    /// A text field.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            file_name: None,
            content_type: None,
            content: Content::Bytes(text.into().into()),
        }
    }

    /// A file. Only the last component of `file_name` is sent, by the rules of this platform for paths: the folder is
    /// nobody's business, and a backslash belongs to a name on Unix.
    pub fn file(name: impl Into<String>, file_name: &str, content: Content) -> Self {
        Self {
            name: name.into(),
            file_name: Some(self::file_name(file_name).to_owned()),
            content_type: Some("application/octet-stream".to_owned()),
            content,
        }
    }

    /// Sets the media type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    fn head(&self, boundary: &str) -> String {
        let mut head =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", Quoted(&self.name));
        if let Some(file_name) = &self.file_name {
            head.push_str(&format!("; filename=\"{}\"", Quoted(file_name)));
        }
        if let Some(content_type) = &self.content_type {
            head.push_str("\r\nContent-Type: ");
            head.extend(content_type.chars().filter(|c| !c.is_control()));
        }
        head.push_str("\r\n\r\n");
        head
    }
}

/// The last component of a path, by the rules of this platform.
pub(crate) fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Writes a parameter the way browsers do (WHATWG HTML, 4.10.21.8): only what would break the header is escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plain = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            if matches!(byte, b'"' | b'\r' | b'\n') {
                f.write_str(self.0.get(plain..at).unwrap_or_default())?;
                write!(f, "%{byte:02X}")?;
                plain = at + 1;
            }
        }
        f.write_str(self.0.get(plain..).unwrap_or_default())
    }
}

impl Form {
    /// A form of these parts with a random boundary.
    pub fn new(parts: Vec<Part>) -> Self {
        let random = || RandomState::new().build_hasher().finish();
        Self::with_boundary(format!("edgequake-{:016x}{:016x}", random(), random()), parts)
    }

    /// A form with a boundary of the caller's: 1 to 70 letters, digits or hyphens that no content may hold.
    pub fn with_boundary(boundary: impl Into<String>, parts: Vec<Part>) -> Self {
        Self { boundary: boundary.into(), parts }
    }

    /// The parts, in their order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Gives the parts away.
    pub fn into_parts(self) -> Vec<Part> {
        self.parts
    }

    /// The value for `Content-Type`.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The form as a sequence of pieces to send.
    pub fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut pending = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            pending.extend_from_slice(part.head(&self.boundary).as_bytes());
            match &part.content {
                Content::Bytes(bytes) => pending.extend_from_slice(bytes),
                Content::Deferred(length) => {
                    segments.push(Segment::Bytes(std::mem::take(&mut pending).into()));
                    segments.push(Segment::Deferred { part: index, length: *length });
                }
            }
            pending.extend_from_slice(b"\r\n");
        }
        pending.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        segments.push(Segment::Bytes(pending.into()));
        segments
    }

    /// The whole length in bytes, deferred content included, for `Content-Length`.
    pub fn length(&self) -> u64 {
        self.segments().iter().map(Segment::length).sum()
    }

    /// The whole form, if none of its content is deferred.
    pub fn bytes(&self) -> Option<Bytes> {
        match self.segments().as_slice() {
            [Segment::Bytes(bytes)] => Some(bytes.clone()),
            _ => None,
        }
    }

    /// Reads a form out of a complete body, as a server does.
    ///
    /// # Errors
    ///
    /// [`FormError`] when the content type names no boundary, the body is cut, or a part has no name.
    // Compiled where it is called: servers need it, clients do not.
    #[inline]
    pub fn parse(content_type: &str, body: &Bytes) -> Result<Self, FormError> {
        let boundary = boundary(content_type).ok_or(FormError::ContentType)?;
        let delimiter = format!("\r\n--{boundary}");
        let opening = delimiter.get(2..).unwrap_or_default().as_bytes();
        let finder = memmem::Finder::new(delimiter.as_bytes());
        // The first delimiter may stand at the very beginning, or after a preamble.
        let mut at = if body.starts_with(opening) {
            opening.len()
        } else {
            finder.find(body).ok_or(FormError::Incomplete)? + delimiter.len()
        };
        let mut parts = Vec::new();
        loop {
            let rest = body.get(at..).unwrap_or_default();
            if rest.starts_with(b"--") {
                return Ok(Self { boundary, parts });
            }
            let length = finder.find(rest).ok_or(FormError::Incomplete)?;
            let part = body.slice(at..at + length);
            parts.push(parse_part(&part).ok_or(FormError::Disposition { index: parts.len() })?);
            at += length + delimiter.len();
        }
    }
}

#[inline]
fn boundary(content_type: &str) -> Option<String> {
    let mut pieces = content_type.split(';').map(str::trim);
    pieces.next().filter(|media_type| media_type.eq_ignore_ascii_case("multipart/form-data"))?;
    let value = pieces.find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    let value = value.trim().trim_matches('"');
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

/// Reads one part; it begins with the rest of the delimiter's line.
#[inline]
fn parse_part(part: &Bytes) -> Option<Part> {
    let head_end = memmem::find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(part.get(..head_end)?).ok()?;
    let mut disposition = None;
    let mut content_type = None;
    for line in head.split("\r\n").filter_map(|line| line.split_once(':')) {
        let (name, value) = (line.0.trim(), line.1.trim());
        if name.eq_ignore_ascii_case("content-disposition") {
            disposition = Some(value);
        } else if name.eq_ignore_ascii_case("content-type") {
            content_type = Some(value.to_owned());
        }
    }
    let parameters = disposition?.strip_prefix("form-data")?;
    Some(Part {
        name: parameter(parameters, "name")?,
        file_name: parameter(parameters, "filename"),
        content_type,
        content: Content::Bytes(part.slice(head_end + 4..)),
    })
}

/// The value of a `; name="value"` parameter.
#[inline]
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start().strip_prefix(';')?.trim_start();
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let value = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"')?;
                rest = after;
                value
            }
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let (value, after) = after.split_at_checked(end)?;
                rest = after;
                value.trim()
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
        }
    }
}

#[cfg(test)]
mod tests;
