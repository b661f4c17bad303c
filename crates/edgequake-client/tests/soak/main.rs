//! A soak: many calls for a while against the dev server with faults ordered, over HTTP/1.1, over TLS with HTTP/2, and through a
//! relay that goes silent, resets and slows connections. Every call ends with the right answer or a right error within its limits;
//! what the server holds in the end is what the answers said; nothing is left behind.
//!
//! It runs for two seconds each way here; `cargo xtask soak` runs it for minutes. `EDGEQUAKE_SOAK_SECONDS` and
//! `EDGEQUAKE_SOAK_SEED` set both. The faults and the calls of each worker follow from the seed; which call meets which fault also
//! follows from the scheduling of tasks.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails and tells its figures"
)]

mod audit;
mod endings;
mod footprint;
mod orders;
mod relay;
mod tally;
mod way;
mod worker;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use edgequake_client::Client;

use audit::Audit;
use endings::Endings;
use footprint::Footprint;
use orders::Orders;
use tally::Tally;
use way::{Ground, Way};
use worker::Worker;

/// How many calls are under way at any time.
const WORKERS: usize = 16;

/// What the clients may hold in the end, in bytes, with all of their connections on both sides.
const HELD: usize = 8 * 1024 * 1024;

/// In so many seconds every fault is met.
const LONG: u64 = 60;

/// Descriptors and memory are those of the process, so that one way is taken at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn http1() {
    alone(Way::Http1);
}

#[test]
fn http2() {
    alone(Way::Http2);
}

#[test]
fn relay() {
    alone(Way::Relay);
}

fn alone(way: Way) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(soak(way));
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

async fn soak(way: Way) {
    let seconds = variable("EDGEQUAKE_SOAK_SECONDS", 2);
    let seed = variable("EDGEQUAKE_SOAK_SEED", 7);
    // The thread for logins stays for a while, with descriptors of its own.
    let nowhere = Client::builder().base_url("http://127.0.0.1:1").login("mona", "pw").build().unwrap();
    assert!(nowhere.auth().me().await.is_err());
    drop(nowhere);
    let before = Footprint::now();

    let ground = way.prepare(seed).await;
    let endings = Endings::start(ground.server.clone(), Duration::from_secs(seconds));
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let length = Duration::from_secs((seconds / 10).clamp(1, 10));
    let (mut tally, mut audit, mut hits) =
        (Tally::default(), Audit::new(&ground.server), orders::Hits::default());
    let mut round = 0;
    while Instant::now() < until {
        round += 1;
        let until = until.min(Instant::now() + length);
        let sent = play(&ground, way, seed, round, until, &mut tally, &mut hits).await;
        audit.hold(&ground.server, sent).await;
    }
    let ordered = endings.end().await;
    let sessions = audit::sessions(&ground, ordered);
    println!(
        "soak of {seconds} s over {way}, seed {seed}, {round} rounds\n{tally}\n{audit}\n{sessions}\n{hits}\n{}",
        ground.figures()
    );
    let spoiled = ground.relays_have_met_all();
    let full = Footprint::now();
    let rest = ground.leave().await;
    // The server remembers what happened; the clients do not.
    let held = full.memory.saturating_sub(Footprint::now().memory);
    rest.end().await;
    drop(audit);
    let after = Footprint::settled(&before).await;
    println!("  left behind: {before} before, {after} after; the clients held {} KiB", held / 1024);

    assert!(tally.right() > seconds * 20, "too few calls to say anything");
    assert!(tally.right() > tally.errors(), "most calls failed: a client was out of service");
    assert!(tally.every_operation_was_answered(), "an operation was never answered");
    assert!(seconds < LONG || hits.missed().is_empty(), "faults that were never met: {:?}", hits.missed());
    assert!(seconds < LONG || spoiled, "a relay that never silenced, reset or slowed a connection");
    assert!(after.is_back_at(&before), "something was left behind: {before} before, {after} after");
    assert!(held < HELD, "the clients held {held} bytes");
}

/// Lets all workers call until then, with faults in force: what became of their uploads.
async fn play(
    ground: &Ground,
    way: Way,
    seed: u64,
    round: u64,
    until: Instant,
    tally: &mut Tally,
    hits: &mut orders::Hits,
) -> Vec<worker::Sent> {
    let seed = seed + round * 1000;
    let known = worker::seed_documents(&ground.server).await;
    let orders = Orders::order(&ground.server, way, seed, round);
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| {
            let client = ground.clients[number % ground.clients.len()].clone();
            tokio::spawn(Worker::new(number, seed, client, known.clone()).work(until))
        })
        .collect();
    let mut sent = Vec::new();
    for worker in workers {
        let (counted, uploads) = worker.await.unwrap();
        tally.add(counted);
        sent.extend(uploads);
    }
    hits.add(orders.end(&ground.server));
    sent
}
