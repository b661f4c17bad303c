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
mod concurrent;
mod pending;
mod walk;
mod handshakes;
mod refresh;
mod server;
mod upload;
mod download;

use std::error::Error;

use serde_json::{Value, json};

use self::server::Documents;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

const USAGE: &str = "serve empty|page|held | get CLIENT ADDRESS N | decode READER N | events SIZE PIECE N | \
                     upload ADDRESS BYTES | download ADDRESS BYTES | refresh ADDRESS CALLERS | \
                     concurrent CLIENT ADDRESS CALLERS THREADS CALLS | pending CLIENT ADDRESS CALLS | \
                     walk CLIENT ADDRESS PAGES | handshakes CALLS";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seen = match arguments[..] {
        ["serve", documents] => return runtime.block_on(server::serve(Documents::parse(documents)?)),
        ["get", client, address, times] => runtime.block_on(get::run(client, address, times.parse()?))?,
        ["decode", reader, times] => decode::run(reader, times.parse()?)?,
        ["events", size, piece, times] => events::run(size.parse()?, piece.parse()?, times.parse()?)?,
        ["upload", address, bytes] => runtime.block_on(upload::run(address, bytes.parse()?))?,
        ["download", address, bytes] => runtime.block_on(download::run(address, bytes.parse()?))?,
        ["concurrent", client, address, callers, threads, calls] => {
            let (callers, calls) = (callers.parse()?, calls.parse()?);
            on_threads(
                threads.parse()?,
                concurrent::run(client.to_owned(), address.to_owned(), callers, calls),
            )?
        }
        ["pending", client, address, calls] => {
            runtime.block_on(pending::run(client, address, calls.parse()?))?
        }
        ["handshakes", calls] => runtime.block_on(handshakes::run(calls.parse()?))?,
        ["walk", client, address, pages] => runtime.block_on(walk::run(client, address, pages.parse()?))?,
        ["refresh", address, callers] => runtime.block_on(refresh::run(address, callers.parse()?))?,
        _ => return Err(USAGE.into()),
    };
    println!("{}", report(seen));
    Ok(())
}

/// Runs a scenario on so many threads, its callers included.
fn on_threads(
    threads: usize,
    scenario: impl Future<Output = Result<Value>> + Send + 'static,
) -> Result<Value> {
    let runtime = match threads {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        _ => tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?,
    };
    runtime.block_on(async { tokio::spawn(scenario).await? })
}

fn report(seen: Value) -> Value {
    let (allocations, bytes) = allocations::so_far();
    json!({ "allocations": allocations, "bytes": bytes, "seen": seen })
}
