//! Reads a file as a whole, which blocks the thread.

use lopdf::{Document, LoadOptions};
use memchr::memmem;

use super::{MAX_TEXT, OnPage, PdfPage, PdfText, Unreadable, page};
use crate::stop::Stop;

/// The maximum size to which the parts of a file unpack that are read at once, in bytes: each of them, and all together.
const MAX_PART: usize = 16 * 1024 * 1024;
const MAX_PARTS: usize = 512 * 1024 * 1024;

/// The text of a file with at most `limit` pages.
pub(super) fn read(bytes: &[u8], limit: u64, stop: &Stop, on_page: &OnPage) -> Result<PdfText, Unreadable> {
    if !super::is_pdf(bytes) {
        return Err(Unreadable::Damaged);
    }
    let document = load(bytes)?;
    if stop.is_stopped() {
        return Err(Unreadable::Stopped);
    }
    // A tree of pages may name one page more often than there are objects; then it ends.
    let pages: Vec<_> = document.page_iter().collect();
    let total = pages.len() as u64;
    if total == 0 {
        return Err(Unreadable::NoPages);
    }
    if total > limit {
        return Err(Unreadable::Pages { pages: total, limit });
    }
    let mut read = PdfText { pages: Vec::with_capacity(pages.len()) };
    let mut room = MAX_TEXT;
    for (page, number) in pages.into_iter().zip(1..) {
        let text = page::text(&document, page, room, stop)?;
        room -= text.len();
        read.pages.push(PdfPage { text, size: page::size(&document, page) });
        on_page(number, total);
    }
    if read.pages.iter().all(|page| page.text.trim().is_empty()) {
        return Err(Unreadable::NoText);
    }
    Ok(read)
}

fn load(bytes: &[u8]) -> Result<Document, Unreadable> {
    // Streams of objects are unpacked at once: the more streams there are, the less each may take.
    let streams = memmem::find_iter(bytes, b"stream").count() / 2;
    let part = MAX_PART.min(MAX_PARTS / streams.max(1));
    let options = LoadOptions { max_decompressed_size: Some(part), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) => Unreadable::Encrypted,
        _ => Unreadable::Damaged,
    })?;
    // What needs no password is decrypted by now, and says so no more.
    if document.trailer.has(b"Encrypt") {
        return Err(Unreadable::Encrypted);
    }
    Ok(document)
}
