//! PDF files: listing, reading, converting again, cancelling and deleting them.

use std::sync::Arc;

use edgequake_types::PdfId;
use edgequake_types::pdf::{
    CancelPdf, CancelledPdf, DeletePdf, DownloadPdf, GetPdf, GetPdfContent, ListPdfs, Pdf, PdfContent,
    PdfList, PdfStatus, PdfSummary, RetriedPdf, RetryPdf,
};
use edgequake_types::tasks::TaskType;
use serde_json::json;

use crate::conversions;
use crate::converting;
use crate::download::FileReply;
use crate::error::Refusal;
use crate::place::Place;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::page::Page;
use crate::state::pdf::StoredPdf;
use crate::state::space::Space;

/// The maximum size of a page.
const MAX_PAGE: u64 = 100;

const MEDIA_TYPE: &str = "application/pdf";

/// The place of a request, which has to name one.
///
/// # Errors
///
/// 400 without a workspace, 404 for one that does not exist.
pub(super) fn place(call: &Call) -> Result<Place, Refusal> {
    let unnamed = || Refusal::bad_request("X-Tenant-ID and X-Workspace-ID must name a workspace");
    call.scope.named_place().ok_or_else(unnamed)?;
    call.workspace(Refusal::bad_request)
}

pub(super) async fn list(call: Call, request: ListPdfs) -> Result<Reply<PdfList>, Refusal> {
    let place = place(&call)?;
    let space = call.app.spaces.get(&place);
    let contents = space.as_ref().map(|space| space.contents());
    let pdfs = contents.as_ref().map(|contents| contents.pdfs.newest_first()).into_iter().flatten();
    let fits = |pdf: &&StoredPdf| request.status.as_ref().is_none_or(|status| pdf.status == *status);
    let page = Page::new(pdfs.filter(fits).collect(), request.page, request.page_size, MAX_PAGE);
    let items: Vec<PdfSummary> = page.items.into_iter().map(StoredPdf::summary).collect();
    Ok(Reply::new(PdfList::new(items, page.total, page.page, page.page_size)))
}

/// Reads something of a file and its workspace.
///
/// # Errors
///
/// 400 without a workspace, 404 for an unknown file.
fn find<T>(
    call: &Call,
    id: &PdfId,
    read: impl FnOnce(&StoredPdf, &Space) -> T,
) -> Result<(T, Arc<Space>), Refusal> {
    let place = place(call)?;
    let unknown = || Refusal::not_found(format!("pdf {id}"));
    let space = call.app.spaces.get(&place).ok_or_else(unknown)?;
    let stored = space.contents().pdfs.get(id).cloned().ok_or_else(unknown)?;
    Ok((read(&stored, &space), space))
}

pub(super) async fn get(call: Call, request: GetPdf) -> Result<Reply<Pdf>, Refusal> {
    find(&call, &request.pdf_id, |pdf, _| Reply::new(pdf.detail())).map(|(reply, _)| reply)
}

/// The document that it became stays.
pub(super) async fn delete(call: Call, request: DeletePdf) -> Result<Reply<()>, Refusal> {
    let (in_flight, space) = find(&call, &request.pdf_id, |pdf, _| pdf.is_in_flight())?;
    if in_flight {
        // It may have ended since.
        let _ = conversions::cancel(&call.app, &space, &request.pdf_id);
    }
    space.contents().remove_pdf(&request.pdf_id);
    space.conversions.send_replace(());
    Ok(Reply::new(()))
}

pub(super) async fn retry(call: Call, request: RetryPdf) -> Result<Reply<RetriedPdf>, Refusal> {
    let pdf_id = request.pdf_id;
    let ((before, name), space) =
        find(&call, &pdf_id, |pdf, _| (pdf.task_id.clone(), pdf.file_name.clone()))?;
    let task = {
        let mut contents = space.contents();
        if contents.pdfs.get(&pdf_id).is_none_or(|pdf| pdf.status != PdfStatus::Failed) {
            return Err(Refusal::conflict(format!("The PDF {pdf_id} has not failed")));
        }
        let about = json!({ "pdf_id": pdf_id, "filename": name });
        let task =
            contents.tasks.create_about(TaskType::PdfProcessing, &space.place, None, Some(about), call.now);
        conversions::requeue(&mut contents, &pdf_id, task.clone(), call.now);
        contents.tasks.release(&before);
        task
    };
    converting::convert(&call.app, &space, pdf_id.clone());
    let mut retried = RetriedPdf::new(pdf_id);
    retried.message = Some("The file is converted again".to_owned());
    retried.task_id = Some(task);
    Ok(Reply::new(retried))
}

pub(super) async fn cancel(call: Call, request: CancelPdf) -> Result<Reply<CancelledPdf>, Refusal> {
    let pdf_id = request.pdf_id;
    let ((), space) = find(&call, &pdf_id, |_, _| ())?;
    let conflict = || Refusal::conflict(format!("The PDF {pdf_id} is not being converted"));
    conversions::cancel(&call.app, &space, &pdf_id).ok_or_else(conflict)?;
    let mut cancelled = CancelledPdf::new(pdf_id);
    cancelled.message = Some("The conversion was cancelled".to_owned());
    Ok(Reply::new(cancelled))
}

pub(super) async fn content(call: Call, request: GetPdfContent) -> Result<Reply<PdfContent>, Refusal> {
    let read = |pdf: &StoredPdf, space: &Space| {
        let mut content = PdfContent::new(pdf.id.clone());
        content.file_name = Some(pdf.file_name.clone());
        content.file_size_bytes = Some(pdf.bytes.len() as u64);
        content.content_type = Some(MEDIA_TYPE.to_owned());
        content.is_processed = pdf.status == PdfStatus::Completed;
        content.document_id.clone_from(&pdf.document);
        let document = pdf
            .document
            .as_ref()
            .and_then(|id| space.contents().documents.get(id).map(|document| Arc::clone(&document.content)));
        content.markdown_content = document.map(|text| text.to_string());
        Reply::new(content)
    };
    find(&call, &request.pdf_id, read).map(|(reply, _)| reply)
}

pub(super) async fn download(call: Call, request: DownloadPdf) -> Result<FileReply, Refusal> {
    let reply = |pdf: &StoredPdf, _: &Space| FileReply::inline(pdf.bytes.clone(), MEDIA_TYPE, &pdf.file_name);
    find(&call, &request.pdf_id, reply).map(|(reply, _)| reply)
}
