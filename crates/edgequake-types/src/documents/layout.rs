//! The pages of a document that was made from a PDF, and what stands where on them.

use super::*;

/// Lists the pages of a document.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/documents/{document_id}/pages" -> DocumentPages, Required, Safe, None, new(document_id), eq)]
pub struct ListPages {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`ListPages`].
#[model(answer, new(document_id, pages))]
pub struct DocumentPages {
    /// The document.
    pub document_id: DocumentId,
    /// Its pages.
    #[field(required)]
    pub pages: Vec<PageSummary>,
}

/// A page of a document.
#[model(new(page_number))]
pub struct PageSummary {
    /// Its number, from 1.
    #[field(required)]
    pub page_number: u64,
    /// Its width, in points (1/72 inch).
    pub width_pt: f64,
    /// Its height, in points.
    pub height_pt: f64,
    /// By how many degrees it is turned clockwise.
    pub rotation: i64,
    /// How far its layout is known; an open set.
    pub layout_status: Option<String>,
    /// How many regions it has.
    pub region_count: Option<u64>,
}

/// Reads what stands where on a page.
///
/// Errors: 404 for an unknown document or page.
#[operation(
    GET "/api/v1/documents/{document_id}/pages/{page_number}/layout" -> PageLayout, Required, Safe, None, new(document_id, page_number), eq
)]
pub struct GetPageLayout {
    /// The document.
    pub document_id: DocumentId,
    /// The number of the page, from 1.
    pub page_number: u64,
}

/// The answer to [`GetPageLayout`].
#[model(answer, new(document_id, page_number))]
pub struct PageLayout {
    /// The document.
    pub document_id: DocumentId,
    /// The number of the page, from 1.
    #[field(required)]
    pub page_number: u64,
    /// Its width, in points (1/72 inch).
    pub width_pt: f64,
    /// Its height, in points.
    pub height_pt: f64,
    /// By how many degrees it is turned clockwise.
    pub rotation: i64,
    /// How far its layout is known; an open set.
    pub layout_status: Option<String>,
    /// The model that found the regions.
    pub layout_model: Option<String>,
    /// Its regions.
    pub regions: Vec<LayoutRegion>,
}

/// A region of a page, such as a paragraph or a table.
#[model(new(region_id))]
pub struct LayoutRegion {
    /// Its id.
    pub region_id: String,
    /// What it is, such as `table`; an open set.
    pub class: Option<String>,
    /// What found it; an open set.
    pub source: Option<String>,
    /// How sure that is, from 0 to 1.
    pub confidence: Option<f64>,
    /// Its place in the order of reading.
    pub reading_order: Option<i64>,
    /// Its picture, for [`DownloadAssetByPath`].
    pub asset_path: Option<String>,
    /// Where it is, in points.
    pub bbox_pdf: Option<PdfBox>,
    /// Where it is, in parts of the page.
    pub bbox_norm: Option<NormalizedBox>,
    /// Whatever else was found.
    pub extra: Option<Value>,
}

/// A box by two corners, in points.
#[model(default)]
#[derive(Copy)]
pub struct PdfBox {
    /// The smaller x.
    pub x0: f64,
    /// The smaller y.
    pub y0: f64,
    /// The larger x.
    pub x1: f64,
    /// The larger y.
    pub y1: f64,
}

/// A box by a corner and its size, in parts of the page, from 0 to 1.
#[model(default)]
#[derive(Copy)]
pub struct NormalizedBox {
    /// Its x.
    pub x: f64,
    /// Its y.
    pub y: f64,
    /// Its width.
    pub w: f64,
    /// Its height.
    pub h: f64,
}

/// Tells how well each page of a PDF was parsed. The form of the answer is not known.
#[operation(GET "/api/v1/documents/{document_id}/pages/health" -> Value, Required, Safe, None, new(document_id), eq)]
pub struct GetPagesHealth {
    /// The document.
    pub document_id: DocumentId,
}

/// Processes pages of a PDF again; or, with `dry_run`, tells what that would do.
///
/// Answered with 200 and a plan for `dry_run`, with 202 when it is queued; the form of the answer is not known. Errors: 409 while a task
/// of the document is active; 422.
#[operation(POST "/api/v1/documents/{document_id}/pages/reprocess" -> Value, Required, Refused, Json, new(document_id, pages), eq)]
pub struct ReprocessPages {
    /// The document.
    pub document_id: DocumentId,
    /// The pages.
    pub pages: PageSelection,
    /// What is done again. By default everything.
    pub stages: Option<Vec<PageStage>>,
    /// Whether it is only planned. Default false.
    pub dry_run: Option<bool>,
}
