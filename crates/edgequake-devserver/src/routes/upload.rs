//! Uploading documents, as text in JSON or as a file in a form.

use std::path::Path;

use bytes::Bytes;
use edgequake_types::documents::{
    DocumentStatus, ExtractionMode, UploadFile, UploadText, UploadedDocument, UploadedFile,
};
use edgequake_types::multipart::{Content, Form};
use edgequake_types::tasks::TaskType;
use edgequake_types::{DocumentId, Multipart, TrackId};
use http::StatusCode;
use http::request::Parts;
use serde_json::Value;
use uuid::Uuid;

use crate::config::Era;
use crate::digest;
use crate::error::{Refusal, undecodable};
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::extraction::Extraction;
use crate::state::new_track_id;
use crate::state::queue::Waiting;
use crate::state::space::Space;

/// The extensions of text files.
pub(super) const EXTENSIONS: [&str; 9] = ["txt", "md", "json", "csv", "html", "htm", "xml", "yaml", "yml"];

/// A document to store.
struct Upload {
    content: String,
    title: String,
    file_name: Option<String>,
    metadata: Option<Value>,
    track_id: Option<TrackId>,
    extraction_mode: Option<ExtractionMode>,
}

/// What goes with a file.
#[derive(Default)]
pub(super) struct About {
    pub(super) metadata: Option<Value>,
    pub(super) track_id: Option<TrackId>,
    pub(super) extraction_mode: Option<ExtractionMode>,
}

/// The outcome of an upload.
pub(super) enum Outcome {
    New {
        document_id: DocumentId,
        task_id: TrackId,
        track_id: TrackId,
        waiting: Waiting,
        extraction: Extraction,
    },
    /// A document with the same content is being processed.
    Duplicate(DocumentId),
}

pub(super) async fn upload_text(call: Call, request: UploadText) -> Result<Reply<UploadedDocument>, Refusal> {
    check_options(request.chunk_options.as_ref(), request.extraction_mode.as_ref())?;
    let upload = Upload {
        content: request.content,
        title: request
            .title
            .filter(|title| !title.trim().is_empty())
            .unwrap_or_else(|| "Untitled".to_owned()),
        file_name: None,
        metadata: request.metadata,
        track_id: request.track_id,
        extraction_mode: request.extraction_mode,
    };
    let (outcome, _) = accept(&call, upload).await?;
    Ok(match outcome {
        Outcome::New { document_id, task_id, track_id, waiting, extraction } => {
            let mut uploaded = UploadedDocument::new(document_id, DocumentStatus::Pending);
            uploaded.task_id = Some(task_id);
            uploaded.track_id = Some(track_id);
            if call.app.config.era == Era::C {
                uploaded.queue_position = Some(waiting.position);
                uploaded.eta_seconds = Some(waiting.eta_seconds);
                uploaded.eta_basis = Some(waiting.eta_basis.to_owned());
                uploaded.extraction_mode = Some(extraction.mode);
                uploaded.extraction_mode_source = Some(extraction.source.to_owned());
            }
            Reply::new(uploaded)
        }
        Outcome::Duplicate(document_id) => {
            let mut uploaded =
                UploadedDocument::new(document_id.clone(), DocumentStatus::DuplicateProcessing);
            uploaded.duplicate_of = Some(document_id);
            uploaded.track_id = Some(TrackId::new(""));
            Reply::new(uploaded)
        }
    })
}

/// The parts that the server reads; it ignores every other one, also a title.
pub(super) const PARTS: &[&str] =
    &["file", "metadata", "chunk_strategy", "chunk_options", "extraction_mode", "decision_gate_preset"];

pub(super) fn decode_file(_: &Parts, form: Form) -> Result<UploadFile, Refusal> {
    let mut parts = form.into_parts();
    // A large file passes by, or a copy of it would be made where it is no text.
    let mut content = Content::Bytes(Bytes::new());
    if let Some(file) = parts.iter_mut().find(|part| part.name == "file") {
        std::mem::swap(&mut file.content, &mut content);
    }
    let request = UploadFile::from_form(Form::new(parts), &[]);
    let mut request = request.map_err(|error| undecodable(&error, false))?;
    request.content = content;
    Ok(request)
}

/// Chunk options that are not an object are ignored; sizes that make no sense, and unknown ways to extract entities, are not.
pub(super) fn check_options(options: Option<&Value>, mode: Option<&ExtractionMode>) -> Result<(), Refusal> {
    for (name, least) in [("chunk_token_size", 1), ("chunk_overlap_token_size", 0)] {
        let value = options.and_then(|options| options.get(name)).filter(|value| !value.is_null());
        if value.is_some_and(|value| value.as_u64().is_none_or(|value| value < least)) {
            return Err(Refusal::validation(format!("{name} must be a whole number of at least {least}")));
        }
    }
    match mode {
        Some(ExtractionMode::Other(word)) => Err(Refusal::invalid_extraction_mode(word)),
        _ => Ok(()),
    }
}

/// Whether the extension of a file is one of these; case does not matter.
pub(super) fn has_extension(file_name: &Path, extensions: &[impl AsRef<str>]) -> bool {
    let extension = file_name.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        extensions.iter().any(|known| known.as_ref().eq_ignore_ascii_case(extension))
    })
}

pub(super) async fn upload_file(call: Call, request: UploadFile) -> Result<Reply<UploadedFile>, Refusal> {
    check_options(request.chunk_options.as_ref(), request.extraction_mode.as_ref())?;
    let bytes = in_memory(request.content);
    let size = bytes.len() as u64;
    let about =
        About { metadata: request.metadata, track_id: None, extraction_mode: request.extraction_mode };
    let (outcome, content_hash) = accept_file(&call, &request.file_name, bytes, about).await?;
    let mut uploaded = match outcome {
        Outcome::New { document_id, task_id, track_id, waiting, extraction } => {
            let mut uploaded = UploadedFile::new(document_id, DocumentStatus::Pending);
            uploaded.task_id = Some(task_id);
            uploaded.track_id = Some(track_id);
            if call.app.config.era == Era::C {
                uploaded.queue_position = Some(waiting.position);
                uploaded.eta_seconds = Some(waiting.eta_seconds);
                uploaded.eta_basis = Some(waiting.eta_basis.to_owned());
                uploaded.extraction_mode = Some(extraction.mode);
                uploaded.extraction_mode_source = Some(extraction.source.to_owned());
            }
            uploaded
        }
        Outcome::Duplicate(document_id) => {
            let mut uploaded = UploadedFile::new(document_id.clone(), DocumentStatus::DuplicateProcessing);
            uploaded.is_duplicate = true;
            uploaded.duplicate_of = Some(document_id);
            uploaded
        }
    };
    uploaded.file_name = Some(request.file_name);
    uploaded.size = Some(size);
    uploaded.content_hash = Some(content_hash);
    (uploaded.chunk_count, uploaded.entity_count, uploaded.relationship_count) = (Some(0), Some(0), Some(0));
    Ok(Reply::new(uploaded))
}

/// A form that was read holds all of it.
pub(super) fn in_memory(content: Content) -> Bytes {
    match content {
        Content::Bytes(bytes) => bytes,
        _ => Bytes::new(),
    }
}

/// Takes a file, whose name is its title. Returns the hash of the content as well.
///
/// # Errors
///
/// 400 for a file that is no text of a known kind; 413 if there is no room; 422 for a blank one.
pub(super) async fn accept_file(
    call: &Call,
    file_name: &str,
    bytes: Bytes,
    about: About,
) -> Result<(Outcome, String), Refusal> {
    if !has_extension(Path::new(file_name), &EXTENSIONS) {
        return Err(Refusal::bad_request(format!(
            "Unsupported file type; expected one of {}",
            EXTENSIONS.join(", ")
        )));
    }
    if bytes.is_empty() {
        return Err(Refusal::bad_request("The file is empty"));
    }
    let Ok(content) = String::from_utf8(bytes.into()) else {
        return Err(Refusal::bad_request("The file is not UTF-8 text"));
    };
    let file_name = file_name.to_owned();
    let About { metadata, track_id, extraction_mode } = about;
    let (title, file_name) = (file_name.clone(), Some(file_name));
    let upload = Upload { content, title, file_name, metadata, track_id, extraction_mode };
    accept(call, upload).await
}

/// From which size on a text is hashed off the threads of the runtime, in bytes.
const LARGE: usize = 256 * 1024;

async fn hash(content: String) -> Result<(String, String), Refusal> {
    let hash = |content: String| (digest::sha256_hex(content.as_bytes()), content);
    if content.len() < LARGE {
        return Ok(hash(content));
    }
    tokio::task::spawn_blocking(move || hash(content)).await.map_err(|_| Refusal::internal())
}

/// Stores a document, replacing a processed one with the same content, and starts processing it. Returns the hash of the content as
/// well.
async fn accept(call: &Call, mut upload: Upload) -> Result<(Outcome, String), Refusal> {
    let place = call.workspace(Refusal::validation)?;
    if upload.content.trim().is_empty() {
        return Err(Refusal::validation("content must not be blank"));
    }
    let (hash, content) = hash(upload.content).await?;
    upload.content = content;
    upload.content.shrink_to_fit();
    let space = call.app.spaces.open(&place);
    let (outcome, replaced) = store(call, &space, upload, hash.clone())?;
    // Before anything is waited for: a client that leaves takes the rest of this with it.
    if let Outcome::New { document_id, .. } = &outcome {
        processing::ingest(&call.app, &space, document_id.clone());
        call.app.counters.uploads.increment();
    }
    if let Some(replaced) = replaced {
        processing::remove_from_index(&space, vec![replaced]).await;
    }
    Ok((outcome, hash))
}

fn store(
    call: &Call,
    space: &Space,
    upload: Upload,
    hash: String,
) -> Result<(Outcome, Option<DocumentId>), Refusal> {
    let extraction =
        Extraction::choose(upload.extraction_mode, call.app.directory().tenancy.workspace(&space.place));
    let mut contents = space.contents();
    let same = contents.documents.with_hash(&hash).map(|same| (same.id.clone(), same.is_in_flight()));
    let replaced = match same {
        Some((id, true)) => return Ok((Outcome::Duplicate(id), None)),
        Some((id, false)) => contents.remove(&id, call.now).map(|document| document.id),
        None => None,
    };
    let document_id = DocumentId::new(Uuid::new_v4().to_string());
    let task_id = contents.tasks.create(TaskType::Insert, &space.place, Some(document_id.clone()), call.now);
    let track_id = upload.track_id.unwrap_or_else(|| new_track_id(call.now, "upload"));
    let document = StoredDocument {
        title: upload.title,
        file_name: upload.file_name,
        metadata: upload.metadata,
        track_id: track_id.clone(),
        task_id: task_id.clone(),
        extraction: extraction.clone(),
        ..StoredDocument::waiting(document_id.clone(), upload.content, hash, call.now)
    };
    if !contents.documents.insert(document) {
        contents.tasks.fail(&task_id, "queued", "There is no room for the document", call.now);
        contents.tasks.release(&task_id);
        let message = "The server has no room for more text; delete documents first";
        return Err(Refusal::text(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    let waiting = contents.documents.last_place(&call.app.config);
    Ok((Outcome::New { document_id, task_id, track_id, waiting, extraction }, replaced))
}
