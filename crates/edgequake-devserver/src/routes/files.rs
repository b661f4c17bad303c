//! The files of a document: what was uploaded, its Markdown, and what was taken out of it.

use std::path::Path;
use std::sync::Arc;

use edgequake_types::DocumentId;
use edgequake_types::documents::{
    Asset, DocumentAssets, DownloadAsset, DownloadAssetByPath, DownloadMarkdown, DownloadOriginal,
    IncludePdfAssets, IncludedAssets, ListAssets,
};

use crate::download::FileReply;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::pdf::StoredPdf;

/// Reads something of a document, and of the file that it was made from.
///
/// # Errors
///
/// 404 for an unknown document.
pub(super) fn find<T>(
    call: &Call,
    id: &DocumentId,
    read: impl FnOnce(&StoredDocument, Option<&StoredPdf>) -> T,
) -> Result<T, Refusal> {
    let unknown = || Refusal::not_found(format!("document {id}"));
    let space = call.space().ok_or_else(unknown)?;
    let contents = space.contents();
    let document = contents.documents.get(id).ok_or_else(unknown)?;
    Ok(read(document, contents.pdfs.of_document(id)))
}

fn media_type(file_name: &str) -> &'static str {
    let extension = Path::new(file_name).extension().and_then(|extension| extension.to_str());
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "md" => "text/markdown; charset=utf-8",
        "json" => "application/json",
        "csv" => "text/csv; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "xml" => "application/xml",
        "yaml" | "yml" => "application/yaml",
        _ => "text/plain; charset=utf-8",
    }
}

/// A text that was no file is one now.
pub(super) async fn original(call: Call, request: DownloadOriginal) -> Result<FileReply, Refusal> {
    let file = |document: &StoredDocument, pdf: Option<&StoredPdf>| match pdf {
        Some(pdf) => Ok(FileReply::attachment(pdf.bytes.clone(), "application/pdf", &pdf.file_name)),
        None => {
            let name = document.file_name.clone().unwrap_or_else(|| format!("{}.txt", document.title));
            Err((name, Arc::clone(&document.content)))
        }
    };
    // The text is copied while others may work.
    Ok(find(&call, &request.document_id, file)?.unwrap_or_else(|(name, content)| {
        FileReply::attachment(content.as_bytes().to_vec(), media_type(&name), &name)
    }))
}

pub(super) async fn markdown(call: Call, request: DownloadMarkdown) -> Result<FileReply, Refusal> {
    let (name, content) = find(&call, &request.document_id, |document, _| {
        let name = document.file_name.as_deref().map_or(document.title.as_str(), |name| {
            Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name)
        });
        (format!("{name}.md"), Arc::clone(&document.content))
    })?;
    Ok(FileReply::attachment(content.as_bytes().to_vec(), "text/markdown; charset=utf-8", &name))
}

/// Nothing is taken out of files here but their text.
pub(super) async fn assets(call: Call, request: ListAssets) -> Result<Reply<DocumentAssets>, Refusal> {
    find(&call, &request.document_id, |document, _| {
        Reply::new(DocumentAssets::new(document.id.clone(), std::iter::empty::<Asset>()))
    })
}

fn no_asset(call: &Call, document: &DocumentId, asset: &str) -> Result<FileReply, Refusal> {
    find(call, document, |_, _| Err(Refusal::not_found(format!("asset {asset} of document {document}"))))?
}

pub(super) async fn asset(call: Call, request: DownloadAsset) -> Result<FileReply, Refusal> {
    no_asset(&call, &request.document_id, &request.asset_id)
}

pub(super) async fn asset_by_path(call: Call, request: DownloadAssetByPath) -> Result<FileReply, Refusal> {
    let path = &request.asset_path;
    if path.split(['/', '\\']).any(|segment| matches!(segment.trim(), "" | "." | "..")) {
        return Err(Refusal::bad_request("The path of an asset must not be empty, nor leave the document"));
    }
    no_asset(&call, &request.document_id, path)
}

/// # Errors
///
/// 400 for a document that was not made from a PDF file.
pub(super) fn not_from_pdf(document: &DocumentId) -> Refusal {
    Refusal::bad_request(format!("The document {document} was not made from a PDF"))
}

/// No page is rendered here, and the answer says so.
pub(super) async fn include(call: Call, request: IncludePdfAssets) -> Result<Reply<IncludedAssets>, Refusal> {
    find(&call, &request.document_id, |document, pdf| {
        pdf.ok_or_else(|| not_from_pdf(&document.id))?;
        Ok(Reply::new(IncludedAssets::new(document.id.clone())))
    })?
}
