//! The pages of a document that was made from a PDF file. A document of text has none.

use std::collections::BTreeSet;

use edgequake_types::documents::{
    DocumentPages, GetPageLayout, GetPagesHealth, ListPages, PageLayout, PageSelection, PageStage,
    PageSummary, ReprocessPages,
};
use http::StatusCode;
use serde_json::{Value, json};

use super::files::{find, not_from_pdf};
use super::page_ranges::PageRanges;
use crate::error::Refusal;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::pdf::{StoredPage, StoredPdf};
use crate::state::reprocess_track_id;

/// Nothing looks for what stands where on a page.
const LAYOUT: &str = "unavailable";

fn numbered(pdf: Option<&StoredPdf>) -> impl Iterator<Item = (u64, &StoredPage)> {
    (1..).zip(pdf.into_iter().flat_map(|pdf| &pdf.pages))
}

pub(super) async fn list(call: Call, request: ListPages) -> Result<Reply<DocumentPages>, Refusal> {
    find(&call, &request.document_id, |document, pdf| {
        let page = |(number, page): (u64, &StoredPage)| {
            let mut summary = PageSummary::new(number);
            (summary.width_pt, summary.height_pt) = (page.width, page.height);
            summary.rotation = page.rotation;
            summary.layout_status = Some(LAYOUT.to_owned());
            summary.region_count = Some(0);
            summary
        };
        Reply::new(DocumentPages::new(document.id.clone(), numbered(pdf).map(page).collect::<Vec<_>>()))
    })
}

pub(super) async fn layout(call: Call, request: GetPageLayout) -> Result<Reply<PageLayout>, Refusal> {
    let GetPageLayout { document_id, page_number, .. } = request;
    find(&call, &document_id, |document, pdf| {
        let page = numbered(pdf).find(|(number, _)| *number == page_number);
        let unknown = || Refusal::not_found(format!("page {page_number} of document {document_id}"));
        let (number, page) = page.ok_or_else(unknown)?;
        let mut layout = PageLayout::new(document.id.clone(), number);
        (layout.width_pt, layout.height_pt) = (page.width, page.height);
        layout.rotation = page.rotation;
        layout.layout_status = Some(LAYOUT.to_owned());
        Ok(Reply::new(layout))
    })?
}

/// The form of the answer is this server's own.
pub(super) async fn health(call: Call, request: GetPagesHealth) -> Result<Reply<Value>, Refusal> {
    find(&call, &request.document_id, |document, pdf| {
        pdf.ok_or_else(|| not_from_pdf(&document.id))?;
        let page = |(number, page): (u64, &StoredPage)| {
            let parse = if page.characters > 0 { "ok" } else { "empty" };
            json!({
                "page_number": number,
                "parse": { "status": parse, "characters": page.characters },
                "figures": { "status": LAYOUT },
            })
        };
        let pages: Vec<Value> = numbered(pdf).map(page).collect();
        Ok(Reply::new(json!({ "document_id": document.id, "pages": pages })))
    })?
}

/// The numbers that are chosen of so many pages.
///
/// # Errors
///
/// 422 for a choice that is none, and for pages that there are not.
fn chosen(selection: &PageSelection, count: u64) -> Result<Vec<u64>, Refusal> {
    let chosen: Vec<u64> = match selection {
        PageSelection::Numbers(numbers) if numbers.iter().all(|number| (1..=count).contains(number)) => {
            numbers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
        }
        PageSelection::Ranges(ranges) => {
            let ranges: PageRanges =
                ranges.parse().map_err(|error| Refusal::validation(format!("{error}")))?;
            (1..=count).filter(|number| ranges.contains(*number)).collect()
        }
        _ => Vec::new(),
    };
    if chosen.is_empty() {
        return Err(Refusal::validation(format!("pages must choose some of the {count} pages")));
    }
    Ok(chosen)
}

/// The document is processed again as a whole, whichever pages are chosen. The form of the answer is this server's own.
pub(super) async fn reprocess(call: Call, request: ReprocessPages) -> Result<Reply<Value>, Refusal> {
    let ReprocessPages { document_id, pages, stages, dry_run, .. } = request;
    let (count, is_active) = find(&call, &document_id, |document, pdf| {
        let count = pdf.ok_or_else(|| not_from_pdf(&document.id))?.pages.len() as u64;
        Ok::<_, Refusal>((count, document.is_in_flight()))
    })??;
    let pages = chosen(&pages, count)?;
    let stages = stages.unwrap_or_else(|| vec![PageStage::Parse, PageStage::Figures, PageStage::Entities]);
    if let Some(PageStage::Other(word)) = stages.iter().find(|stage| matches!(stage, PageStage::Other(_))) {
        return Err(Refusal::validation(format!(
            "stages must be parse, figures or entities, and not {word:?}"
        )));
    }
    let mut plan = json!({ "document_id": document_id, "pages": pages, "stages": stages, "dry_run": true });
    if dry_run == Some(true) {
        return Ok(Reply::new(plan));
    }
    let active = || Refusal::conflict(format!("A task of the document {document_id} is active"));
    if is_active {
        return Err(active());
    }
    let space = call.space().ok_or_else(active)?;
    let track = reprocess_track_id(call.now);
    let again = processing::put_back(&mut space.contents(), &space, &document_id, &track, call.now);
    let again = again.ok_or_else(active)?;
    plan["dry_run"] = false.into();
    plan["task_id"] = json!(again.task);
    processing::restart(&call.app, &space, &[again]);
    Ok(Reply::new(plan).status(StatusCode::ACCEPTED))
}
