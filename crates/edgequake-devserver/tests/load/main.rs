//! Many clients at once against a server with faults ordered for a twentieth of all requests: every answer is the right one
//! or the ordered one, and in the end the server's counts are those of the clients.
//!
//! It runs for two seconds here; `cargo xtask load` runs it for a minute with 200 clients. `EDGEQUAKE_LOAD_SECONDS`,
//! `EDGEQUAKE_LOAD_CLIENTS` and `EDGEQUAKE_LOAD_SEED` set all three.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails and tells its figures"
)]

mod connection;
mod orders;
mod tally;
mod worker;

use std::time::{Duration, Instant};

use edgequake_devserver::{DevServer, Role};
use edgequake_types::documents::ListDocuments;
use edgequake_types::query::Query;

use connection::{Connection, Outcome};
use orders::Orders;
use tally::Tally;
use worker::Worker;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_right_one_or_the_ordered_one() {
    let seconds = variable("EDGEQUAKE_LOAD_SECONDS", 2);
    let clients = variable("EDGEQUAKE_LOAD_CLIENTS", 50);
    let seed = variable("EDGEQUAKE_LOAD_SEED", 7);
    let server = DevServer::builder().user("ada", "ada@corp.test", "pw", Role::Admin).start().await.unwrap();
    let token = Connection::new(server.addr()).login("ada", "pw").await;
    let before = server.stats();
    let orders = Orders::order(&server, seed);
    let until = Instant::now() + Duration::from_secs(seconds);
    let workers: Vec<_> = (0..clients)
        .map(|number| {
            let connection = Connection::new(server.addr()).bearer(&token);
            tokio::spawn(Worker::new(number, seed, connection).work(until))
        })
        .collect();
    let mut tally = Tally::default();
    for worker in workers {
        tally.add(worker.await.unwrap());
    }
    let hits = orders.end(&server);
    let after = server.stats();
    println!("load of {seconds} s, {clients} clients, seed {seed}");
    println!("{tally}");
    println!("{hits}");

    // What each client saw is what was ordered, no more and no less.
    assert_eq!(tally.wrong, Vec::<String>::new());
    assert_eq!(tally.ordered, hits.seen);
    assert!(tally.right > 100, "too few answers to say anything");
    // What the server executed is what the clients know of.
    assert_eq!(after.uploads - before.uploads, tally.uploads);
    assert_eq!(after.queries - before.queries, tally.queries);
    assert_eq!(after.requests - before.requests, tally.sent);

    // Nothing was lost, and nothing is there that nobody uploaded.
    let mut connection = Connection::new(server.addr()).bearer(&token);
    let list = loop {
        let Outcome::Answer(list) = connection.ask(&ListDocuments::new().page_size(1)).await else {
            panic!()
        };
        let counts = list.status_counts;
        // Deletions are queued, and what is being deleted has no state of its own.
        if counts.pending + counts.processing + counts.unknown == 0 {
            break list;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(list.total, tally.uploads - tally.deletions);
    assert_eq!(list.status_counts.failed, hits.failures);
    if let Some((word, document)) = tally.kept {
        let Outcome::Answer(answer) = connection.ask(&Query::new(&word)).await else { panic!() };
        assert_eq!(answer.sources[0].document_id.as_ref().map(|id| id.as_str()), Some(document.as_str()));
    }
    server.shutdown().await;
}
