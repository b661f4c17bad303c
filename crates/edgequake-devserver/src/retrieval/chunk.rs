//! Cutting a text into chunks of a few paragraphs, at headings, paragraphs, lines and sentences, in this order.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The largest chunk, in bytes of text. Enough for an idea, few enough that a snippet of it says what it is about.
const TARGET: usize = 800;

/// How much of the end of a chunk begins the next one as well, at most, so that a sentence keeps what it refers to.
const OVERLAP: usize = 160;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) text: String,
    /// The first and the last line of the part, from 1.
    pub(crate) lines: (u64, u64),
}

/// A sentence, a line or a part of either: what is never cut.
struct Piece {
    range: Range<usize>,
    heading: bool,
    /// Whether a blank line stands before it.
    paragraph: bool,
}

/// Cuts `text` into chunks; a blank text has none.
pub(crate) fn chunks(text: &str) -> Vec<Chunk> {
    let pieces = pieces(text);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut chunks = Vec::new();
    let mut begin = 0;
    while let Some(first) = pieces.get(begin) {
        let end = begin + length(pieces.get(begin..).unwrap_or_default());
        let Some(last) = pieces.get(end - 1) else { break };
        let range = first.range.start..last.range.end;
        let start_line = lines.of(range.start);
        let chunk = text.get(range.clone()).unwrap_or_default();
        let end_line = start_line + chunk.matches('\n').count() as u64;
        chunks.push(Chunk { text: chunk.to_owned(), lines: (start_line, end_line) });
        begin = next_begin(&pieces, begin, end);
    }
    chunks
}

/// How many of `pieces` make up the first chunk: at least one.
fn length(pieces: &[Piece]) -> usize {
    let Some(first) = pieces.first() else { return 0 };
    let begin = first.range.start;
    // Headings stay with the text below them.
    let titles = pieces.iter().take_while(|piece| piece.heading).count();
    let mut at_paragraph = None;
    for (count, piece) in pieces.iter().enumerate().skip(1) {
        if piece.heading && count >= titles {
            return count;
        }
        if piece.range.end - begin > TARGET {
            return at_paragraph.unwrap_or(count);
        }
        if piece.paragraph && piece.range.start - begin > TARGET / 2 {
            at_paragraph = Some(count);
        }
    }
    pieces.len()
}

/// Where the next chunk begins: a little before the end of this one, unless a heading separates them.
fn next_begin(pieces: &[Piece], begin: usize, end: usize) -> usize {
    let Some(next) = pieces.get(end) else { return end };
    if next.heading {
        return end;
    }
    let repeated = pieces.get(begin + 1..end).unwrap_or_default().iter().rev();
    let repeated = repeated.take_while(|piece| {
        // The next chunk must have room for something new.
        !piece.heading
            && next.range.start - piece.range.start <= OVERLAP
            && next.range.end - piece.range.start <= TARGET
    });
    end - repeated.count()
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut paragraph = false;
    let mut fenced = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        if content.is_empty() {
            paragraph = true;
        } else {
            if content.starts_with("```") {
                fenced = !fenced;
            }
            let heading = !fenced && is_heading(content);
            let start = offset + (line.len() - line.trim_start().len());
            for (at, sentence) in content.split_sentence_bound_indices() {
                for part in parts(sentence) {
                    let range = start + at + part.start..start + at + part.end;
                    pieces.push(Piece { range, heading, paragraph: std::mem::take(&mut paragraph) });
                }
            }
        }
        offset += line.len();
    }
    pieces
}

fn is_heading(line: &str) -> bool {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    (1..=6).contains(&level) && line.as_bytes().get(level) == Some(&b' ')
}

/// A sentence without its trailing blanks, cut where it is longer than a chunk: at a blank if there is one.
fn parts(sentence: &str) -> Vec<Range<usize>> {
    let length = sentence.trim_end().len();
    let mut parts = Vec::new();
    let mut begin = 0;
    while length - begin > TARGET {
        let limit =
            (begin..=begin + TARGET).rev().find(|at| sentence.is_char_boundary(*at)).unwrap_or(length);
        let blank =
            sentence.get(begin..limit).and_then(|part| part.rfind(char::is_whitespace)).filter(|at| *at > 0);
        let end = blank.map_or(limit, |at| begin + at);
        parts.push(begin..end);
        let rest = sentence.get(end..length).unwrap_or_default();
        begin = length - rest.trim_start().len();
    }
    if begin < length {
        parts.push(begin..length);
    }
    parts
}

/// Counts lines, going forwards and back a little.
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
