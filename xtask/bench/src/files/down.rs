//! A download through each client. Each makes one call first, and gives the download, which is yet to start.

use bytes::Bytes;
use edgequake_client::types::{Download, operation};
use http_body_util::BodyExt;

use crate::Result;
use crate::clients::{base, client_of_ours, official_client, reqwest_client, url};
use crate::hyper_util::HyperUtil;

/// Where the official SDK looks for files: its downloads are those of PDFs. The identifier is the length.
fn path(bytes: u64) -> String {
    format!("/api/v1/documents/pdf/{bytes}/download")
}

/// A file of so many bytes.
#[operation(GET "/api/v1/documents/pdf/{bytes}/download" -> Download, Required, Safe, None, new(bytes), crate = edgequake_client::types)]
struct GetFile {
    /// Its length.
    bytes: u64,
}

pub(super) async fn hyper_util(address: &str, bytes: u64) -> Result<impl Future<Output = Result<u64>>> {
    let client = HyperUtil::new(address)?;
    client.get().await?.into_body().collect().await?;
    Ok(async move {
        let mut body = client.at(&path(bytes)).await?.into_body();
        let mut received = 0;
        while let Some(frame) = body.frame().await {
            received += frame?.data_ref().map(Bytes::len).unwrap_or_default() as u64;
        }
        Ok(received)
    })
}

pub(super) async fn reqwest(address: &str, bytes: u64) -> Result<impl Future<Output = Result<u64>>> {
    let client = reqwest_client()?;
    client.get(url(address)).send().await?.bytes().await?;
    let url = base(address) + &path(bytes);
    Ok(async move {
        let mut answer = client.get(url).send().await?.error_for_status()?;
        let mut received = 0;
        while let Some(piece) = answer.chunk().await? {
            received += piece.len() as u64;
        }
        Ok(received)
    })
}

/// It gives files whole.
pub(super) async fn official(address: &str, bytes: u64) -> Result<impl Future<Output = Result<u64>>> {
    let client = official_client(address)?;
    client.documents().list().await?;
    Ok(async move { Ok(client.pdf().download(&bytes.to_string()).await?.len() as u64) })
}

pub(super) async fn ours(address: &str, bytes: u64) -> Result<impl Future<Output = Result<u64>>> {
    let client = client_of_ours(address)?;
    client.documents().list(Default::default()).await?;
    Ok(async move {
        let mut download = client.send(GetFile::new(bytes)).await?;
        let mut received = 0;
        while let Some(piece) = download.next().await {
            received += piece.as_ref().map(Bytes::len).unwrap_or_default() as u64;
            piece?;
        }
        Ok(received)
    })
}
