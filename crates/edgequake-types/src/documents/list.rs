//! [`ListDocuments`]: the documents of a workspace, newest first. [`GetTrack`]: those that were uploaded together.

use super::*;

/// Lists the documents of the workspace, a page at a time, newest first.
///
/// Filters are combined with "and". Servers answer with an empty list, not with an error, when a request carries no
/// tenant and workspace. Errors: 401; 503 `read_path_busy` under load, which is temporary.
#[operation(GET "/api/v1/documents" -> DocumentList, Required, Safe, Query, new(), eq)]
pub struct ListDocuments {
    /// The number of the page, from 1. Default 1.
    pub page: Option<u64>,
    /// How many documents a page holds. Default 20; the server may cut it.
    pub page_size: Option<u64>,
    /// Documents created at this time or later. Compared as TEXT: give a full RFC 3339 date and time.
    pub date_from: Option<Timestamp>,
    /// Documents created at this time or earlier. Compared as TEXT: a bare date loses that whole day, so give the last
    /// instant, `2031-02-03T23:59:59.999999999+00:00`.
    pub date_to: Option<Timestamp>,
    /// Parts of titles, separated by commas; one of them must occur. Case is ignored.
    pub document_pattern: Option<String>,
    /// Documents of this status. Older servers ignore it, so check what comes back.
    pub status: Option<DocumentStatus>,
    /// How many documents to skip, for servers that page by offset; others ignore it. A walk sets it where the first page shows
    /// such a server.
    pub offset: Option<u64>,
}

/// One page of documents. Read with its paging fields flat, below `pagination`, or as a bare list of documents.
#[model(answer, from = Wire, default)]
pub struct DocumentList {
    /// The documents of this page. Also read from `items`.
    pub documents: Vec<DocumentSummary>,
    /// How many documents there are on all pages.
    pub total: u64,
    /// The number of this page, from 1; 0 if the server did not say.
    pub page: u64,
    /// How many documents a page holds at most; 0 if the server did not say. Also read from `limit`.
    pub page_size: u64,
    /// How many pages there are; 0 if the server did not say.
    pub total_pages: u64,
    /// Whether there are pages after this one, where the server says so.
    pub has_more: Option<bool>,
    /// How many documents stand before this page, where the server pages by offset.
    pub offset: Option<u64>,
    /// How many documents are in which state; with newer servers those of the whole workspace, whatever the filter.
    pub status_counts: StatusCounts,
    /// Whether the server cut the list at a limit of its own; newer servers only.
    pub truncated: Option<bool>,
}

/// The forms in which a list arrives.
#[model(known, bare = documents, default)]
pub(super) struct Wire {
    #[field(alias = "items")]
    pub documents: Vec<DocumentSummary>,
    pub total: u64,
    pub page: u64,
    #[field(alias = "limit")]
    pub page_size: u64,
    pub total_pages: u64,
    pub has_more: Option<bool>,
    pub offset: Option<u64>,
    #[field(default)]
    pub status_counts: StatusCounts,
    pub truncated: Option<bool>,
    pub pagination: Option<Pagination>,
}

/// How many documents are in which state. Some servers count one document in two states: do not add them up.
#[model(default, eq)]
#[derive(Copy)]
pub struct StatusCounts {
    /// Waiting.
    pub pending: u64,
    /// Being worked on.
    pub processing: u64,
    /// Done.
    pub completed: u64,
    /// Finished with failures.
    pub partial_failure: u64,
    /// Failed.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// In a state that the server does not know.
    pub unknown: u64,
}

/// A document as lists show it. What a server leaves out is `None`.
#[model(new(id))]
pub struct DocumentSummary {
    /// The document's id.
    pub id: DocumentId,
    /// The title; uploads without one are called `Untitled` or by their file name.
    #[field(always)]
    pub title: Option<String>,
    /// The name of the uploaded file.
    pub file_name: Option<String>,
    /// About the first 200 characters.
    pub content_summary: Option<String>,
    /// Length of the text in bytes.
    pub content_length: Option<u64>,
    /// Number of chunks.
    pub chunk_count: u64,
    /// Number of entities found.
    pub entity_count: Option<u64>,
    /// How far processing has come.
    pub status: Option<DocumentStatus>,
    /// Why processing failed.
    pub error_message: Option<String>,
    /// A problem that did not make it fail.
    pub warning_message: Option<String>,
    /// The track that the document was uploaded on.
    pub track_id: Option<TrackId>,
    /// When the document was uploaded.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// What processing cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// Tokens sent to the model.
    pub input_tokens: Option<u64>,
    /// Tokens that the model wrote.
    pub output_tokens: Option<u64>,
    /// Both together.
    pub total_tokens: Option<u64>,
    /// The model that extracted entities.
    pub llm_model: Option<String>,
    /// The model that embedded chunks.
    pub embedding_model: Option<String>,
    /// Where the text came from: `pdf`, `markdown`, `text`, `file`, `image`; an open set.
    pub source_type: Option<String>,
    /// The stage of processing, such as `chunking` or `embedding`; an open set.
    pub current_stage: Option<String>,
    /// How far the stage has come, 0.0 to 1.0.
    pub stage_progress: Option<f64>,
    /// A sentence about the stage.
    pub stage_message: Option<String>,
    /// The PDF that the document was made from.
    pub pdf_id: Option<PdfId>,
    /// A label to show; newer servers only.
    pub display_status: Option<String>,
    /// What a user interface should show; newer servers only.
    pub ui_phase: Option<UiPhase>,
    /// The stage in which processing was cancelled; newer servers only.
    pub cancelled_from_stage: Option<String>,
    /// Its place in the queue, from 1; newer servers only.
    pub queue_position: Option<u64>,
    /// How long processing will probably take, in seconds; newer servers only.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// What that is based on: `measured` or `no_history`.
    pub eta_basis: Option<String>,
    /// How far the stage has come, in numbers; newer servers only.
    #[field(lenient)]
    pub progress_counts: Option<ProgressCounts>,
    /// Whether queries find it already; newer servers only.
    pub query_ready: Option<bool>,
    /// Security label: how confidential it is.
    pub classification: Option<String>,
    /// Security label: with whom it is shared.
    pub share_mode: Option<String>,
    /// Security label: the state of its labels.
    pub security_status: Option<String>,
    /// Security label: whether its export is controlled.
    #[field(lenient)]
    pub export_control: Option<bool>,
    /// Security label: whether it holds personal data.
    #[field(lenient)]
    pub pii: Option<bool>,
    /// Security label: the project that it belongs to.
    pub project_id: Option<String>,
    /// Security label: whom it belongs to.
    pub owner_principal_id: Option<String>,
    /// What extracted the entities; servers since 0.31.
    pub extraction_mode: Option<ExtractionMode>,
    /// What decided that: `document`, `workspace`, `env` or `default`.
    pub extraction_mode_source: Option<String>,
    /// What decision extraction did; servers since 0.31.
    #[field(lenient)]
    pub decision_stats: Option<DecisionStats>,
}

/// How far a stage has come, in numbers.
#[model(default, eq)]
pub struct ProgressCounts {
    /// How many are done.
    pub current: u64,
    /// How many there are; 0 if that is not known.
    pub total: u64,
    /// What is counted: `pages`, `chunks`, `entities` or `relationships`.
    pub unit: Option<String>,
}

/// What decision extraction did with a document.
#[model(default, eq)]
pub struct DecisionStats {
    /// Chunks looked at.
    pub chunks: u64,
    /// Entities taken.
    pub entities: u64,
    /// Relationships taken.
    pub relations: u64,
    /// Candidates left for a review.
    pub review: u64,
    /// Candidates rejected.
    pub rejected: u64,
    /// Calls of the model.
    pub backend_calls: u64,
    /// Calls that the cache saved.
    pub cache_hits: u64,
    /// A problem that did not make it fail.
    pub warnings: Vec<String>,
    /// The model that decided.
    pub model: Option<String>,
    /// Where the model comes from.
    pub source: Option<String>,
}

/// Reads the documents of a track and their states.
///
/// A track that does not exist, or whose documents are not visible yet, answers 200 with no documents and
/// `is_complete: true`. Ask [`Track::is_finished`], not `is_complete`.
#[operation(GET "/api/v1/documents/track/{track_id}" -> Track, Required, Safe, None, new(track_id), eq)]
pub struct GetTrack {
    /// The track, from the answer to an upload.
    pub track_id: TrackId,
}

/// The documents of a track.
#[model(answer)]
pub struct Track {
    /// The track's id.
    pub track_id: TrackId,
    /// When its first document was uploaded.
    #[field(always)]
    pub created_at: Option<Timestamp>,
    /// Its documents, as far as they are visible.
    pub documents: Vec<DocumentSummary>,
    /// How many documents the server knows on it.
    pub total_count: u64,
    /// How many of them are in which state.
    #[field(default)]
    pub status_summary: StatusCounts,
    /// Whether none of them is pending or processing; also true of a track that does not exist.
    pub is_complete: bool,
    /// A sentence about its state.
    pub latest_message: Option<String>,
    /// How many documents the uploader announced; newer servers only.
    pub expected_count: Option<u64>,
    /// How many of them have arrived; newer servers only.
    pub registered_count: Option<u64>,
}
