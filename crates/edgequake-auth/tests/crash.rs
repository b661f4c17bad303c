//! A process that is killed in the middle of refreshing and saving, many times over.
//!
//! `EDGEQUAKE_CRASH_ROUNDS` sets how often (25 by default); figures are printed with `--nocapture`.

#![allow(clippy::unwrap_used, reason = "a test, helpers included")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use edgequake_auth::{Credentials as _, FileStore, StoredLogin, TokenStore as _};

use support::{Server, orders, provider, run, runtime};

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
    let file = folder.path().join("logins.json");
    let store = FileStore::new(&file);
    // So short that each run of the child has to refresh.
    let server = Server::start(1);
    let runtime = runtime();
    let (mut went_on, mut lost) = (0, 0);

    for round in 0..rounds {
        // A refresh token that the server accepts, when the last round left none.
        let current = server.session.lock().unwrap().current;
        let stored = runtime.block_on(store.load(&server.origin(), None)).expect("the store is readable");
        let held = stored.and_then(|login| login.refresh_token).map(|token| number(token.expose()));
        if held != Some(current) {
            lost += u32::from(round > 0);
            let mut login = StoredLogin::new("mona", "a");
            login.refresh_token = Some(format!("r{current}").into());
            login.expires_at = Some(std::time::UNIX_EPOCH);
            runtime.block_on(store.save(&server.origin(), &login)).unwrap();
        } else {
            went_on += 1;
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
        let stored =
            runtime.block_on(store.load(&server.origin(), None)).expect("the store is readable").unwrap();
        let held = number(stored.refresh_token.unwrap().expose());
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
