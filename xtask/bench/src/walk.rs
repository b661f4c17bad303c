//! A walk over all documents, page by page.

use std::hint::black_box;

use edgequake_client::types::documents::ListDocuments;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::Result;
use crate::decode::Page;
use crate::get::{self, HyperUtil};

/// Documents of a page.
const PAGE: u32 = 100;

/// Takes so many pages of 100 documents each.
pub(crate) async fn run(client: &str, address: &str, pages: u32) -> Result<Value> {
    let documents = match client {
        "hyper-util+serde" => by_hand(address, pages).await?,
        "ours" => ours(address, pages).await?,
        other => return Err(format!("no client `{other}`").into()),
    };
    if documents != pages * PAGE {
        return Err(format!("{documents} documents on {pages} pages").into());
    }
    Ok(json!({ "documents": documents }))
}

async fn by_hand(address: &str, pages: u32) -> Result<u32> {
    let client = HyperUtil::new(address)?;
    let mut documents = 0;
    for page in 1..=pages {
        let path = format!("{}?page={page}&page_size={PAGE}&document_pattern={}", get::PATH, pages * PAGE);
        let body = client.at(&path).await?.into_body().collect().await?.to_bytes();
        documents += black_box(serde_json::from_slice::<Page>(&body)?).len() as u32;
    }
    Ok(documents)
}

async fn ours(address: &str, pages: u32) -> Result<u32> {
    let client = get::client(address)?;
    let list =
        ListDocuments::new().page(1).page_size(u64::from(PAGE)).document_pattern((pages * PAGE).to_string());
    let mut items = client.documents().list(list).items();
    let mut documents = 0;
    while let Some(document) = items.next().await {
        black_box(document?);
        documents += 1;
    }
    Ok(documents)
}
