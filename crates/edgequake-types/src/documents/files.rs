//! The files of a document: what was uploaded, its Markdown, and the pictures of its pages.

use super::*;

/// Downloads the file that was uploaded, under its name.
#[operation(GET "/api/v1/documents/{document_id}/download/original" -> Download, Required, Safe, None, new(document_id), eq)]
pub struct DownloadOriginal {
    /// The document.
    pub document_id: DocumentId,
}

/// Downloads the text of a document as Markdown.
#[operation(GET "/api/v1/documents/{document_id}/download/markdown" -> Download, Required, Safe, None, new(document_id), eq)]
pub struct DownloadMarkdown {
    /// The document.
    pub document_id: DocumentId,
}

/// Lists the assets of a document: pictures of its pages, charts and tables.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/documents/{document_id}/assets" -> DocumentAssets, Required, Safe, None, new(document_id), eq)]
pub struct ListAssets {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`ListAssets`].
#[model(answer, new(document_id, assets))]
pub struct DocumentAssets {
    /// The document.
    pub document_id: DocumentId,
    /// Its assets.
    pub assets: Vec<Asset>,
}

/// An asset of a document. What this version does not know is in [`extra`](Self::extra).
#[model(default)]
pub struct Asset {
    /// Its id, such as `page-0001-chart`.
    pub asset_id: Option<String>,
    /// Its path, such as `assets/page-0001.png`.
    pub path: Option<String>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Downloads an asset by its id, usually a PNG.
///
/// Errors: 404 for an unknown document or asset.
#[operation(GET "/api/v1/documents/{document_id}/assets/{asset_id}" -> Download, Required, Safe, None, new(document_id, asset_id), eq)]
pub struct DownloadAsset {
    /// The document.
    pub document_id: DocumentId,
    /// The asset, such as `page-0001-chart`.
    pub asset_id: String,
}

/// Downloads an asset by its path.
///
/// Errors: 400 for a path that leaves the document's folder; 404 for an unknown document or path.
#[operation(
    GET "/api/v1/documents/{document_id}/mm-assets/{*asset_path}" -> Download, Required, Safe, None, new(document_id, asset_path), eq
)]
pub struct DownloadAssetByPath {
    /// The document.
    pub document_id: DocumentId,
    /// The path, such as `assets/page-0001.png`. Its slashes stay.
    pub asset_path: String,
}

/// Renders the pages of the PDF that a document was made from, and keeps their pictures as assets.
///
/// Errors: 400 if it was not made from a PDF; 404 for an unknown id.
#[operation(POST "/api/v1/documents/{document_id}/assets/include-from-pdf" -> IncludedAssets, Required, Refused, None, new(document_id), eq)]
pub struct IncludePdfAssets {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`IncludePdfAssets`].
#[model(answer, new(document_id), eq)]
pub struct IncludedAssets {
    /// The document.
    pub document_id: DocumentId,
    /// How many pages were rendered.
    #[field(required)]
    pub pages_rendered: u64,
    /// How many assets were kept.
    pub assets_persisted: u64,
    /// Whether the Markdown names them now.
    pub markdown_updated: bool,
}
