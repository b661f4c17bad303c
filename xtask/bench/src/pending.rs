//! Many calls whose answers have not come yet: how much memory each of them keeps.

use edgequake_client::types::documents::ListDocuments;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Result;
use crate::allocations;
use crate::get::{self, HyperUtil};

/// Starts all calls, waits until the server has them, and tells the bytes that each keeps.
pub(crate) async fn run(client: &str, address: &str, calls: u32) -> Result<Value> {
    let mut started = JoinSet::new();
    // The one that counts has a connection already.
    let counting = HyperUtil::new(address)?;
    held(&counting).await?;
    let before = allocations::live();
    match client {
        "hyper-util" => {
            let client = HyperUtil::new(address)?;
            for _ in 0..calls {
                let client = client.clone();
                started.spawn(async move { drop(client.get().await) });
            }
        }
        "ours, typed" => {
            let client = get::client(address)?;
            for _ in 0..calls {
                let call = client.documents().list(ListDocuments::new());
                started.spawn(async move { drop(call.await) });
            }
        }
        other => return Err(format!("no client `{other}`").into()),
    }
    while held(&counting).await? < calls {
        tokio::task::yield_now().await;
    }
    let kept = allocations::live().saturating_sub(before);
    Ok(json!({ "bytes_per_call": kept as f64 / f64::from(calls) }))
}

/// How many requests the server has not answered.
async fn held(client: &HyperUtil) -> Result<u32> {
    Ok(client.text("/held").await?.parse()?)
}
