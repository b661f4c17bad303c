//! `GET /api/v1/documents`, answered by an empty page, through each client: the same URI, credential and scope in each.

use std::hint::black_box;

use bytes::Bytes;
use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::{Answer, Decode, DecodeError, EncodeError, Whole, WorkspaceId, operation};
use edgequake_sdk::EdgeQuakeClient;
use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Result;
use crate::decode::Page;

pub(crate) const PATH: &str = "/api/v1/documents";
const KEY: &str = "eq_0123456789abcdef0123456789abcdef";
const BEARER: &str = "Bearer eq_0123456789abcdef0123456789abcdef";
const TENANT: &str = "7a000000-0000-4000-8000-000000000001";
const WORKSPACE: &str = "7a000000-0000-4000-8000-000000000002";

pub(crate) async fn run(client: &str, address: &str, times: u32) -> Result<Value> {
    match client {
        "connection" => connection(address, times).await?,
        "hyper-util" => hyper_util(address, times, false).await?,
        "hyper-util+serde" => hyper_util(address, times, true).await?,
        "reqwest" => reqwest(address, times).await?,
        "official" => official(address, times).await?,
        "ours" => ours(address, times).await?,
        "ours, typed" => ours_typed(address, times).await?,
        other => return Err(format!("no client `{other}`").into()),
    }
    Ok(json!({ "requests": times }))
}

/// The headers that every client sends, as one writes them by hand.
fn headers() -> [(HeaderName, HeaderValue); 5] {
    let mut bearer = HeaderValue::from_static(BEARER);
    bearer.set_sensitive(true);
    [
        (USER_AGENT, HeaderValue::from_static("bench/0.0.0")),
        (ACCEPT, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("x-tenant-id"), HeaderValue::from_static(TENANT)),
        (HeaderName::from_static("x-workspace-id"), HeaderValue::from_static(WORKSPACE)),
        (AUTHORIZATION, bearer),
    ]
}

fn request(uri: &Uri, headers: &[(HeaderName, HeaderValue)]) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri.clone();
    for (name, value) in headers {
        request.headers_mut().insert(name, value.clone());
    }
    request
}

/// One hyper connection: no pool, no connector, no way to lose it.
async fn connection(address: &str, times: u32) -> Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let uri: Uri = PATH.parse()?;
    let headers = headers();
    for _ in 0..times {
        let mut request = request(&uri, &headers);
        request.headers_mut().insert(HOST, HeaderValue::try_from(address)?);
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        assert!(answer.status().is_success());
        black_box(answer.into_body().collect().await?.to_bytes());
    }
    Ok(())
}

/// Where the documents are.
pub(crate) fn url(address: &str) -> String {
    format!("http://{address}{PATH}")
}

/// The floor: the pooled client with a plain connector and headers written by hand.
#[derive(Clone)]
pub(crate) struct HyperUtil {
    client: legacy::Client<HttpConnector, Empty<Bytes>>,
    uri: Uri,
    headers: [(HeaderName, HeaderValue); 5],
}

impl HyperUtil {
    pub(crate) fn new(address: &str) -> Result<Self> {
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build_http::<Empty<Bytes>>();
        Ok(Self { client, uri: url(address).parse()?, headers: headers() })
    }

    async fn send(&self, uri: &Uri) -> Result<Response<Incoming>> {
        let answer = self.client.request(request(uri, &self.headers)).await?;
        assert!(answer.status().is_success());
        Ok(answer)
    }

    /// A page of documents.
    pub(crate) async fn get(&self) -> Result<Response<Incoming>> {
        self.send(&self.uri).await
    }

    /// Whatever is at this path.
    pub(crate) async fn at(&self, path: &str) -> Result<Response<Incoming>> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse()?);
        self.send(&Uri::from_parts(parts)?).await
    }

    pub(crate) async fn text(&self, path: &str) -> Result<String> {
        let body = self.at(path).await?.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8(body.into())?)
    }
}

/// With `read`, the page is read too.
async fn hyper_util(address: &str, times: u32, read: bool) -> Result<()> {
    let client = HyperUtil::new(address)?;
    for _ in 0..times {
        let body = client.get().await?.into_body().collect().await?.to_bytes();
        if read {
            black_box(serde_json::from_slice::<Page>(&body)?);
        } else {
            black_box(body);
        }
    }
    Ok(())
}

pub(crate) fn reqwest_client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().default_headers(headers().into_iter().collect()).build()?)
}

async fn reqwest(address: &str, times: u32) -> Result<()> {
    let (client, url) = (reqwest_client()?, url(address));
    for _ in 0..times {
        let answer = client.get(&url).send().await?;
        assert!(answer.status().is_success());
        black_box(answer.bytes().await?);
    }
    Ok(())
}

pub(crate) fn official_client(address: &str) -> Result<EdgeQuakeClient> {
    Ok(EdgeQuakeClient::builder()
        .base_url(format!("http://{address}"))
        .bearer_token(KEY)
        .tenant_id(TENANT)
        .workspace_id(WORKSPACE)
        .build()?)
}

async fn official(address: &str, times: u32) -> Result<()> {
    let client = official_client(address)?;
    for _ in 0..times {
        black_box(client.documents().list().await?);
    }
    Ok(())
}

pub(crate) fn client(address: &str) -> Result<Client> {
    let client = Client::builder()
        .base_url(format!("http://{address}"))
        .api_key(KEY)
        .tenant_id(TENANT.parse::<edgequake_client::types::TenantId>()?)
        .workspace_id(WORKSPACE.parse::<WorkspaceId>()?)
        .build()?;
    Ok(client)
}

/// An answer whose bytes are taken as they come.
struct Unread(Bytes);

impl Answer for Unread {
    const MEDIA_TYPE: &'static str = "application/json";
    type Form = Whole;
}

impl Decode for Unread {
    fn decode(_head: &http::response::Parts, body: Bytes) -> std::result::Result<Self, DecodeError> {
        Ok(Self(body))
    }

    fn encode(&self) -> std::result::Result<http::Response<Bytes>, EncodeError> {
        Ok(http::Response::new(self.0.clone()))
    }
}

/// The operation without its fields.
#[operation(GET "/api/v1/documents" -> Unread, Required, Safe, None, new(), crate = edgequake_client::types)]
struct GetUnread {}

/// The whole default stack; the answer's bytes are not read as a page.
async fn ours(address: &str, times: u32) -> Result<()> {
    let client = client(address)?;
    for _ in 0..times {
        black_box(client.send(GetUnread::new()).await?);
    }
    Ok(())
}

/// The call that a user writes.
async fn ours_typed(address: &str, times: u32) -> Result<()> {
    let client = client(address)?;
    for _ in 0..times {
        black_box(client.documents().list(ListDocuments::new()).await?);
    }
    Ok(())
}
