//! What the user says about each document.

use edgequake_types::documents::UploadFile;
use edgequake_types::pdf::UploadPdf;
use serde_json::Value;

pub(super) fn described(
    mut upload: UploadFile,
    title: &Option<String>,
    metadata: &Option<Value>,
) -> UploadFile {
    upload.title = title.clone().or(upload.title);
    upload.metadata = metadata.clone().or(upload.metadata);
    upload
}

pub(super) fn described_pdf(
    mut upload: UploadPdf,
    title: &Option<String>,
    metadata: &Option<Value>,
) -> UploadPdf {
    upload.title = title.clone().or(upload.title);
    upload.metadata = metadata.clone().or(upload.metadata);
    upload
}
