//! Uploading several files in one form.

use edgequake_types::Multipart;
use edgequake_types::documents::{FileResult, FileStatus, NamedFile, UploadFiles, UploadedFiles};
use edgequake_types::multipart::Form;
use http::request::Parts;

use super::upload::{About, Outcome, accept_file, check_options, in_memory};
use crate::error::{Refusal, undecodable};
use crate::reply::Reply;
use crate::route::Call;

/// The parts that the server reads.
pub(super) const PARTS: &[&str] = &[
    "file",
    "files",
    "metadata",
    "chunk_strategy",
    "chunk_options",
    "extraction_mode",
    "decision_gate_preset",
];

pub(super) fn decode(_: &Parts, form: Form) -> Result<UploadFiles, Refusal> {
    UploadFiles::from_form(form, &[]).map_err(|error| undecodable(&error, false))
}

/// A file that cannot be taken fails alone; what is wrong with the options refuses all of them.
pub(super) async fn upload(call: Call, request: UploadFiles) -> Result<Reply<UploadedFiles>, Refusal> {
    check_options(request.chunk_options.as_ref(), request.extraction_mode.as_ref())?;
    call.workspace(Refusal::validation)?;
    let mut uploaded = UploadedFiles::new(std::iter::empty::<FileResult>());
    for NamedFile { file_name, content, .. } in request.files {
        let about = About {
            metadata: request.metadata.clone(),
            track_id: None,
            extraction_mode: request.extraction_mode.clone(),
        };
        let accepted = accept_file(&call, &file_name, in_memory(content), about).await;
        let (status, count) = match &accepted {
            Ok((Outcome::New { .. }, _)) => (FileStatus::Processed, &mut uploaded.processed),
            Ok((Outcome::Duplicate(_), _)) => (FileStatus::Duplicate, &mut uploaded.duplicates),
            Err(_) => (FileStatus::Failed, &mut uploaded.failed),
        };
        *count += 1;
        let mut result = FileResult::new(file_name, status);
        match accepted {
            Ok((Outcome::New { document_id, .. } | Outcome::Duplicate(document_id), _)) => {
                result.document_id = Some(document_id);
            }
            Err(refusal) => result.error = Some(refusal.message().to_owned()),
        }
        uploaded.results.push(result);
    }
    uploaded.total_files = uploaded.results.len() as u64;
    Ok(Reply::new(uploaded))
}
