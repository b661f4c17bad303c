//! What `cargo xtask bench` measures, one scenario per process, so that nothing but the scenario is counted.
//!
//! `serve` is the other end of the wire: the same program in a process of its own, so that its work is not counted either.
//! Every other scenario does its job N times and prints one JSON object with what was allocated meanwhile and what else it saw.
//! The caller runs it twice with two values of N and divides the difference, which leaves what one time costs.

#![allow(clippy::print_stdout, reason = "the output is the result")]

mod allocations;
mod decode;
mod events;
mod get;
mod refresh;
mod server;
mod upload;

use std::error::Error;

use serde_json::{Value, json};

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

const USAGE: &str = "serve | get CLIENT ADDRESS N | decode READER N | events SIZE PIECE N | upload ADDRESS BYTES | \
                     refresh ADDRESS CALLERS";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seen = match arguments[..] {
        ["serve"] => return runtime.block_on(server::serve()),
        ["get", client, address, times] => runtime.block_on(get::run(client, address, times.parse()?))?,
        ["decode", reader, times] => decode::run(reader, times.parse()?)?,
        ["events", size, piece, times] => events::run(size.parse()?, piece.parse()?, times.parse()?)?,
        ["upload", address, bytes] => runtime.block_on(upload::run(address, bytes.parse()?))?,
        ["refresh", address, callers] => runtime.block_on(refresh::run(address, callers.parse()?))?,
        _ => return Err(USAGE.into()),
    };
    println!("{}", report(seen));
    Ok(())
}

fn report(seen: Value) -> Value {
    let (allocations, bytes) = allocations::so_far();
    json!({ "allocations": allocations, "bytes": bytes, "seen": seen })
}
