//! The text layer of PDF files, read by `lopdf` on threads that may block.
//!
//! A file may be anything, so what it takes is bounded: its pages, the size to which a part of it unpacks, its text, and the time.

mod lines;
mod shown;
mod page;
mod file;
mod readers;

use std::sync::Arc;

pub(crate) use self::readers::{Job, Readers};

/// The maximum number of pages of a file.
pub(crate) const MAX_PAGES: u64 = 1_000;

/// The maximum size of the text of a file, in bytes.
const MAX_TEXT: usize = 16 * 1024 * 1024;

/// A file that was read.
#[derive(Debug, Clone)]
pub(crate) struct PdfText {
    pub(crate) pages: Vec<PdfPage>,
}

/// A page of a file.
#[derive(Debug, Clone)]
pub(crate) struct PdfPage {
    /// Its text, which may be blank.
    pub(crate) text: String,
    pub(crate) size: PageSize,
}

/// How large a page is, and how it is turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PageSize {
    /// In points.
    pub(crate) width: f64,
    /// In points.
    pub(crate) height: f64,
    /// In degrees, clockwise.
    pub(crate) rotation: i64,
}

impl PdfText {
    /// The pages as one text, the blank ones left out.
    pub(crate) fn markdown(&self) -> String {
        let pages = self.pages.iter().map(|page| page.text.trim()).filter(|text| !text.is_empty());
        pages.collect::<Vec<_>>().join("\n\n")
    }
}

/// Why a file has no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the file is damaged, or no PDF")]
    Damaged,
    #[error("the file is encrypted; remove its password")]
    Encrypted,
    #[error("the file has no pages")]
    NoPages,
    #[error("the file has {pages} pages, and at most {limit} are read; split it")]
    Pages { pages: u64, limit: u64 },
    #[error("no page has a text layer, and this server recognizes no characters in pictures")]
    NoText,
    #[error("the text of the file is larger than {MAX_TEXT} bytes; split it")]
    Text,
    #[error("the file could not be read within {} seconds", readers::TIME_LIMIT.as_secs())]
    Time,
    #[error("nobody waits for the file any more")]
    Stopped,
}

impl Unreadable {
    /// A word for it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Damaged => "pdf_damaged",
            Self::Encrypted => "pdf_encrypted",
            Self::NoPages => "pdf_no_pages",
            Self::Pages { .. } => "pdf_too_many_pages",
            Self::NoText => "pdf_no_text_layer",
            Self::Text => "pdf_too_much_text",
            Self::Time => "pdf_timeout",
            Self::Stopped => "pdf_cancelled",
        }
    }
}

/// Whether bytes begin as a PDF file does: its header is in the first kilobyte.
pub(crate) fn is_pdf(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes.get(..1024).unwrap_or(bytes), b"%PDF-").is_some()
}

/// Told after each page: how many are read, and how many there are.
pub(crate) type OnPage = Arc<dyn Fn(u64, u64) + Send + Sync>;

#[cfg(test)]
mod tests;
