//! Listing, reading and following documents.

use edgequake_types::documents::{Document, DocumentList, GetDocument, GetTrack, ListDocuments, Track};
use edgequake_types::query::DocumentFilter;

use crate::clock::rfc3339;
use crate::config::Era;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::documents::{StoredDocument, status_counts};
use crate::state::page::Page;

/// The maximum size of a page.
const MAX_PAGE: u64 = 500;

pub(super) async fn list(call: Call, request: ListDocuments) -> Result<Reply<DocumentList>, Refusal> {
    let mut filter = DocumentFilter::new();
    filter.date_from = request.date_from;
    filter.date_to = request.date_to;
    filter.document_pattern = request.document_pattern;
    let era = call.app.config.era;
    // Era B servers do not know the filter.
    let status = request.status.filter(|_| era == Era::C);
    let store = call.app.store();
    let documents = call.scope.named_place().map(|place| store.documents.in_place(place)).unwrap_or_default();
    let documents: Vec<&StoredDocument> = documents
        .into_iter()
        .filter(|document| {
            document.matches(&filter) && status.as_ref().is_none_or(|status| document.status == *status)
        })
        .collect();
    let counts = status_counts(documents.iter().copied());
    let page = Page::new(documents, request.page, request.page_size, MAX_PAGE);
    let summaries = page.items.into_iter().map(|document| document.summary(era)).collect();
    let mut list = DocumentList::new(summaries, page.total, page.page, page.page_size);
    list.status_counts = counts;
    Ok(Reply::new(list))
}

pub(super) async fn get(call: Call, request: GetDocument) -> Result<Reply<Document>, Refusal> {
    let store = call.app.store();
    let document = call.scope.place().and_then(|place| store.documents.get(place, &request.document_id));
    let document = document.ok_or_else(|| Refusal::not_found(format!("document {}", request.document_id)))?;
    Ok(Reply::new(document.detail(call.app.config.era)))
}

/// An unknown track is a track without documents, as on the real server.
pub(super) async fn track(call: Call, request: GetTrack) -> Result<Reply<Track>, Refusal> {
    let store = call.app.store();
    let documents = call.scope.named_place().map(|place| store.documents.in_place(place)).unwrap_or_default();
    let documents: Vec<&StoredDocument> =
        documents.into_iter().filter(|document| document.track_id == request.track_id).collect();
    let counts = status_counts(documents.iter().copied());
    let era = call.app.config.era;
    let mut track =
        Track::new(request.track_id, documents.iter().map(|document| document.summary(era)).collect());
    track.created_at = documents.iter().map(|document| document.created_at).min().map(rfc3339);
    // Complete means that none is pending or processing.
    track.is_complete = counts.pending == 0 && counts.processing == 0;
    let message = if track.is_complete { "All documents have been processed" } else { "Processing" };
    track.latest_message = Some(message.to_owned());
    if era == Era::C {
        track.registered_count = Some(track.total_count);
    }
    track.status_summary = counts;
    Ok(Reply::new(track))
}
