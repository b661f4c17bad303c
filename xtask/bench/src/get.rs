//! `GET /api/v1/documents` through each client: the same URI, credential and scope in each.

use std::hint::black_box;

use bytes::Bytes;
use edgequake_client::types::{Answer, Decode, DecodeError, EncodeError, Whole, operation};
use http::header::{HOST, HeaderValue};
use http::{Response, Uri};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Result;
use crate::clients::{Caller, client_of_ours, reqwest_client, url};
use crate::hyper_util::{HyperUtil, PATH, headers, request};

pub(crate) async fn run(client: &str, address: &str, times: u32) -> Result<Value> {
    match client {
        "connection" => connection(address, times).await?,
        "hyper-util" => hyper_util(address, times).await?,
        "reqwest" => reqwest(address, times).await?,
        "ours" => ours(address, times).await?,
        other => return Err(format!("no client `{other}`").into()),
    }
    Ok(json!({ "requests": times }))
}

/// The same, and the page is read.
pub(crate) async fn read<C: Caller>(address: &str, times: u32) -> Result<Value> {
    let client = C::new(address)?;
    for _ in 0..times {
        client.call().await?;
    }
    Ok(json!({ "requests": times }))
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

async fn hyper_util(address: &str, times: u32) -> Result<()> {
    let client = HyperUtil::new(address)?;
    for _ in 0..times {
        black_box(client.get().await?.into_body().collect().await?.to_bytes());
    }
    Ok(())
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

    fn encode(&self) -> std::result::Result<Response<Bytes>, EncodeError> {
        Ok(Response::new(self.0.clone()))
    }
}

/// The operation without its fields.
#[operation(GET "/api/v1/documents" -> Unread, Required, Safe, None, new(), crate = edgequake_client::types)]
struct GetUnread {}

/// The whole default stack; the answer's bytes are not read as a page.
async fn ours(address: &str, times: u32) -> Result<()> {
    let client = client_of_ours(address)?;
    for _ in 0..times {
        black_box(client.send(GetUnread::new()).await?);
    }
    Ok(())
}
