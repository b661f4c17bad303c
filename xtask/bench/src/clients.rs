//! The clients side by side: each as its users make it and share it, with the same base URL, credential and scope.

use std::hint::black_box;
use std::sync::Arc;

use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_sdk::EdgeQuakeClient;
use edgequake_sdk::types::documents::DocumentListQuery;
use http_body_util::BodyExt;

use crate::Result;
use crate::decode::Page;
use crate::hyper_util::{Connector, PATH, Pooled, headers};

const KEY: &str = "eq_0123456789abcdef0123456789abcdef";
pub(crate) const BEARER: &str = "Bearer eq_0123456789abcdef0123456789abcdef";
pub(crate) const TENANT: &str = "7a000000-0000-4000-8000-000000000001";
pub(crate) const WORKSPACE: &str = "7a000000-0000-4000-8000-000000000002";

/// One of the clients.
pub(crate) trait Caller: Clone + Send + Sync + 'static {
    /// For the server at an address, which is `HOST:PORT` or a whole base URL.
    fn new(address: &str) -> Result<Self>;

    /// Reads a page of documents, as large as the server gives them. Tells how many there are.
    fn call(&self) -> impl Future<Output = Result<usize>> + Send;

    /// Reads one page of `size` documents of `total` in all.
    fn page(&self, number: u32, size: u32, total: u32) -> impl Future<Output = Result<usize>> + Send;
}

/// Evaluates an expression with the client of a name: `by_client!(name, C => run::<C>())`.
macro_rules! by_client {
    ($name:expr, $client:ident => $run:expr) => {
        match $name {
            "hyper-util" => {
                type $client = $crate::hyper_util::HyperUtil;
                $run
            }
            "reqwest" => {
                type $client = $crate::clients::Reqwest;
                $run
            }
            "official" => {
                type $client = $crate::clients::Official;
                $run
            }
            "ours" => {
                type $client = $crate::clients::Ours;
                $run
            }
            other => Err(format!("no client `{other}`").into()),
        }
    };
}
pub(crate) use by_client;

impl<C: Connector> Caller for Pooled<C> {
    fn new(address: &str) -> Result<Self> {
        Self::new(address)
    }

    async fn call(&self) -> Result<usize> {
        let body = self.get().await?.into_body().collect().await?.to_bytes();
        Ok(black_box(serde_json::from_slice::<Page>(&body)?).len())
    }

    async fn page(&self, number: u32, size: u32, total: u32) -> Result<usize> {
        let answer = self.at(&format!("{PATH}?{}", query(number, size, total))).await?;
        let body = answer.into_body().collect().await?.to_bytes();
        Ok(black_box(serde_json::from_slice::<Page>(&body)?).len())
    }
}

/// reqwest, and where the documents are.
#[derive(Clone)]
pub(crate) struct Reqwest(reqwest::Client, Arc<str>);

impl Caller for Reqwest {
    fn new(address: &str) -> Result<Self> {
        Ok(Self(reqwest_client()?, url(address).into()))
    }

    async fn call(&self) -> Result<usize> {
        Ok(read(self.0.get(&*self.1).send().await?).await?.len())
    }

    async fn page(&self, number: u32, size: u32, total: u32) -> Result<usize> {
        let url = format!("{}?{}", self.1, query(number, size, total));
        Ok(read(self.0.get(url).send().await?).await?.len())
    }
}

async fn read(answer: reqwest::Response) -> Result<Page> {
    let body = answer.error_for_status()?.bytes().await?;
    Ok(black_box(serde_json::from_slice::<Page>(&body)?))
}

/// The official SDK.
#[derive(Clone)]
pub(crate) struct Official(EdgeQuakeClient);

impl Caller for Official {
    fn new(address: &str) -> Result<Self> {
        official_client(address).map(Self)
    }

    async fn call(&self) -> Result<usize> {
        Ok(black_box(self.0.documents().list().await?).documents.len())
    }

    async fn page(&self, number: u32, size: u32, total: u32) -> Result<usize> {
        let query = DocumentListQuery {
            page: Some(number as usize),
            page_size: Some(size as usize),
            document_pattern: Some(total.to_string()),
            ..DocumentListQuery::default()
        };
        Ok(black_box(self.0.documents().list_with_query(&query).await?).documents.len())
    }
}

/// Ours: the call that a user writes.
#[derive(Clone)]
pub(crate) struct Ours(Client);

impl Caller for Ours {
    fn new(address: &str) -> Result<Self> {
        client_of_ours(address).map(Self)
    }

    async fn call(&self) -> Result<usize> {
        Ok(black_box(self.0.documents().list(ListDocuments::new()).await?).documents.len())
    }

    async fn page(&self, number: u32, size: u32, total: u32) -> Result<usize> {
        let list = ListDocuments::new().page(u64::from(number)).page_size(u64::from(size));
        let list = list.document_pattern(total.to_string());
        Ok(black_box(self.0.documents().list(list).await?).documents.len())
    }
}

fn query(number: u32, size: u32, total: u32) -> String {
    format!("page={number}&page_size={size}&document_pattern={total}")
}

/// The base URL of an address.
pub(crate) fn base(address: &str) -> String {
    if address.contains("://") { address.to_owned() } else { format!("http://{address}") }
}

/// Where the documents are.
pub(crate) fn url(address: &str) -> String {
    base(address) + PATH
}

pub(crate) fn reqwest_client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().default_headers(headers().into_iter().collect()).build()?)
}

pub(crate) fn official_client(address: &str) -> Result<EdgeQuakeClient> {
    Ok(EdgeQuakeClient::builder()
        .base_url(base(address))
        .bearer_token(KEY)
        .tenant_id(TENANT)
        .workspace_id(WORKSPACE)
        .build()?)
}

pub(crate) fn client_of_ours(address: &str) -> Result<Client> {
    Ok(Client::builder()
        .base_url(base(address))
        .api_key(KEY)
        .tenant_id(TENANT.parse::<TenantId>()?)
        .workspace_id(WORKSPACE.parse::<WorkspaceId>()?)
        .build()?)
}
