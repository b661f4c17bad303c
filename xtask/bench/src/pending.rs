//! Many calls whose answers have not come yet: how much memory each of them keeps.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Result;
use crate::allocations;
use crate::clients::Caller;
use crate::hyper_util::HyperUtil;

/// Starts all calls, waits until the server has them, and tells the bytes that each keeps.
pub(crate) async fn run<C: Caller>(address: &str, calls: u32) -> Result<Value> {
    let mut started = JoinSet::new();
    // The one that counts has a connection already.
    let counting = HyperUtil::new(address)?;
    counting.count("/held").await?;
    let before = allocations::live();
    let client = C::new(address)?;
    for _ in 0..calls {
        let client = client.clone();
        started.spawn(async move { client.call().await });
    }
    while counting.count("/held").await? < u64::from(calls) {
        // A call that is over before it had an answer would be waited for in vain.
        if let Some(ended) = started.try_join_next() {
            return Err(format!("a call ended: {:?}", ended?).into());
        }
        tokio::task::yield_now().await;
    }
    let kept = allocations::live().saturating_sub(before);
    Ok(json!({ "bytes_per_call": kept as f64 / f64::from(calls) }))
}
