//! [`ListDocuments`]: the documents of a workspace, newest first.

use serde::{Deserialize, Deserializer, Serialize};

use super::{DocumentStatus, DocumentSummary};
use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::{Paginated, Pagination, Timestamp, tolerant};

/// `GET /api/v1/documents`: one page of the documents of the workspace, newest first.
///
/// Filters are combined with "and". Servers answer with an empty list, not with an error, when a request carries no
/// tenant and workspace. Errors: 401; 503 `read_path_busy` under load, which passes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListDocuments {
    /// The number of the page, from 1. Default 1.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
    /// How many documents a page holds. Default 20; the server may cut it.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
    /// Documents created at this time or later. Compared as TEXT: give a full RFC 3339 date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_from: Option<Timestamp>,
    /// Documents created at this time or earlier. Compared as TEXT: a bare date loses that whole day, so give the last
    /// instant, `2031-02-03T23:59:59.999999999+00:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_to: Option<Timestamp>,
    /// Parts of titles, separated by commas; one of them must occur. Case plays no part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_pattern: Option<String>,
    /// Documents of this status. Older servers ignore it, so look again at what comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DocumentStatus>,
}

impl ListDocuments {
    /// The first page of all documents.
    pub fn new() -> Self {
        Self::default()
    }
}

setters! {
    ListDocuments {
        page: u64,
        page_size: u64,
        date_from: Timestamp,
        date_to: Timestamp,
        document_pattern: String,
        status: DocumentStatus,
    }
}

endpoint! {
    GET "/api/v1/documents" => ListDocuments, DocumentList where Required, Safe, Query
}

impl Paginated for ListDocuments {
    type Item = DocumentSummary;

    fn next(&self, page: &DocumentList) -> Option<Self> {
        let next = page.pagination().next(self.page, page.documents.len(), page.has_more)?;
        Some(self.clone().page(next))
    }

    fn items(page: DocumentList) -> Vec<DocumentSummary> {
        page.documents
    }
}

/// One page of documents. Read with its paging fields flat, below `pagination`, or as a bare list of documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DocumentList {
    /// The documents of this page. Some clients call the field `items`.
    pub documents: Vec<DocumentSummary>,
    /// How many documents there are on all pages.
    pub total: u64,
    /// The number of this page, from 1; 0 if the server did not say.
    pub page: u64,
    /// How many documents a page holds at most; 0 if the server did not say.
    pub page_size: u64,
    /// How many pages there are; 0 if the server did not say.
    pub total_pages: u64,
    /// Whether there are pages after this one, where the server says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_more: Option<bool>,
    /// How many documents of the whole list are in which state.
    pub status_counts: StatusCounts,
    /// Whether the server cut the list at a limit of its own; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
}

impl DocumentList {
    /// Page `page` of a list of `total` documents; number of pages and `has_more` follow from the sizes.
    pub fn new(documents: Vec<DocumentSummary>, total: u64, page: u64, page_size: u64) -> Self {
        let total_pages = Pagination::new(total, page, page_size).total_pages;
        Self {
            documents,
            total,
            page,
            page_size,
            total_pages,
            has_more: Some(page < total_pages),
            status_counts: StatusCounts::default(),
            truncated: None,
        }
    }

    /// The place of this page in its list.
    pub fn pagination(&self) -> Pagination {
        Pagination {
            total: self.total,
            page: self.page,
            page_size: self.page_size,
            total_pages: self.total_pages,
        }
    }
}

json_answers!(DocumentList);

/// How many documents are in which state. Some servers count one document in two states: do not add them up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct StatusCounts {
    /// Waiting.
    #[serde(deserialize_with = "tolerant::count")]
    pub pending: u64,
    /// Being worked on.
    #[serde(deserialize_with = "tolerant::count")]
    pub processing: u64,
    /// Done.
    #[serde(deserialize_with = "tolerant::count")]
    pub completed: u64,
    /// Finished with failures.
    #[serde(deserialize_with = "tolerant::count")]
    pub partial_failure: u64,
    /// Failed.
    #[serde(deserialize_with = "tolerant::count")]
    pub failed: u64,
    /// Cancelled.
    #[serde(deserialize_with = "tolerant::count")]
    pub cancelled: u64,
    /// In a state that the server does not know.
    #[serde(deserialize_with = "tolerant::count")]
    pub unknown: u64,
}

/// The forms in which a list arrives.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    #[serde(deserialize_with = "tolerant::or_default")]
    documents: Vec<DocumentSummary>,
    #[serde(deserialize_with = "tolerant::or_default")]
    items: Vec<DocumentSummary>,
    has_more: Option<bool>,
    #[serde(deserialize_with = "tolerant::or_default")]
    status_counts: StatusCounts,
    truncated: Option<bool>,
    #[serde(deserialize_with = "tolerant::count")]
    total: u64,
    #[serde(deserialize_with = "tolerant::count")]
    page: u64,
    #[serde(deserialize_with = "tolerant::count")]
    page_size: u64,
    #[serde(deserialize_with = "tolerant::count")]
    total_pages: u64,
    pagination: Option<Pagination>,
}

impl From<Vec<DocumentSummary>> for Wire {
    fn from(documents: Vec<DocumentSummary>) -> Self {
        Self { total: documents.len() as u64, documents, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for DocumentList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire: Wire = tolerant::list_or_object(deserializer)?;
        let nested = wire.pagination;
        Ok(Self {
            documents: if wire.documents.is_empty() { wire.items } else { wire.documents },
            total: nested.map_or(wire.total, |place| place.total),
            page: nested.map_or(wire.page, |place| place.page),
            page_size: nested.map_or(wire.page_size, |place| place.page_size),
            total_pages: nested.map_or(wire.total_pages, |place| place.total_pages),
            has_more: wire.has_more,
            status_counts: wire.status_counts,
            truncated: wire.truncated,
        })
    }
}
