//! A process that is killed in the middle of refreshing and saving, many times over.
//!
//! `EDGEQUAKE_CRASH_ROUNDS` sets how often (25 by default); figures are printed with `--nocapture`.

#![allow(clippy::unwrap_used, reason = "a test, helpers included")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use edgequake_auth::{Credentials as _, FileStore, TokenStore as _};

use support::{Server, key, orders, provider, put, run, runtime};

/// Refreshes and saves as fast as it can, until it is killed. Does nothing in an ordinary test run.
#[test]
fn child_refreshes_for_ever() {
    let Some((address, store)) = orders() else { return };
    let runtime = runtime();
    loop {
        // As a new process would: nothing in memory but what the file holds.
        let (jwt, cx) = provider(address, store.clone());
        match runtime.block_on(jwt.authorize(&cx)) {
            Ok(authorization) => println!("given {}", authorization.header().unwrap().1.to_str().unwrap()),
            Err(error) => println!("failed {error:?}"),
        }
    }
}

fn number(token: &str) -> u64 {
    token.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

#[test]
fn a_kill_at_any_moment_leaves_a_readable_store_with_the_newest_token_given_out() {
    let rounds = std::env::var("EDGEQUAKE_CRASH_ROUNDS").map_or(25, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins");
    let store = FileStore::new(&file);
    // So short that each run of the child has to refresh.
    let server = Server::start(1);
    let runtime = runtime();
    let newest = || {
        let stored = runtime.block_on(store.read(&key(&server))).expect("the store is readable")?;
        let held = number(stored.record.tokens()?.refresh_token.as_ref()?.expose());
        Some((held, stored.record.is_unsettled()))
    };
    let (mut went_on, mut lost) = (0, 0);

    for round in 0..rounds {
        // A refresh token that the server accepts, when the last round left none.
        let current = server.session.lock().unwrap().current;
        match newest() {
            Some((held, _)) if held == current => went_on += 1,
            found => {
                // It may be spent, but then it does not look good.
                assert!(
                    found.is_none_or(|(_, unsettled)| unsettled),
                    "round {round}: {found:?}, issued {current}"
                );
                lost += u32::from(round > 0);
                let refresh = format!("r{current}");
                runtime.block_on(put(&store, &server, "a", &refresh, std::time::UNIX_EPOCH));
            }
        }

        let mut child = run("child_refreshes_for_ever", &server, &file);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.find(|line| line.contains("given") || line.contains("failed"));
        assert!(first.as_ref().is_some_and(|line| line.contains("given")), "round {round}: {first:?}");
        // The moment has to be any moment, so it is a matter of time and not of events.
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..15_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        server.settle();

        let last =
            lines.chain(first).filter(|line| line.contains("given")).map(|line| number(&line)).max().unwrap();
        let (held, _) = newest().expect("there is a login");
        let issued = server.session.lock().unwrap().current;
        assert!(
            (last..=issued).contains(&held),
            "round {round}: given {last}, stored {held}, issued {issued}"
        );
    }
    let session = server.session.lock().unwrap();
    println!(
        "{rounds} kills, {} refreshes, {} refused; {went_on} times the next process went on without a login, {lost} times \
         the answer had not reached the disk",
        session.refreshes, session.refused
    );
    assert_eq!(session.refused, 0, "a spent token was shown again");
}
