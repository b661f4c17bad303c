//! Listing, finding, reading and following documents.

use edgequake_types::documents::{
    Document, DocumentList, DocumentStatus, FoundDocument, FoundDocuments, GetDocument, GetDocumentMetadata,
    GetTrack, ListDocuments, SearchDocuments, SearchedStatus, Track,
};
use edgequake_types::query::DocumentFilter;
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::config::Era;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::{StoredDocument, status_counts};
use crate::state::page::Page;

/// The maximum size of a page.
const MAX_PAGE: u64 = 500;

pub(super) async fn list(call: Call, request: ListDocuments) -> Result<Reply<DocumentList>, Refusal> {
    let mut filter = DocumentFilter::new();
    filter.date_from = request.date_from;
    filter.date_to = request.date_to;
    filter.document_pattern = request.document_pattern;
    let config = &call.app.config;
    let era = config.era;
    let word = config.completed_status;
    // Era B servers do not know the filter.
    let status = request.status.filter(|_| era == Era::C);
    let space = call.scope.named_place().and_then(|place| call.app.spaces.get(place));
    let Some(space) = space else {
        let page = Page::new(Vec::<()>::new(), request.page, request.page_size, MAX_PAGE);
        return Ok(Reply::new(DocumentList::new(Vec::new(), page.total, page.page, page.page_size)));
    };
    let contents = space.contents();
    let documents = &contents.documents;
    let (size, max) = (request.page_size, MAX_PAGE);
    let (page, counts) = if filter == DocumentFilter::new() {
        match &status {
            None => {
                let all = documents.newest_first();
                (Page::of(all, documents.len(), request.page, size, max), *documents.counts())
            }
            Some(status) => {
                let is_found = word.is_found(status);
                let fitting = documents.with_status(status).filter(|_| is_found);
                let total = if is_found { documents.count(status) } else { 0 };
                (Page::of(fitting, total, request.page, size, max), *documents.counts())
            }
        }
    } else {
        let mut fitting: Vec<&StoredDocument> =
            documents.newest_first().filter(|document| document.matches(&filter)).collect();
        // The counts are those of every status.
        let counts = status_counts(fitting.iter().copied());
        fitting.retain(|document| {
            status.as_ref().is_none_or(|status| document.status == *status && word.is_found(status))
        });
        (Page::new(fitting, request.page, size, max), counts)
    };
    let queue = (era == Era::C).then(|| documents.queue(config.workers, config.processing_delay));
    let summary = |document: &StoredDocument| {
        let mut summary = contents.summary(document, config);
        if let Some(waiting) = queue.as_ref().and_then(|queue| queue.place(document)) {
            summary.queue_position = Some(waiting.position);
            summary.eta_seconds = Some(waiting.eta_seconds);
            summary.eta_basis = Some(waiting.eta_basis.to_owned());
        }
        summary
    };
    let summaries = page.items.into_iter().map(summary).collect();
    let mut list = DocumentList::new(summaries, page.total, page.page, page.page_size);
    list.status_counts = word.counted(counts);
    Ok(Reply::new(list))
}

/// The maximum number of documents that a search finds.
const MAX_FOUND: u64 = 50;

pub(super) async fn search(call: Call, request: SearchDocuments) -> Result<Reply<FoundDocuments>, Refusal> {
    let space = call.scope.named_place().and_then(|place| call.app.spaces.get(place));
    let contents = space.as_ref().map(|space| space.contents());
    let documents = contents.as_ref().map(|contents| contents.documents.newest_first());
    let asked = request.q.as_deref().unwrap_or_default().trim().to_lowercase();
    let all = request.status == Some(SearchedStatus::All);
    let fits = |document: &&StoredDocument| {
        (all || document.status == DocumentStatus::Completed)
            && (asked.is_empty() || document.title.to_lowercase().contains(&asked))
    };
    let fitting: Vec<&StoredDocument> = documents.into_iter().flatten().filter(fits).collect();
    let page = Page::new(fitting, None, request.page_size, MAX_FOUND);
    let found = |document: &StoredDocument| {
        let mut found = FoundDocument::new(document.id.clone());
        found.title = Some(document.title.clone());
        found.status = call.app.config.completed_status.shown(&document.status);
        found.created_at = Some(rfc3339(document.created_at));
        found
    };
    let items: Vec<FoundDocument> = page.items.into_iter().map(found).collect();
    let has_more = page.total > items.len() as u64;
    Ok(Reply::new(FoundDocuments::new(items, page.total, has_more)))
}

pub(super) async fn metadata(call: Call, request: GetDocumentMetadata) -> Result<Reply<Value>, Refusal> {
    let unknown = || Refusal::not_found(format!("document {}", request.document_id));
    let space = call.space().ok_or_else(unknown)?;
    let contents = space.contents();
    let document = contents.documents.get(&request.document_id).ok_or_else(unknown)?;
    let mut kept = document.kept(&space.place);
    kept["status"] = json!(call.app.config.completed_status.shown(&document.status));
    Ok(Reply::new(kept))
}

pub(super) async fn get(call: Call, request: GetDocument) -> Result<Reply<Document>, Refusal> {
    let unknown = || Refusal::not_found(format!("document {}", request.document_id));
    let space = call.space().ok_or_else(unknown)?;
    let contents = space.contents();
    let document = contents.documents.get(&request.document_id).ok_or_else(unknown)?;
    Ok(Reply::new(contents.detail(document, &space.place, &call.app.config)))
}

/// An unknown track is a track without documents, as on the real server.
pub(super) async fn track(call: Call, request: GetTrack) -> Result<Reply<Track>, Refusal> {
    let space = call.scope.named_place().and_then(|place| call.app.spaces.get(place));
    let contents = space.as_ref().map(|space| space.contents());
    let documents = contents.as_ref().map(|contents| contents.documents.on_track(&request.track_id));
    let documents: Vec<&StoredDocument> = documents.into_iter().flatten().collect();
    let counts = status_counts(documents.iter().copied());
    let config = &call.app.config;
    let summaries = contents
        .iter()
        .flat_map(|contents| documents.iter().map(move |document| contents.summary(document, config)));
    let mut track = Track::new(request.track_id, summaries.collect());
    track.created_at = documents.iter().map(|document| document.created_at).min().map(rfc3339);
    // Complete means that none is pending or processing.
    track.is_complete = counts.pending == 0 && counts.processing == 0;
    let message = if track.is_complete { "All documents have been processed" } else { "Processing" };
    track.latest_message = Some(message.to_owned());
    if config.era == Era::C {
        track.registered_count = Some(track.total_count);
    }
    track.status_summary = config.completed_status.counted(counts);
    Ok(Reply::new(track))
}
