//! What an answer about a PDF means.

use super::*;

impl PdfProgress {
    /// Whether nothing more will happen, successfully or not.
    pub fn is_finished(&self) -> bool {
        self.is_complete || self.is_failed
    }

    /// Whether everything is done and nothing failed. A server that says "complete" while a phase failed or goes on is not believed.
    pub fn is_success(&self) -> bool {
        self.is_complete && !self.is_failed && self.phases.iter().all(|phase| phase.status.is_success())
    }

    /// The phase that goes on, or is the next one.
    pub fn current_phase(&self) -> Option<&PdfPhase> {
        let active = self.phases.iter().find(|phase| phase.status == PhaseStatus::Active);
        active.or_else(|| self.phases.iter().find(|phase| !phase.status.is_terminal()))
    }

    /// Why it failed, where a phase says so.
    pub fn failure(&self) -> Option<&PhaseError> {
        self.phases.iter().find_map(|phase| phase.error.as_ref())
    }

    /// How much of all is done, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        (self.overall_percentage / 100.0).clamp(0.0, 1.0)
    }
}

impl UploadedPdfs {
    /// The files that are not converted and were not there already.
    pub fn failed_files(&self) -> impl Iterator<Item = &PdfFileResult> {
        self.results.iter().filter(|result| !result.is_accepted())
    }
}

impl PdfFileResult {
    /// Whether there is a PDF of this content now, or there was one. A word that is not known counts by the PDF it names.
    pub fn is_accepted(&self) -> bool {
        match self.status {
            PdfStatus::Failed => false,
            PdfStatus::Other(_) => self.error.is_none() && self.pdf_id.is_some(),
            _ => self.error.is_none(),
        }
    }
}

/// What stands below `metadata` comes first.
impl From<PdfWire> for Pdf {
    fn from(wire: PdfWire) -> Self {
        let PdfWire { pdf_id, document_id, status, processing_duration_ms, metadata, errors, flat } = wire;
        let nested = metadata.unwrap_or_default();
        let metadata = PdfMetadata {
            file_name: nested.file_name.or(flat.file_name),
            page_count: nested.page_count.or(flat.page_count),
            extraction_method: nested.extraction_method.or(flat.extraction_method),
            vision_model: nested.vision_model.or(flat.vision_model),
            processed_at: nested.processed_at.or(flat.processed_at),
        };
        Self { pdf_id, document_id, status, processing_duration_ms, metadata, errors }
    }
}
