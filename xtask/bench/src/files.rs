//! Large files on their way up and down: how much memory they take, and how much processor time.

use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};

use crate::Result;

mod down;
mod up;

/// Uploads a sparse file of this length.
pub(crate) async fn upload(client: &str, address: &str, bytes: u64) -> Result<Value> {
    let path = std::env::temp_dir().join(format!("edgequake-bench-{}.bin", std::process::id()));
    let _removed = Removed(&path);
    File::create(&path)?.set_len(bytes)?;
    match client {
        "hyper-util" => measured(bytes, up::hyper_util(address, &path).await?).await,
        "reqwest" => measured(bytes, up::reqwest(address, &path).await?).await,
        "official" => measured(bytes, up::official(address, &path).await?).await,
        "ours" => measured(bytes, up::ours(address, &path).await?).await,
        other => Err(format!("no client `{other}`").into()),
    }
}

/// Downloads a file of this length.
pub(crate) async fn download(client: &str, address: &str, bytes: u64) -> Result<Value> {
    match client {
        "hyper-util" => measured(bytes, down::hyper_util(address, bytes).await?).await,
        "reqwest" => measured(bytes, down::reqwest(address, bytes).await?).await,
        "official" => measured(bytes, down::official(address, bytes).await?).await,
        "ours" => measured(bytes, down::ours(address, bytes).await?).await,
        other => Err(format!("no client `{other}`").into()),
    }
}

/// Tells by how much the peak of the resident memory grew while a file was on its way, after a call before it: what is loaded once is
/// there by then.
async fn measured(bytes: u64, transfer: impl Future<Output = Result<u64>>) -> Result<Value> {
    let (before, began) = (peak()?, processor_time()?);
    let arrived = transfer.await?;
    if arrived < bytes {
        return Err(format!("{arrived} of {bytes} bytes arrived").into());
    }
    let growth = peak()?.saturating_sub(before);
    let seconds = (processor_time()? - began) as f64 / 1e9;
    Ok(json!({ "bytes": arrived, "peak_growth_bytes": growth, "processor_seconds": seconds }))
}

/// The largest resident size of this process so far, in bytes.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

/// What the threads of this process have spent so far, in nanoseconds. None of them ends meanwhile.
pub(crate) fn processor_time() -> Result<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text.split_whitespace().next().ok_or("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(sum)
}

struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
    }
}
