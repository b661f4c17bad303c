//! The text of one page: its content is a list of operators, of which some choose fonts, some move, and some show strings.

use std::collections::HashMap;

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Encoding, Object, ObjectId};

use super::lines::Lines;
use super::shown::Shown;
use super::{PageSize, Unreadable};
use crate::stop::Stop;

/// The maximum size of the content of a page, and of the table of a font, unpacked, in bytes. Its operators take a multiple of it.
const MAX_CONTENT: usize = 4 * 1024 * 1024;
const MAX_TABLE: usize = 1024 * 1024;

/// The maximum number of fonts of a page, and of steps to what a page inherits.
const MAX_FONTS: usize = 256;
const MAX_DEPTH: usize = 32;

/// From which gap between two strings on they are two words, in thousandths of the size of the font.
const WORD_GAP: f32 = -200.0;

/// What a page without a size is taken for: US Letter.
const LETTER: (f64, f64) = (612.0, 792.0);

/// The text of a page, with at most `room` bytes. A page that cannot be read has none.
pub(super) fn text(
    document: &Document,
    page: ObjectId,
    room: usize,
    stop: &Stop,
) -> Result<String, Unreadable> {
    let Ok(content) = document.get_page_content_with_limit(page, MAX_CONTENT) else {
        return Ok(String::new());
    };
    let Ok(content) = Content::decode(&content) else { return Ok(String::new()) };
    let mut writer = Writer {
        document,
        fonts: document.get_page_fonts(page).unwrap_or_default().into_iter().collect(),
        encodings: HashMap::new(),
        font: Vec::new(),
        lines: Lines::default(),
        room,
        stop,
    };
    for operation in &content.operations {
        writer.check()?;
        writer.apply(&operation.operator, &operation.operands)?;
    }
    Ok(writer.lines.finish())
}

struct Writer<'a> {
    document: &'a Document,
    fonts: HashMap<Vec<u8>, &'a Dictionary>,
    /// Those that were asked for; `None` for one that cannot be read.
    encodings: HashMap<Vec<u8>, Option<Encoding<'a>>>,
    font: Vec<u8>,
    lines: Lines,
    /// How much text there may be, in bytes.
    room: usize,
    stop: &'a Stop,
}

impl Writer<'_> {
    /// Whether there may be more.
    fn check(&self) -> Result<(), Unreadable> {
        if self.stop.is_stopped() {
            return Err(Unreadable::Stopped);
        }
        if self.lines.len() > self.room {
            return Err(Unreadable::Text);
        }
        Ok(())
    }

    fn apply(&mut self, operator: &str, operands: &[Object]) -> Result<(), Unreadable> {
        let number =
            |at: usize| operands.get(at).and_then(|operand| operand.as_float().ok()).map_or(0.0, f64::from);
        match operator {
            "BT" => self.lines.begin(),
            "Tf" => {
                self.font =
                    operands.first().and_then(|name| name.as_name().ok()).unwrap_or_default().to_vec();
                self.learn();
                self.lines.size(number(1));
            }
            "TL" => self.lines.leading(number(0)),
            "Td" => self.lines.advance(number(0), number(1)),
            "TD" => {
                self.lines.leading(-number(1));
                self.lines.advance(number(0), number(1));
            }
            // What is turned upright stands in the second column.
            "Tm" => {
                let across = number(0).hypot(number(1));
                self.lines.place((across, number(2).hypot(number(3))), (number(4), number(5)));
            }
            "T*" => self.lines.next_line(),
            "Tj" => self.show(operands)?,
            "TJ" => {
                if let Some(Object::Array(strings)) = operands.first() {
                    self.show(strings)?;
                }
            }
            "'" => {
                self.lines.next_line();
                self.show(operands)?;
            }
            "\"" => {
                self.lines.next_line();
                self.show(operands.get(2..).unwrap_or_default())?;
            }
            _ => {}
        }
        self.check()
    }

    /// Reads the encoding of the current font, the first time.
    fn learn(&mut self) {
        if self.encodings.len() < MAX_FONTS && !self.encodings.contains_key(&self.font) {
            let font = self.fonts.get(&self.font);
            let encoding =
                font.and_then(|font| font.get_font_encoding_with_limit(self.document, MAX_TABLE).ok());
            self.encodings.insert(self.font.clone(), encoding);
        }
    }

    /// Shows strings; the numbers between them are gaps.
    fn show(&mut self, strings: &[Object]) -> Result<(), Unreadable> {
        let Some(Some(encoding)) = self.encodings.get(&self.font) else { return Ok(()) };
        for operand in strings {
            match operand {
                Object::String(bytes, _) => {
                    let mut shown = Shown::new(encoding, bytes);
                    while let Some(text) = shown.next(self.room.saturating_sub(self.lines.len())) {
                        self.lines.show(&text);
                        self.check()?;
                    }
                }
                gap if gap.as_float().is_ok_and(|gap| gap < WORD_GAP) => self.lines.gap(),
                _ => {}
            }
            self.check()?;
        }
        Ok(())
    }
}

/// How large a page is. What makes no sense is as usual.
pub(super) fn size(document: &Document, page: ObjectId) -> PageSize {
    let rotation = inherited(document, page, b"Rotate").and_then(|turn| turn.as_i64().ok());
    let sides = inherited(document, page, b"MediaBox").and_then(|sides| sides.as_array().ok());
    let side = |at: usize| {
        let side = sides?.get(at)?;
        side.as_float().ok().map(f64::from).filter(|side| side.is_finite())
    };
    let span = |from: usize, to: usize| Some((side(to)? - side(from)?).abs()).filter(|span| *span > 0.0);
    let (width, height) = span(0, 2).zip(span(1, 3)).unwrap_or(LETTER);
    PageSize { width, height, rotation: rotation.unwrap_or(0).rem_euclid(360) / 90 * 90 }
}

/// What a page says, or the nodes above it in the tree of pages.
fn inherited<'a>(document: &'a Document, page: ObjectId, key: &[u8]) -> Option<&'a Object> {
    let mut node = document.get_dictionary(page).ok()?;
    for _ in 0..MAX_DEPTH {
        if let Ok(value) = node.get_deref(key, document) {
            return Some(value);
        }
        node = node.get_deref(b"Parent", document).ok()?.as_dict().ok()?;
    }
    None
}
