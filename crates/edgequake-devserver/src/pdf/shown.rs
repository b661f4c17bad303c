//! [`Shown`]: decodes the strings that a page shows, slice by slice, for a code of one byte may stand for hundreds of letters.

use lopdf::{Document, Encoding};

/// What a code may become at most, in bytes of text for each of its bytes, rounded up.
const GROWTH: usize = 1024;

/// The least size of a slice, in bytes: whole codes of one, two, three and four bytes.
const LEAST: usize = 120;

/// How long a code may be, in bytes.
const LONGEST: usize = 4;

/// A string that is being decoded.
pub(super) struct Shown<'a> {
    encoding: &'a Encoding<'a>,
    rest: &'a [u8],
}

impl<'a> Shown<'a> {
    pub(super) fn new(encoding: &'a Encoding<'a>, string: &'a [u8]) -> Self {
        Self { encoding, rest: string }
    }

    /// The next slice, which exceeds a room of so many bytes but little; `None` at the end. What cannot be decoded is empty.
    pub(super) fn next(&mut self, room: usize) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        let length = (room / GROWTH / LEAST * LEAST).max(LEAST);
        let mut shown = None;
        for length in (0..LONGEST).map(|less| length - less) {
            let (slice, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
            let text = Document::decode_text(self.encoding, slice).unwrap_or_default();
            // A slice that ends within a code ends with a replacement character. One with which all such slices end is meant.
            let is_whole = rest.is_empty() || !text.ends_with(char::REPLACEMENT_CHARACTER);
            if is_whole || shown.is_none() {
                shown = Some((text, rest));
            }
            if is_whole {
                break;
            }
        }
        let (text, rest) = shown?;
        self.rest = rest;
        Some(text)
    }
}
