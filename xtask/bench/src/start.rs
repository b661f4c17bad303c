//! What there is before the first answer: making a client, and its first call.

use std::hint::black_box;

use serde_json::{Value, json};

use crate::Result;
use crate::clients::Caller;

/// Makes a client, `times` times.
pub(crate) fn build<C: Caller>(address: &str, times: u32) -> Result<Value> {
    for _ in 0..times {
        drop(black_box(C::new(address)?));
    }
    Ok(json!({ "clients": times }))
}

/// Makes a client and lets it make one call, over a connection of its own, `times` times.
pub(crate) async fn first<C: Caller>(address: &str, times: u32) -> Result<Value> {
    for _ in 0..times {
        C::new(address)?.call().await?;
    }
    Ok(json!({ "calls": times }))
}
