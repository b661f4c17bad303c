//! A large file on its way up: how much memory it takes.

use std::fs::File;
use std::time::Duration;

use edgequake_client::Client;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::Result;

/// Uploads a sparse file of this length and tells by how much the peak of the resident memory grew.
pub(crate) async fn run(address: &str, bytes: u64) -> Result<Value> {
    let path = std::env::temp_dir().join(format!("edgequake-bench-{}.bin", std::process::id()));
    let _removed = Removed(&path);
    File::create(&path)?.set_len(bytes)?;
    let client = Client::builder().base_url(format!("http://{address}")).api_key("eq_key").build()?;
    // Everything that is loaded once is there then.
    client.documents().list(Default::default()).await?;
    let before = peak()?;
    let call = client.documents().upload_file(&path).timeout(Duration::from_secs(3600)).into_call().await?;
    let answer = call.raw().await?;
    let told: Value = serde_json::from_slice(&answer.into_body().collect().await?.to_bytes())?;
    let received = told["received"].as_u64().unwrap_or_default();
    if received < bytes {
        return Err(format!("{received} of {bytes} bytes arrived").into());
    }
    Ok(json!({ "received": received, "peak_growth_bytes": peak()?.saturating_sub(before) }))
}

/// The largest resident size of this process so far, in bytes.
pub(crate) fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

struct Removed<'a>(&'a std::path::Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
    }
}
