//! `documents list` and `documents search`.

use edgequake_types::documents::{
    DocumentStatus, DocumentSummary, FoundDocument, ListDocuments, SearchDocuments, SearchedStatus,
};

use crate::args::documents::{List, Search};
use crate::args::words::STAGES;
use crate::commands::{self, Listing, or_empty};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, time};

/// How many documents a page holds where all are wanted.
const LARGE_PAGE: u64 = 100;

pub(super) async fn list(cx: &mut Context, options: List) -> Result<(), Failure> {
    let all = options.paging.all;
    let is_filtered = options.from.is_some() || options.to.is_some() || !options.patterns.is_empty();
    let is_filtered = is_filtered || options.status.is_some() || options.page.page.is_some();
    // Both are written alike, in UTC.
    if let (Some(from), Some(to)) = (&options.from, &options.to)
        && from.as_str() > to.as_str()
    {
        return Err(Failure::usage(format!("nothing is between --from {from} and --to {to}: exchange them")));
    }
    let mut request = ListDocuments::new();
    request.page = options.page.page;
    request.page_size = options.page.page_size.or(all.then_some(LARGE_PAGE));
    request.date_from = options.from;
    request.date_to = options.to;
    request.document_pattern = (!options.patterns.is_empty()).then(|| options.patterns.join(","));
    let wanted = options.status;
    request.status.clone_from(&wanted);
    let terminal = cx.out.is_terminal();
    // Older servers ignore the filter.
    let shown = |document: &DocumentSummary| {
        let shown = wanted.as_ref().is_none_or(|wanted| has_status(document, wanted));
        shown.then(|| row(document, terminal))
    };
    let header = &["ID", "STATUS", "CHUNKS", "CREATED", "TITLE"];
    let listing = Listing { header, optional: &["CREATED", "CHUNKS"], row: &shown, all };
    let shown = commands::list(cx, request, listing).await?;
    if shown == 0 && !is_filtered {
        hint_of_scope(cx);
    }
    Ok(())
}

/// Newer servers have the stage in the place of `processing`.
fn has_status(document: &DocumentSummary, wanted: &DocumentStatus) -> bool {
    match &document.status {
        Some(DocumentStatus::Other(stage)) if *wanted == DocumentStatus::Processing => {
            STAGES.contains(&stage.as_ref())
        }
        status => status.as_ref() == Some(wanted),
    }
}

fn hint_of_scope(cx: &Context) {
    if cx.tenant().is_none() || cx.workspace().is_none() {
        cx.notes.hint(
            "some servers list nothing unless a tenant and a workspace are named: \
             --tenant default --workspace default",
        );
    }
}

fn row(document: &DocumentSummary, terminal: bool) -> Vec<String> {
    vec![
        document.id.to_string(),
        or_empty(document.status.as_ref()),
        document.chunk_count.to_string(),
        time(document.created_at.as_ref(), terminal),
        document.title.clone().or_else(|| document.file_name.clone()).unwrap_or_default(),
    ]
}

pub(super) async fn search(cx: &mut Context, options: Search) -> Result<(), Failure> {
    let mut request = SearchDocuments::new();
    request.q = options.text;
    request.page_size = options.limit;
    request.status = options.any_status.then_some(SearchedStatus::All);
    let found = cx.client.documents().search(request).await?;
    if cx.out.is_json() {
        return cx.out.json(&found);
    }
    let terminal = cx.out.is_terminal();
    let mut table = Table::new(&["ID", "STATUS", "CREATED", "TITLE"]).optional(&["CREATED"]);
    for document in &found.items {
        table.row(found_row(document, terminal));
    }
    table.write(&mut cx.out)?;
    cx.out.flush()?;
    if found.has_more {
        cx.notes.hint(format!("{} match: `documents list --pattern TEXT --all` shows all", found.total));
    } else if found.items.is_empty() {
        hint_of_scope(cx);
    }
    Ok(())
}

fn found_row(document: &FoundDocument, terminal: bool) -> Vec<String> {
    vec![
        document.id.to_string(),
        or_empty(document.status.as_ref()),
        time(document.created_at.as_ref(), terminal),
        or_empty(document.title.as_ref()),
    ]
}
