//! An upload through each client. Each makes one call first, and gives the upload, which is yet to start.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use edgequake_sdk::types::documents::PdfUploadOptions;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use http_body_util::BodyExt;
use http_body_util::channel::Channel;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::Result;
use crate::clients::{BEARER, Caller, Reqwest, client_of_ours, official_client, reqwest_client, url};
use crate::hyper_util::HyperUtil;

/// How long an upload may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// What the server says that it has received.
fn received(answer: &[u8]) -> Result<u64> {
    let told: Value = serde_json::from_slice(answer)?;
    Ok(told["received"].as_u64().ok_or("the server does not tell what it received")?)
}

/// A form by hand: what the others write around the file is written here too.
pub(super) async fn hyper_util(address: &str, path: &Path) -> Result<impl Future<Output = Result<u64>>> {
    HyperUtil::new(address)?.call().await?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Channel<Bytes, std::io::Error>>();
    let uri = format!("{}/upload", url(address));
    let mut file = File::open(path).await?;
    Ok(async move {
        let (mut sender, body) = Channel::new(1);
        let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n";
        let sending = tokio::spawn(async move {
            let mut piece = vec![0; PIECE];
            sender.send_data(Bytes::from_static(head.as_bytes())).await?;
            loop {
                let length = file.read(&mut piece).await?;
                if length == 0 {
                    break;
                }
                sender.send_data(Bytes::copy_from_slice(&piece[..length])).await?;
            }
            sender.send_data(Bytes::from_static(b"\r\n--b--\r\n")).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(AUTHORIZATION, BEARER)
            .header(CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(body)?;
        let answer = client.request(request).await?.into_body().collect().await?.to_bytes();
        sending.await??;
        received(&answer)
    })
}

pub(super) async fn reqwest(address: &str, path: &Path) -> Result<impl Future<Output = Result<u64>>> {
    Reqwest::new(address)?.call().await?;
    let (client, url) = (reqwest_client()?, format!("{}/upload", url(address)));
    let file = File::open(path).await?;
    let length = file.metadata().await?.len();
    Ok(async move {
        let part = reqwest::multipart::Part::stream_with_length(file, length).file_name("a.bin");
        let form = reqwest::multipart::Form::new().part("file", part);
        received(&client.post(url).multipart(form).send().await?.bytes().await?)
    })
}

/// It takes PDFs only, and as bytes: the file is read whole.
pub(super) async fn official(address: &str, path: &Path) -> Result<impl Future<Output = Result<u64>>> {
    let client = official_client(address)?;
    client.documents().list().await?;
    let path = path.to_owned();
    Ok(async move {
        let bytes = tokio::fs::read(path).await?;
        let answer = client.pdf().upload(bytes, "a.pdf", PdfUploadOptions::default()).await?;
        // It drops what it does not know; the server says it where it is kept.
        Ok(answer.message.ok_or("the server does not tell what it received")?.parse()?)
    })
}

pub(super) async fn ours(address: &str, path: &Path) -> Result<impl Future<Output = Result<u64>>> {
    let client = client_of_ours(address)?;
    client.documents().list(Default::default()).await?;
    let path = path.to_owned();
    Ok(async move {
        let call = client.documents().upload_file(&path).timeout(PATIENCE).into_call().await?;
        let answer = call.raw().await?.into_body().collect().await?.to_bytes();
        received(&answer)
    })
}
