//! Lists of documents: how they page, and when a track is finished.

use super::list::Wire;
use super::*;
use crate::page::next_offset;

impl Paginated for ListDocuments {
    type Item = DocumentSummary;

    fn next(&self, page: &DocumentList) -> Option<Self> {
        let (length, place) = (page.documents.len(), page.pagination());
        let Some(offset) = page.offset.filter(|_| place.page == 0 && place.total_pages == 0) else {
            let next = place.next(self.page, length, page.has_more)?;
            return Some(self.clone().page(next));
        };
        // Such a server is told where the page begins in both ways.
        let asked = self.offset.unwrap_or(offset);
        let total = if page.has_more == Some(true) { u64::MAX } else { place.total };
        let next = next_offset(Some(asked), length, place.page_size, total)
            .filter(|_| page.has_more != Some(false))?;
        let number = next.checked_div(place.page_size).unwrap_or(0).saturating_add(1);
        Some(self.clone().page(number).offset(next))
    }

    fn items(page: DocumentList) -> Vec<DocumentSummary> {
        page.documents
    }

    fn elements(page: &mut DocumentList) -> Option<&mut Vec<DocumentSummary>> {
        Some(&mut page.documents)
    }

    fn id(document: &DocumentSummary) -> Option<&str> {
        Some(document.id.as_str())
    }

    fn total(page: &DocumentList) -> Option<u64> {
        Some(page.total)
    }
}

impl DocumentList {
    /// Page `page` of a list of `total` documents; number of pages and `has_more` follow from the sizes.
    pub fn new(documents: Vec<DocumentSummary>, total: u64, page: u64, page_size: u64) -> Self {
        let total_pages = Pagination::new(total, page, page_size).total_pages;
        let has_more = Some(page < total_pages);
        Self { documents, total, page, page_size, total_pages, has_more, ..Self::default() }
    }

    /// The place of this page in its list.
    pub fn pagination(&self) -> Pagination {
        let Self { total, page, page_size, total_pages, .. } = *self;
        Pagination { total, page, page_size, total_pages }
    }
}

/// A list without pages.
impl From<Vec<DocumentSummary>> for DocumentList {
    fn from(documents: Vec<DocumentSummary>) -> Self {
        Self { total: documents.len() as u64, documents, ..Self::default() }
    }
}

impl From<Vec<DocumentSummary>> for Wire {
    fn from(documents: Vec<DocumentSummary>) -> Self {
        Self { total: documents.len() as u64, documents, ..Self::default() }
    }
}

/// The place of the page is kept flat, wherever it came from.
impl From<Wire> for DocumentList {
    fn from(wire: Wire) -> Self {
        let Wire {
            documents,
            total,
            page,
            page_size,
            total_pages,
            has_more,
            offset,
            status_counts,
            truncated,
            pagination,
        } = wire;
        let place = pagination.unwrap_or(Pagination { total, page, page_size, total_pages });
        let Pagination { total, page, page_size, total_pages } = place;
        Self { documents, total, page, page_size, total_pages, has_more, offset, status_counts, truncated }
    }
}

impl Track {
    /// A track with these documents, complete when all of them are.
    pub fn new(track_id: impl Into<TrackId>, documents: Vec<DocumentSummary>) -> Self {
        Self {
            track_id: track_id.into(),
            created_at: None,
            total_count: documents.len() as u64,
            is_complete: documents.iter().all(DocumentSummary::is_terminal),
            documents,
            status_summary: StatusCounts::default(),
            latest_message: None,
            expected_count: None,
            registered_count: None,
        }
    }

    /// Whether every document that belongs to the track is there, and processing of all of them is over, successfully or not.
    /// A track without documents is not finished: it may not have begun.
    pub fn is_finished(&self) -> bool {
        let arrived = self.registered_count.unwrap_or(0) >= self.expected_count.unwrap_or(0);
        let ended = self.is_complete && self.documents.iter().all(DocumentSummary::is_terminal);
        self.total_count > 0 && arrived && ended
    }
}
