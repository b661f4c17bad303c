//! A walk over all documents, page by page.

use std::hint::black_box;

use edgequake_client::types::documents::ListDocuments;
use serde_json::{Value, json};

use crate::Result;
use crate::clients::{Caller, client_of_ours};

/// Documents of a page.
const PAGE: u32 = 100;

/// Takes so many pages of 100 documents each, by a loop over the pages.
pub(crate) async fn by_hand<C: Caller>(address: &str, pages: u32) -> Result<Value> {
    let client = C::new(address)?;
    let mut documents = 0;
    for page in 1..=pages {
        documents += client.page(page, PAGE, pages * PAGE).await?;
    }
    told(documents, pages)
}

fn told(documents: usize, pages: u32) -> Result<Value> {
    let total = pages * PAGE;
    if documents != total as usize {
        return Err(format!("{documents} documents on {pages} pages").into());
    }
    Ok(json!({ "documents": documents }))
}

/// The same by our walk, which asks for pages on its own.
pub(crate) async fn ours(address: &str, pages: u32) -> Result<Value> {
    let total = pages * PAGE;
    let client = client_of_ours(address)?;
    let list = ListDocuments::new().page(1).page_size(u64::from(PAGE)).document_pattern(total.to_string());
    let mut items = client.documents().list(list).items();
    let mut documents = 0;
    while let Some(document) = items.next().await {
        black_box(document?);
        documents += 1;
    }
    told(documents, pages)
}
