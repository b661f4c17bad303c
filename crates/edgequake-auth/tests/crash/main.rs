//! Processes that share a login and are killed, stopped, or left without a runtime while they refresh it, many times over.
//!
//! Each accident happens at a chosen point of the way: a child that reaches it says so and waits there. A session may be lost
//! only if whoever was given its newest token could not save it; the ledger of the server and what the children have passed
//! prove that, or the test fails. One thing is left out, since nothing can exclude it: a stop beyond the lease between the last
//! look at it and the request.
//!
//! `EDGEQUAKE_CRASH_ACCIDENTS` sets how many (one of each by default); figures are printed with `--nocapture`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test, helpers included")]

#[path = "../support/http1.rs"]
mod http1;
#[path = "../support/dev.rs"]
mod dev;

mod child;
mod kid;
mod point;
mod proof;
mod tally;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};

use self::tally::Tally;
use self::world::World;

/// Folders with a login of their own, each shared by three processes.
const WORLDS: usize = 12;

#[test]
fn a_session_is_lost_only_with_whoever_was_given_its_newest_token() {
    let plans = point::plans();
    let accidents = std::env::var("EDGEQUAKE_CRASH_ACCIDENTS").map_or(plans.len(), |n| n.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(dev::start());
    let next = AtomicUsize::new(0);
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let worlds: Vec<_> = (0..WORLDS.min(accidents))
            .map(|number| {
                let (server, next, plans) = (&server, &next, &plans);
                scope.spawn(move || {
                    let mut world = World::new(server, number);
                    loop {
                        let turn = next.fetch_add(1, Ordering::Relaxed);
                        if turn >= accidents {
                            return world.end();
                        }
                        world.suffer(plans[turn % plans.len()]);
                    }
                })
            })
            .collect();
        for world in worlds {
            tally.add(world.join().unwrap());
        }
    });
    println!("{tally}");
    tally.assert_rules(accidents);
}
