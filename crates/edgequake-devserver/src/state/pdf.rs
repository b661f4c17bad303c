//! [`StoredPdf`]: a PDF file, and how far its conversion has come.

#![cfg_attr(not(feature = "pdf"), allow(dead_code, reason = "nothing stores a file then"))]

use bytes::Bytes;
use edgequake_types::pdf::{Pdf, PdfMetadata, PdfStatus, PdfSummary};
use edgequake_types::{DocumentId, PdfId, TrackId};
use serde_json::{Value, json};

use super::extraction::Extraction;
use crate::clock::{Timestamp, rfc3339};
use crate::stop::Stop;
use crate::weight;

/// What a file takes besides its content and its texts, in bytes: ids, hashes, its task.
const OVERHEAD: usize = 1024;

/// What a page is known by after the conversion takes, in bytes.
const PAGE: usize = 32;

/// How its text is taken out.
pub(super) const METHOD: &str = "text_layer";

/// Why a conversion failed.
#[derive(Debug, Clone)]
pub(crate) struct PdfFailure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A page, as it is known after the conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StoredPage {
    /// In points.
    pub(crate) width: f64,
    /// In points.
    pub(crate) height: f64,
    /// In degrees, clockwise.
    pub(crate) rotation: i64,
    /// How many characters it has.
    pub(crate) characters: u64,
}

/// A PDF file as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredPdf {
    pub(crate) id: PdfId,
    pub(crate) file_name: String,
    pub(crate) bytes: Bytes,
    /// SHA-256 of the file.
    pub(crate) hash: String,
    pub(crate) title: String,
    pub(crate) metadata: Option<Value>,
    /// That of the document that it becomes.
    pub(crate) extraction: Extraction,
    /// The id of the caller's own.
    pub(crate) track_id: Option<TrackId>,
    /// The conversion.
    pub(crate) task_id: TrackId,
    pub(crate) status: PdfStatus,
    /// How many pages are read.
    pub(crate) pages_read: u64,
    pub(crate) page_count: Option<u64>,
    /// The pages, once it is converted.
    pub(crate) pages: Vec<StoredPage>,
    /// What it became.
    pub(crate) document: Option<DocumentId>,
    pub(crate) failure: Option<PdfFailure>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// When the conversion began.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) processed_at: Option<Timestamp>,
    /// Stops its conversion.
    pub(crate) stop: Stop,
    /// The order of arrival.
    pub(crate) sequence: u64,
}

impl StoredPdf {
    /// Whether it is waiting to be converted or being converted.
    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self.status, PdfStatus::Pending | PdfStatus::Processing)
    }

    /// What it takes, in bytes, with its entries in the tables.
    pub(super) fn size(&self) -> usize {
        let track = self.track_id.as_ref().map_or(0, |track| track.as_str().len());
        let metadata = self.metadata.as_ref().map_or(0, weight::json);
        let pages = self.pages.capacity() * PAGE;
        OVERHEAD + self.bytes.len() + self.file_name.len() + self.title.len() + track + metadata + pages
    }

    /// The file as lists show it.
    pub(crate) fn summary(&self) -> PdfSummary {
        let mut summary = PdfSummary::new(self.id.clone());
        summary.file_name = Some(self.file_name.clone());
        summary.status = Some(self.status.clone());
        summary.file_size_bytes = Some(self.bytes.len() as u64);
        summary.page_count = self.page_count;
        summary.created_at = Some(rfc3339(self.created_at));
        summary.processed_at = self.processed_at.map(rfc3339);
        summary
    }

    /// The file in full, without its content.
    pub(crate) fn detail(&self) -> Pdf {
        let mut pdf = Pdf::new(self.id.clone(), self.status.clone());
        pdf.document_id.clone_from(&self.document);
        let (started, ended) = (self.started_at, self.processed_at);
        let duration = started.zip(ended).map(|(from, to)| to.as_millisecond() - from.as_millisecond());
        pdf.processing_duration_ms = duration.map(|duration| u64::try_from(duration).unwrap_or(0));
        let mut metadata = PdfMetadata::default();
        metadata.file_name = Some(self.file_name.clone());
        metadata.page_count = self.page_count;
        metadata.extraction_method = (self.status == PdfStatus::Completed).then(|| METHOD.to_owned());
        metadata.processed_at = ended.map(rfc3339);
        pdf.metadata = metadata;
        pdf.errors = self
            .failure
            .as_ref()
            .map(|failure| json!([{ "code": failure.code, "message": failure.message }]));
        pdf
    }
}
