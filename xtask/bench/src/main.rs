//! What `cargo xtask bench` measures, one scenario per process, so that nothing but the scenario is counted.
//!
//! `serve` is the other end of the wire: the same program in a process of its own, so that its work is not counted either.
//! Every other scenario does its job N times and prints one JSON object with what was allocated meanwhile and what else it saw.
//! The caller runs it twice with two values of N and divides the difference, which leaves what one time costs.

#![allow(clippy::print_stdout, reason = "the output is the result")]

mod allocations;
mod decode;
mod events;
mod clients;
mod hyper_util;
mod get;
mod start;
mod concurrent;
mod pending;
mod walk;
mod handshakes;
mod refresh;
mod server;
mod files;

use std::error::Error;

use serde_json::{Value, json};

use self::clients::by_client;
use self::hyper_util::OverTls;
use self::server::Documents;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

const USAGE: &str = "serve empty|page|held|late [FILE] | get CLIENT ADDRESS N | read CLIENT ADDRESS N | decode READER - N | \
                     events SIZE PIECE N | build CLIENT ADDRESS N | first CLIENT ADDRESS N | \
                     upload CLIENT ADDRESS BYTES | download CLIENT ADDRESS BYTES | refresh CLIENT ADDRESS CALLERS | \
                     concurrent CLIENT ADDRESS CALLERS THREADS CALLS | pending CLIENT ADDRESS CALLS | \
                     walk CLIENT ADDRESS PAGES | handshakes CLIENT ADDRESS CALLS";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let ["serve", documents, ref authority @ ..] = arguments[..] {
        return runtime.block_on(server::serve(Documents::parse(documents)?, authority.first().copied()));
    }
    let seen = match arguments[..] {
        ["concurrent", client, address, callers, threads, calls] => {
            let (address, callers, calls) = (address.to_owned(), callers.parse()?, calls.parse()?);
            by_client!(client, C => on_threads(threads.parse()?, concurrent::run::<C>(address, callers, calls)))
        }
        ["decode", reader, _, times] => decode::run(reader, times.parse()?),
        ["events", size, piece, times] => events::run(size.parse()?, piece.parse()?, times.parse()?),
        [scenario, client, address, count] => {
            runtime.block_on(scenario_of(scenario, client, address, count.parse()?))
        }
        _ => Err(USAGE.into()),
    };
    println!("{}", report(seen?));
    Ok(())
}

/// What a client does with a server, so and so many times or with so many bytes.
async fn scenario_of(scenario: &str, client: &str, address: &str, count: u64) -> Result<Value> {
    let times = u32::try_from(count).unwrap_or(u32::MAX);
    match scenario {
        "get" => get::run(client, address, times).await,
        "read" => by_client!(client, C => get::read::<C>(address, times).await),
        "build" => by_client!(client, C => start::build::<C>(address, times)),
        "first" => by_client!(client, C => start::first::<C>(address, times).await),
        "pending" => by_client!(client, C => pending::run::<C>(address, times).await),
        "handshakes" if client == "hyper-util" => handshakes::run::<OverTls>(address, times).await,
        "handshakes" => by_client!(client, C => handshakes::run::<C>(address, times).await),
        "walk" if client == "ours" => walk::ours(address, times).await,
        "walk" => by_client!(client, C => walk::by_hand::<C>(address, times).await),
        "upload" => files::upload(client, address, count).await,
        "download" => files::download(client, address, count).await,
        "refresh" => refresh::run(client, address, times as usize).await,
        _ => Err(USAGE.into()),
    }
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
