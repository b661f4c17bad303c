//! Uploading several PDF files in one form.

use edgequake_types::Multipart;
use edgequake_types::documents::NamedFile;
use edgequake_types::multipart::Form;
use edgequake_types::pdf::{PdfFileResult, PdfStatus, UploadPdfs, UploadedPdfs};
use http::request::Parts;

use super::pdf_upload::{Upload, accept};
use super::pdfs::place;
use super::upload::check_options;
use crate::error::{Refusal, undecodable};
use crate::reply::Reply;
use crate::route::Call;

/// The parts that the server reads. Nothing looks at pictures, so what says how is passed over.
pub(super) const PARTS: &[&str] =
    &["file", "files", "metadata", "force_reindex", "extraction_mode", "decision_gate_preset"];

pub(super) fn decode(_: &Parts, form: Form) -> Result<UploadPdfs, Refusal> {
    UploadPdfs::from_form(form, &[]).map_err(|error| undecodable(&error, false))
}

/// A file that cannot be taken fails alone; what is wrong with the options refuses all of them.
pub(super) async fn upload(call: Call, request: UploadPdfs) -> Result<Reply<UploadedPdfs>, Refusal> {
    let place = place(&call)?;
    check_options(None, request.extraction_mode.as_ref())?;
    let mut uploaded = UploadedPdfs::new(std::iter::empty::<PdfFileResult>());
    for NamedFile { file_name, content, .. } in request.files {
        let upload = Upload {
            file_name: file_name.clone(),
            content,
            title: None,
            metadata: request.metadata.clone(),
            track_id: None,
            force_reindex: request.force_reindex == Some(true),
            extraction_mode: request.extraction_mode.clone(),
        };
        let result = match accept(&call, &place, upload).await {
            Ok(accepted) => {
                let is_known = accepted.status != PdfStatus::Queued;
                let status = if is_known { accepted.status } else { PdfStatus::Processing };
                let mut result = PdfFileResult::new(file_name, status);
                result.duplicate_of = is_known.then(|| accepted.pdf_id.clone());
                result.pdf_id = Some(accepted.pdf_id);
                result.task_id = accepted.task_id;
                result
            }
            Err(refusal) => {
                let mut result = PdfFileResult::new(file_name, PdfStatus::Failed);
                result.error = Some(refusal.message().to_owned());
                result
            }
        };
        *match result.status {
            PdfStatus::Duplicate => &mut uploaded.duplicates,
            PdfStatus::Failed => &mut uploaded.failed,
            _ => &mut uploaded.accepted,
        } += 1;
        uploaded.results.push(result);
    }
    uploaded.total_files = uploaded.results.len() as u64;
    Ok(Reply::new(uploaded))
}
