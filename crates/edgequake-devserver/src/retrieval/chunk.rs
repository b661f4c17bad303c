//! Splits a text into chunks of a few paragraphs: at headings, paragraphs or sentences, in this order.

use std::ops::Range;

use super::markdown::{Kind, blocks};
use super::sentence::sentences;

/// The maximum size of a chunk, in bytes. Large enough for an idea, small enough that a snippet shows what it is about.
const MAX_SIZE: usize = 800;

/// The maximum number of bytes that a chunk repeats from the end of the previous one, so that a sentence keeps its
/// context.
const OVERLAP: usize = 160;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) text: String,
    /// Where it begins in the document, in bytes.
    pub(crate) start: usize,
    /// The first and the last line, from 1.
    pub(crate) lines: (u64, u64),
}

/// A sentence, a line of code or of a table, or a part of either. Pieces are never split.
struct Piece {
    range: Range<usize>,
    heading: bool,
    /// Whether a blank line precedes it.
    starts_paragraph: bool,
}

/// Splits `text` into chunks; a blank text has none. `None` once `stopped` says so.
pub(crate) fn chunks(text: &str, stopped: impl Fn() -> bool) -> Option<Vec<Chunk>> {
    let pieces = pieces(text, &stopped)?;
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut chunks = Vec::new();
    let mut start = 0;
    while let Some(first) = pieces.get(start) {
        if stopped() {
            return None;
        }
        let end = start + piece_count(pieces.get(start..).unwrap_or_default());
        let Some(last) = pieces.get(end - 1) else { break };
        let range = first.range.start..last.range.end;
        let start_line = lines.of(range.start);
        let chunk = text.get(range.clone()).unwrap_or_default();
        let end_line = start_line + chunk.matches('\n').count() as u64;
        chunks.push(Chunk { text: chunk.to_owned(), start: range.start, lines: (start_line, end_line) });
        start = next_start(&pieces, start, end);
    }
    Some(chunks)
}

/// How many of `pieces` make up the first chunk: at least one.
fn piece_count(pieces: &[Piece]) -> usize {
    let Some(first) = pieces.first() else { return 0 };
    let start = first.range.start;
    // Headings stay with the text below them.
    let leading = |piece: &&Piece| piece.heading && piece.range.end - start <= MAX_SIZE;
    let leading_headings = pieces.iter().take_while(leading).count();
    let mut at_paragraph = None;
    for (count, piece) in pieces.iter().enumerate().skip(1) {
        if piece.heading && count >= leading_headings {
            return count;
        }
        if piece.range.end - start > MAX_SIZE {
            return at_paragraph.unwrap_or(count);
        }
        if piece.starts_paragraph && piece.range.start - start > MAX_SIZE / 2 {
            at_paragraph = Some(count);
        }
    }
    pieces.len()
}

/// The start of the next chunk: a little before the end of this one, unless a heading separates them.
fn next_start(pieces: &[Piece], start: usize, end: usize) -> usize {
    let Some(next) = pieces.get(end) else { return end };
    if next.heading {
        return end;
    }
    let repeated = pieces.get(start + 1..end).unwrap_or_default().iter().rev();
    let repeated = repeated.take_while(|piece| {
        // The next chunk must have room for a new piece.
        !piece.heading
            && next.range.start - piece.range.start <= OVERLAP
            && next.range.end - piece.range.start <= MAX_SIZE
    });
    end - repeated.count()
}

/// `None` once `stopped` says so.
fn pieces(text: &str, stopped: &impl Fn() -> bool) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for block in blocks(text) {
        if stopped() {
            return None;
        }
        let content = text.get(block.content..block.range.end).unwrap_or_default();
        let whole = 0..content.len();
        let sentences = match block.kind {
            Kind::Prose => sentences(content),
            Kind::Heading | Kind::Verbatim => Vec::from([whole]),
        };
        let first = pieces.len();
        for sentence in sentences {
            for part in parts(content.get(sentence.clone()).unwrap_or_default()) {
                let start = block.content + sentence.start;
                let range = start + part.start..start + part.end;
                pieces.push(Piece { range, heading: block.kind == Kind::Heading, starts_paragraph: false });
            }
        }
        // The first piece of a block carries its marker.
        match pieces.get_mut(first) {
            Some(piece) => {
                piece.range.start = block.range.start;
                piece.starts_paragraph = block.after_blank_line;
            }
            None => pieces.push(Piece {
                range: block.range,
                heading: block.kind == Kind::Heading,
                starts_paragraph: block.after_blank_line,
            }),
        }
    }
    Some(pieces)
}

/// A sentence without trailing white space, split if it is longer than a chunk: at white space if there is any.
fn parts(sentence: &str) -> Vec<Range<usize>> {
    let length = sentence.trim_end().len();
    let mut parts = Vec::new();
    let mut start = 0;
    while length - start > MAX_SIZE {
        let limit =
            (start..=start + MAX_SIZE).rev().find(|at| sentence.is_char_boundary(*at)).unwrap_or(length);
        let blank =
            sentence.get(start..limit).and_then(|part| part.rfind(char::is_whitespace)).filter(|at| *at > 0);
        let end = blank.map_or(limit, |at| start + at);
        parts.push(start..end);
        let rest = sentence.get(end..length).unwrap_or_default();
        start = length - rest.trim_start().len();
    }
    if start < length {
        parts.push(start..length);
    }
    parts
}

/// Counts lines, moving forwards and a little backwards.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, offset: usize) -> u64 {
        let count =
            |range: Range<usize>| self.text.get(range).map_or(0, |text| text.matches('\n').count()) as u64;
        if offset >= self.at {
            self.line += count(self.at..offset);
        } else {
            self.line -= count(offset..self.at);
        }
        self.at = offset;
        self.line
    }
}

#[cfg(test)]
mod tests;
