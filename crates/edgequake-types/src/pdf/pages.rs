//! Lists of PDFs: how they page, and the forms in which they arrive.

use super::list::ListWire;
use super::*;

impl PdfList {
    /// Page `page` of a list of `total` PDFs; the number of pages follows from the sizes.
    pub fn new(items: Vec<PdfSummary>, total: u64, page: u64, page_size: u64) -> Self {
        let total_pages = Pagination::new(total, page, page_size).total_pages;
        Self { items, pagination: PdfPagination { total_count: total, page, page_size, total_pages } }
    }

    /// The place of this page in its list.
    pub fn pagination(&self) -> Pagination {
        let PdfPagination { total_count, page, page_size, total_pages } = self.pagination;
        Pagination { total: total_count, page, page_size, total_pages }
    }
}

impl Paginated for ListPdfs {
    type Item = PdfSummary;

    fn next(&self, page: &PdfList) -> Option<Self> {
        let next = page.pagination().next(self.page, page.items.len(), None)?;
        Some(self.clone().page(next))
    }

    fn items(page: PdfList) -> Vec<PdfSummary> {
        page.items
    }

    fn elements(page: &mut PdfList) -> Option<&mut Vec<PdfSummary>> {
        Some(&mut page.items)
    }

    fn id(pdf: &PdfSummary) -> Option<&str> {
        Some(pdf.pdf_id.as_str())
    }

    fn total(page: &PdfList) -> Option<u64> {
        Some(page.pagination.total_count)
    }
}

impl From<Vec<PdfSummary>> for ListWire {
    fn from(items: Vec<PdfSummary>) -> Self {
        let flat = PdfPagination { total_count: items.len() as u64, ..PdfPagination::default() };
        Self { items, flat, ..Self::default() }
    }
}

impl From<ListWire> for PdfList {
    fn from(wire: ListWire) -> Self {
        Self { items: wire.items, pagination: wire.pagination.unwrap_or(wire.flat) }
    }
}
