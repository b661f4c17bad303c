//! A large file on its way down: how much memory it takes.

use bytes::Bytes;
use edgequake_client::types::{Download, operation};
use serde_json::{Value, json};

use crate::Result;
use crate::get;
use crate::upload::peak;

/// A file of so many bytes.
#[operation(GET "/download/{bytes}" -> Download, Required, Safe, None, new(bytes), crate = edgequake_client::types)]
struct GetFile {
    /// Its length.
    bytes: u64,
}

/// Downloads a file of this length and tells by how much the peak of the resident memory grew.
pub(crate) async fn run(address: &str, bytes: u64) -> Result<Value> {
    let client = get::client(address)?;
    // Everything that is loaded once is there then.
    client.documents().list(Default::default()).await?;
    let before = peak()?;
    let mut download = client.send(GetFile::new(bytes)).await?;
    let mut received = 0;
    while let Some(piece) = download.next().await {
        received += piece.as_ref().map(Bytes::len).unwrap_or_default() as u64;
        piece?;
    }
    if received < bytes {
        return Err(format!("{received} of {bytes} bytes arrived").into());
    }
    Ok(json!({ "received": received, "peak_growth_bytes": peak()?.saturating_sub(before) }))
}
