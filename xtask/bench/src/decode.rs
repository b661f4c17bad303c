//! Reading a page of 20 documents: our model against a plain structure of the same fields.

use std::hint::black_box;

use bytes::Bytes;
use edgequake_client::types::Decode;
use edgequake_client::types::documents::DocumentList;
use edgequake_sdk::types::documents::ListDocumentsResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Result;

/// A page as one declares it who takes every value as it comes: all the server's fields, text as `String`.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "reading the fields is the job")]
pub(crate) struct Page {
    documents: Vec<Document>,
    total: u64,
    page: u64,
    page_size: u64,
    total_pages: u64,
    has_more: Option<bool>,
    status_counts: StatusCounts,
    truncated: Option<bool>,
}

impl Page {
    /// How many documents are on it.
    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "reading the fields is the job")]
struct Document {
    id: String,
    title: Option<String>,
    file_name: Option<String>,
    content_summary: Option<String>,
    content_length: Option<u64>,
    chunk_count: u64,
    entity_count: Option<u64>,
    status: Option<String>,
    error_message: Option<String>,
    warning_message: Option<String>,
    track_id: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    cost_usd: Option<f64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
    llm_model: Option<String>,
    embedding_model: Option<String>,
    source_type: Option<String>,
    current_stage: Option<String>,
    stage_progress: Option<f64>,
    stage_message: Option<String>,
    pdf_id: Option<String>,
    display_status: Option<String>,
    ui_phase: Option<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "reading the fields is the job")]
struct StatusCounts {
    pending: u64,
    processing: u64,
    completed: u64,
    partial_failure: u64,
    failed: u64,
    cancelled: u64,
}

/// Reads the page `times` times.
pub(crate) fn run(reader: &str, times: u32) -> Result<Value> {
    let page = Bytes::from(serde_json::to_vec(&page(20, 240, 3))?);
    for _ in 0..times {
        match reader {
            "plain" => drop(black_box(serde_json::from_slice::<Page>(&page)?)),
            "official" => drop(black_box(serde_json::from_slice::<ListDocumentsResponse>(&page)?)),
            "ours" => drop(black_box(DocumentList::from_body(page.clone())?)),
            other => return Err(format!("no reader `{other}`").into()),
        }
    }
    Ok(json!({ "page_bytes": page.len() }))
}

/// One page of many finished documents, as a server writes it.
pub(crate) fn page(size: u32, total: u32, number: u32) -> Value {
    let first = number.saturating_sub(1) * size;
    let documents: Vec<Value> = (first..first + size).map(document).collect();
    json!({
        "documents": documents, "total": total, "page": number, "page_size": size,
        "total_pages": total.div_ceil(size), "has_more": number * size < total,
        "status_counts": {
            "pending": 1, "processing": 2, "completed": 230, "partial_failure": 3, "failed": 4, "cancelled": 0,
        },
    })
}

fn document(number: u32) -> Value {
    json!({
        "id": format!("7a000000-0000-4000-8000-{number:012}"),
        "title": format!("Report {number} on bridges"),
        "file_name": format!("report-{number}.md"),
        "content_summary": "The bridge opened in 1931 after four years of work. ".repeat(4),
        "content_length": 18_204,
        "chunk_count": 14,
        "entity_count": 57,
        "status": "completed",
        "error_message": null,
        "track_id": format!("upload-20260302-{number:08}"),
        "created_at": "2026-03-02T09:00:00.123456+00:00",
        "updated_at": "2026-03-02T09:01:12.654321+00:00",
        "cost_usd": 0.004_213,
        "input_tokens": 12_034,
        "output_tokens": 2_210,
        "total_tokens": 14_244,
        "llm_model": "gpt-4o-mini",
        "embedding_model": "text-embedding-3-small",
        "source_type": "markdown",
        "current_stage": "completed",
        "stage_progress": 1.0,
    })
}
