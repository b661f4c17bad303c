//! Listing, reading and following documents.

use std::sync::Arc;

use axum::Router;
use edgequake_types::documents::{Document, DocumentList, GetDocument, GetTrack, ListDocuments, Track};
use edgequake_types::query::DocumentFilter;

use crate::backend::Shared;
use crate::clock::written;
use crate::error::Refusal;
use crate::options::Era;
use crate::reply::Reply;
use crate::route::{Call, route};
use crate::state::documents::{StoredDocument, count};
use crate::state::page::Page;

/// The largest page of documents.
const MAX_PAGE: u64 = 500;

pub(crate) fn routes(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    let router = route(router, list);
    let router = route(router, get);
    route(router, track)
}

async fn list(call: Call, request: ListDocuments) -> Result<Reply<DocumentList>, Refusal> {
    let mut filter = DocumentFilter::new();
    filter.date_from = request.date_from;
    filter.date_to = request.date_to;
    filter.document_pattern = request.document_pattern;
    let era = call.shared.options.era;
    // Older servers do not know the filter.
    let status = request.status.filter(|_| era == Era::C);
    let store = call.shared.store();
    let documents = call.scope.listed().map(|place| store.documents.of(place)).unwrap_or_default();
    let documents: Vec<&StoredDocument> = documents
        .into_iter()
        .filter(|document| {
            fits(document, &filter) && status.as_ref().is_none_or(|status| document.status == *status)
        })
        .collect();
    let counts = count(documents.iter().copied());
    let page = Page::cut(documents, request.page, request.page_size, MAX_PAGE);
    let summaries = page.items.into_iter().map(|document| document.summary(era)).collect();
    let mut list = DocumentList::new(summaries, page.total, page.page, page.page_size);
    list.status_counts = counts;
    Ok(Reply::of(list))
}

/// Whether a document passes a filter: dates are compared as text and both must fit; one of the ids or one of the parts
/// of titles must fit, where there are any.
pub(crate) fn fits(document: &StoredDocument, filter: &DocumentFilter) -> bool {
    let created = written(document.created_at);
    let after = filter.date_from.as_ref().is_none_or(|from| created.as_str() >= from.as_str());
    let before = filter.date_to.as_ref().is_none_or(|to| created.as_str() <= to.as_str());
    let ids = filter.document_ids.as_deref().filter(|ids| !ids.is_empty());
    let pattern = filter.document_pattern.as_deref().filter(|pattern| !pattern.trim().is_empty());
    let chosen = match (ids, pattern) {
        (None, None) => true,
        (ids, pattern) => {
            let title = document.title.to_lowercase();
            let in_title = |pattern: &str| {
                let mut parts = pattern.split(',').map(|part| part.trim().to_lowercase());
                parts.any(|part| !part.is_empty() && title.contains(&part))
            };
            ids.is_some_and(|ids| ids.contains(&document.id)) || pattern.is_some_and(in_title)
        }
    };
    after && before && chosen
}

async fn get(call: Call, request: GetDocument) -> Result<Reply<Document>, Refusal> {
    let store = call.shared.store();
    let document = call.scope.place().and_then(|place| store.documents.get(place, &request.document_id));
    let document = document.ok_or_else(|| Refusal::not_found(format!("document {}", request.document_id)))?;
    Ok(Reply::of(document.detail(call.shared.options.era)))
}

/// An unknown track is a track without documents, as the server has it.
async fn track(call: Call, request: GetTrack) -> Result<Reply<Track>, Refusal> {
    let store = call.shared.store();
    let documents = call.scope.listed().map(|place| store.documents.of(place)).unwrap_or_default();
    let documents: Vec<&StoredDocument> =
        documents.into_iter().filter(|document| document.track_id == request.track_id).collect();
    let counts = count(documents.iter().copied());
    let era = call.shared.options.era;
    let mut track =
        Track::new(request.track_id, documents.iter().map(|document| document.summary(era)).collect());
    track.created_at = documents.iter().map(|document| document.created_at).min().map(written);
    // "None pending, none processing", and no more than that.
    track.is_complete = counts.pending == 0 && counts.processing == 0;
    let message = if track.is_complete { "All documents have been processed" } else { "Processing" };
    track.latest_message = Some(message.to_owned());
    if era == Era::C {
        track.registered_count = Some(track.total_count);
    }
    track.status_summary = counts;
    Ok(Reply::of(track))
}
