//! Taking a stream of server-sent events apart, in pieces of a given size.

use std::hint::black_box;
use std::time::Instant;

use edgequake_client::sse::Decoder;
use serde_json::{Value, json};

use crate::Result;

/// How many bytes one time is, about.
const STREAM: usize = 64 * 1024;

/// Decodes a stream of events of `size` bytes, `times` times over, in pieces of `piece` bytes.
pub(crate) fn run(size: usize, piece: usize, times: u32) -> Result<Value> {
    let head = r#"data: {"type":"token","content":""#;
    let event = format!("{head}{}\"}}\n\n", "a".repeat(size.saturating_sub(head.len() + 4)));
    let count = STREAM.div_ceil(event.len());
    let stream = event.repeat(count);
    let mut best = f64::MAX;
    for _ in 0..times {
        let start = Instant::now();
        let mut decoder = Decoder::new();
        let mut events = 0;
        for mut piece in stream.as_bytes().chunks(piece) {
            while let Some(message) = decoder.decode(&mut piece)? {
                events += 1;
                black_box(message);
            }
        }
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(events, count);
    }
    Ok(json!({ "bytes_each": stream.len(), "best_bytes_per_second": stream.len() as f64 / best }))
}
