//! A fleet: processes that share one login of short-lived tokens, on Redis and on a folder, while they are killed and stopped,
//! their clocks are set, and the ways between them, the store and the server go silent, break and get slow.
//!
//! Nothing but the driver has a password. It logs in where a session is lost, and the ledger of the server has to prove that
//! nobody could have saved it. Each fault happens at a chosen point of a refresh, to whoever comes there first.
//!
//! Ignored unless asked for: `cargo xtask fleet`. `EDGEQUAKE_FLEET_SECONDS` and `EDGEQUAKE_FLEET_SEED` set how long each store
//! is used and the order of the faults; `EDGEQUAKE_TEST_FAKETIME` names the library that sets clocks, without which they are not set.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test, helpers included"
)]

#[path = "../it/server.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod server;

mod limits;
mod point;
mod log;
mod child;
mod process;
mod relay;
mod refreshes;
mod world;
mod recovery;
mod accident;
mod judge;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use self::judge::{Run, Verdict};
use self::point::{KINDS, Kind, POINTS, Plan, Point};
use self::world::{Store, World};

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// All faults that can happen, in a random order.
fn plans(kinds: &[Kind], random: &mut fastrand::Rng) -> VecDeque<Plan> {
    let mut plans: Vec<_> =
        kinds.iter().flat_map(|kind| POINTS.map(|point| Plan { kind: *kind, point })).collect();
    random.shuffle(&mut plans);
    plans.into()
}

/// Once all have happened: kills and long stops, which leave a lease that nobody holds, at each point where there is one. Half of
/// them before anything was sent, where no session is lost by it.
const TAKEOVERS: [(Kind, Point); 8] = [
    (Kind::Killed, Point::AfterIntent),
    (Kind::StoppedLong, Point::AfterIntent),
    (Kind::Killed, Point::AfterSend),
    (Kind::StoppedLong, Point::AfterSend),
    (Kind::Killed, Point::AfterIntent),
    (Kind::StoppedLong, Point::AfterIntent),
    (Kind::Killed, Point::AfterAnswer),
    (Kind::StoppedLong, Point::AfterAnswer),
];

/// So many refreshes in between.
const CALM: u64 = 5;

async fn run(name: &'static str, store: Store) -> Verdict {
    let seconds = variable("EDGEQUAKE_FLEET_SECONDS", 120);
    let mut random = fastrand::Rng::with_seed(variable("EDGEQUAKE_FLEET_SEED", 7));
    let faketime = std::env::var_os("EDGEQUAKE_TEST_FAKETIME").map(Into::into);
    let relayed = matches!(store, Store::Redis(_));
    let possible =
        |kind: &Kind| (relayed || !kind.needs_relay()) && (faketime.is_some() || !kind.sets_clock());
    let kinds: Vec<_> = KINDS.into_iter().filter(possible).collect();
    let mut world = World::new(store, faketime).await;
    let mut plans = plans(&kinds, &mut random);
    let (mut hits, mut missed) = (BTreeMap::new(), 0);
    let begun = Instant::now();
    let (half, end) = (Duration::from_secs(seconds) / 2, Duration::from_secs(seconds));
    let (mut restart, mut takeovers) = (None, TAKEOVERS.into_iter().cycle());
    while begun.elapsed() < end {
        if relayed && restart.is_none() && begun.elapsed() >= half {
            restart = Some(world.restart_redis().await);
        }
        let plan = match plans.pop_front() {
            Some(plan) => plan,
            None => {
                // So that there is something to take over, and whoever takes over gets to its end.
                world.calm(CALM).await;
                let Some((kind, point)) = takeovers.next() else { break };
                Plan { kind, point }
            }
        };
        if world.inject(plan, &mut random).await {
            *hits.entry(plan).or_default() += 1;
        } else {
            missed += 1;
            plans.push_back(plan);
        }
    }
    let logins = world.logins;
    let (log, server, without, broken) = world.end().await;
    let run = Run { name, seconds, kinds, hits, missed, logins, without, restart, broken };
    Verdict::of(run, &log, &server)
}

fn judge(verdict: &Verdict) {
    println!("{verdict}");
    let failures = verdict.failures();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo xtask fleet"]
async fn on_a_folder() {
    judge(&run("folder", Store::Folder(tempfile::tempdir().unwrap())).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes and needs Redis: cargo xtask fleet"]
async fn on_redis() {
    judge(&run("Redis", Store::Redis(Box::new(server::Server::start(&[]).await))).await);
}
