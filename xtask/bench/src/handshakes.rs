//! Calls that start together over TLS with HTTP/2: how many connections they take.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Result;
use crate::clients::Caller;
use crate::hyper_util::HyperUtil;

/// Starts so many calls at once, with no connection there, and tells how many handshakes the server has made for them.
pub(crate) async fn run<C: Caller>(address: &str, calls: u32) -> Result<Value> {
    let counting = HyperUtil::new(address)?;
    let before = counting.count("/handshakes").await?;
    let client = C::new(&format!("https://{address}"))?;
    let mut started = JoinSet::new();
    for _ in 0..calls {
        let client = client.clone();
        started.spawn(async move { client.call().await });
    }
    let (mut failed, mut failure) = (0, None);
    while let Some(call) = started.join_next().await {
        if let Err(error) = call? {
            failed += 1;
            failure.get_or_insert(format!("{error:?}"));
        }
    }
    let handshakes = counting.count("/handshakes").await? - before;
    Ok(json!({ "handshakes": handshakes, "failed": failed, "failure": failure }))
}
