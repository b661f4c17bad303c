//! [`ListPdfs`]: the PDFs of a workspace.

use super::*;

/// Lists the PDFs of the workspace, a page at a time.
///
/// Errors: 400 without a workspace.
#[operation(GET "/api/v1/documents/pdf" -> PdfList, Required, Safe, Query, new(), eq)]
pub struct ListPdfs {
    /// PDFs of this status.
    pub status: Option<PdfStatus>,
    /// The number of the page, from 1. Default 1.
    pub page: Option<u64>,
    /// How many PDFs a page holds. Default 20.
    pub page_size: Option<u64>,
}

/// One page of PDFs. Read with its paging fields below `pagination`, flat, or as a bare list.
#[model(answer, from = ListWire, default)]
pub struct PdfList {
    /// The PDFs of this page. Also read from `pdfs`.
    pub items: Vec<PdfSummary>,
    /// The place of this page in the list.
    pub pagination: PdfPagination,
}

/// The place of a page in a list of PDFs. All numbers are 0 where the server did not say.
#[model(default, eq)]
#[derive(Copy)]
pub struct PdfPagination {
    /// How many PDFs there are on all pages. Also read from `total`.
    #[field(alias = "total")]
    pub total_count: u64,
    /// The number of this page, from 1.
    pub page: u64,
    /// How many PDFs a page holds at most.
    pub page_size: u64,
    /// How many pages there are.
    pub total_pages: u64,
}

/// The forms in which a list arrives.
#[model(known, bare = items, default)]
pub(super) struct ListWire {
    #[field(alias = "pdfs")]
    pub items: Vec<PdfSummary>,
    pub pagination: Option<PdfPagination>,
    #[field(flatten)]
    pub flat: PdfPagination,
}

/// A PDF as lists show it.
#[model(new(pdf_id), eq)]
pub struct PdfSummary {
    /// Its id. Also read from `id`.
    #[field(alias = "id")]
    pub pdf_id: PdfId,
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: Option<String>,
    /// How far its conversion has come.
    pub status: Option<PdfStatus>,
    /// Its size in bytes. Also read from `file_size`.
    #[field(alias = "file_size")]
    pub file_size_bytes: Option<u64>,
    /// How many pages it has.
    #[field(always)]
    pub page_count: Option<u64>,
    /// When it was uploaded.
    pub created_at: Option<Timestamp>,
    /// When the conversion ended.
    #[field(always)]
    pub processed_at: Option<Timestamp>,
}
