//! PDF files: uploading them, which stores them and starts their conversion.

use bytes::Bytes;
use edgequake_types::documents::ExtractionMode;
use edgequake_types::multipart::{Content, Form};
use edgequake_types::pdf::{PdfStatus, UploadPdf, UploadedPdf, UploadedPdfMetadata};
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{DocumentId, Multipart, PdfId, TrackId};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};
use uuid::Uuid;

use super::pdfs::place;
use super::upload::{check_options, in_memory};
use crate::config::Era;
use crate::converting;
use crate::digest;
use crate::error::{Refusal, undecodable};
use crate::pdf;
use crate::place::Place;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::extraction::Extraction;
use crate::state::pdf::StoredPdf;
use crate::state::queue::Waiting;
use crate::state::space::Space;
use crate::stop::Stop;

/// The parts that the server reads. Nothing looks at pictures, so what says how is only told again.
pub(super) const PARTS: &[&str] = &[
    "file",
    "enable_vision",
    "vision_provider",
    "vision_model",
    "title",
    "metadata",
    "track_id",
    "force_reindex",
    "pdf_parser_backend",
    "extraction_mode",
    "decision_gate_preset",
];

pub(super) fn decode(_: &Parts, form: Form) -> Result<UploadPdf, Refusal> {
    UploadPdf::from_form(form, &[]).map_err(|error| undecodable(&error, false))
}

/// A file to store.
pub(super) struct Upload {
    pub(super) file_name: String,
    pub(super) content: Content,
    pub(super) title: Option<String>,
    pub(super) metadata: Option<Value>,
    pub(super) track_id: Option<TrackId>,
    pub(super) force_reindex: bool,
    pub(super) extraction_mode: Option<ExtractionMode>,
}

/// What became of a file.
pub(super) struct Accepted {
    pub(super) pdf_id: PdfId,
    /// [`PdfStatus::Queued`], or how it stands to the file that is there already.
    pub(super) status: PdfStatus,
    /// The conversion; none for a duplicate.
    pub(super) task_id: Option<TrackId>,
    /// What the file that is there already has become.
    document: Option<DocumentId>,
    waiting: Option<Waiting>,
    hash: String,
    size: u64,
}

pub(super) async fn upload(call: Call, request: UploadPdf) -> Result<Reply<UploadedPdf>, Refusal> {
    let place = place(&call)?;
    check_options(None, request.extraction_mode.as_ref())?;
    let track_id = request.track_id.filter(|track| !track.as_str().trim().is_empty());
    let (file_name, vision) = (request.file_name.clone(), request.enable_vision.unwrap_or(true));
    let upload = Upload {
        file_name: request.file_name,
        content: request.content,
        title: request.title,
        metadata: request.metadata,
        track_id: track_id.clone(),
        force_reindex: request.force_reindex == Some(true),
        extraction_mode: request.extraction_mode,
    };
    let accepted = accept(&call, &place, upload).await?;
    let mut uploaded = UploadedPdf::new(accepted.pdf_id.clone());
    let is_duplicate = accepted.status == PdfStatus::Duplicate;
    uploaded.document_id = accepted.document;
    uploaded.duplicate_of = (accepted.status != PdfStatus::Queued).then(|| accepted.pdf_id.clone());
    uploaded.message = Some(
        match accepted.status {
            PdfStatus::Duplicate => "The file is there already; send force_reindex to convert it again",
            PdfStatus::Reindexing => "The file is there already, and is converted again",
            _ => "The file is converted in the background",
        }
        .to_owned(),
    );
    uploaded.status = Some(accepted.status);
    // Of a duplicate it is empty.
    uploaded.task_id = Some(accepted.task_id.unwrap_or_else(|| TrackId::new("")));
    uploaded.track_id = track_id;
    let seconds = call.app.config.processing_delay.as_secs();
    if let Some(waiting) = accepted.waiting.filter(|_| call.app.config.era == Era::C) {
        uploaded.queue_position = Some(waiting.position);
        uploaded.eta_seconds = Some(waiting.eta_seconds);
        uploaded.eta_basis = Some(waiting.eta_basis.to_owned());
    }
    uploaded.estimated_time_seconds = (!is_duplicate).then_some(seconds);
    let mut metadata = UploadedPdfMetadata::default();
    metadata.file_name = Some(file_name);
    metadata.file_size_bytes = Some(accepted.size);
    metadata.sha256_checksum = Some(accepted.hash);
    metadata.vision_enabled = Some(vision);
    uploaded.metadata = Some(metadata);
    Ok(Reply::new(uploaded))
}

/// Stores a file and starts converting it, unless it is there already.
pub(super) async fn accept(call: &Call, place: &Place, upload: Upload) -> Result<Accepted, Refusal> {
    let bytes = in_memory(upload.content.clone());
    let has_extension = upload.file_name.to_ascii_lowercase().ends_with(".pdf");
    if !has_extension || !pdf::is_pdf(&bytes) {
        return Err(Refusal::bad_request(
            "The file is no PDF; its name must end in .pdf, and it must begin as one",
        ));
    }
    let hashed = tokio::task::spawn_blocking(move || {
        // Without what it was read into.
        (digest::sha256_hex(&bytes), Bytes::copy_from_slice(&bytes))
    });
    let (hash, bytes) = hashed.await.map_err(|_| Refusal::internal())?;
    let size = bytes.len() as u64;
    let space = call.app.spaces.open(place);
    let Stored { pdf_id, status, task_id, document, waiting, replaced } =
        store(call, &space, upload, &hash, bytes)?;
    if task_id.is_some() {
        converting::convert(&call.app, &space, pdf_id.clone());
        call.app.counters.uploads.increment();
    }
    if let Some(replaced) = replaced {
        processing::remove_from_index(&space, vec![replaced]).await;
    }
    Ok(Accepted { pdf_id, status, task_id, document, waiting, hash, size })
}

/// What a file was stored as.
struct Stored {
    pdf_id: PdfId,
    status: PdfStatus,
    task_id: Option<TrackId>,
    /// What the file that is there already has become.
    document: Option<DocumentId>,
    /// Its place in the queue of files.
    waiting: Option<Waiting>,
    /// The document that is still in the index.
    replaced: Option<DocumentId>,
}

fn store(call: &Call, space: &Space, upload: Upload, hash: &str, bytes: Bytes) -> Result<Stored, Refusal> {
    let extraction =
        Extraction::choose(upload.extraction_mode, call.app.directory().tenancy.workspace(&space.place));
    let mut contents = space.contents();
    let same = contents.pdfs.with_hash(hash).map(|same| (same.id.clone(), same.document.clone()));
    let id = match same {
        Some((pdf_id, document)) if !upload.force_reindex => {
            let status = PdfStatus::Duplicate;
            return Ok(Stored { pdf_id, status, task_id: None, document, waiting: None, replaced: None });
        }
        Some((same, _)) => same,
        None => PdfId::new(Uuid::new_v4().to_string()),
    };
    let about = json!({ "pdf_id": id, "filename": upload.file_name });
    let task_id =
        contents.tasks.create_about(TaskType::PdfProcessing, &space.place, None, Some(about), call.now);
    let title = upload.title.filter(|title| !title.trim().is_empty());
    let pdf = StoredPdf {
        id: id.clone(),
        title: title.unwrap_or_else(|| upload.file_name.clone()),
        file_name: upload.file_name,
        bytes,
        hash: hash.to_owned(),
        metadata: upload.metadata,
        extraction,
        track_id: upload.track_id,
        task_id: task_id.clone(),
        status: PdfStatus::Pending,
        pages_read: 0,
        page_count: None,
        pages: Vec::new(),
        document: None,
        failure: None,
        created_at: call.now,
        updated_at: call.now,
        started_at: None,
        processed_at: None,
        stop: Stop::default(),
        sequence: 0,
    };
    let Ok(before) = contents.pdfs.insert(pdf) else {
        contents.tasks.fail(&task_id, "queued", "There is no room for the file", call.now);
        contents.tasks.release(&task_id);
        let message = "The server has no room for the file; delete documents first";
        return Err(Refusal::text(StatusCode::PAYLOAD_TOO_LARGE, message));
    };
    let mut stored = Stored {
        pdf_id: id,
        status: PdfStatus::Queued,
        task_id: Some(task_id),
        document: None,
        waiting: Some(contents.pdfs.last_place(&call.app.config)),
        replaced: None,
    };
    let Some(before) = before else { return Ok(stored) };
    if before.is_in_flight() {
        contents.tasks.finish(&before.task_id, TaskStatus::Cancelled, None, call.now);
    }
    contents.tasks.release(&before.task_id);
    let replaced = before
        .document
        .and_then(|document| processing::remove_document(&call.app, space, &mut contents, &document));
    stored.status = PdfStatus::Reindexing;
    stored.replaced = replaced.map(|document| document.id);
    Ok(stored)
}
