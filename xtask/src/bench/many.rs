//! What many calls at once cost, beside hyper-util and other clients.

use super::program::{PYTHON, Program};
use super::result::{Limit, Results};
use crate::failure::{Failure, Result};

/// How many calls are under way at a time.
const CALLERS: &str = "1000";

/// How many calls each caller makes.
const CALLS: &str = "24";

/// Callers in Python, and their calls: its SDK opens 100 connections at most, and 1,000 callers who wait for them never end.
const IN_PYTHON: (&str, &str) = ("64", "4");

/// Runs of each client, one after another; the cheapest counts, since what else the machine does only adds.
const RUNS: usize = 3;

/// The other clients, and how they are called here.
const OTHERS: [(&str, &str); 2] = [("reqwest", "reqwest"), ("official", "the official SDK")];

pub(super) fn measure(program: &Program, results: &mut Results) -> Result<()> {
    concurrent(program, results)?;
    pending(program, results)?;
    handshakes(program, results)?;
    refreshes(program, results)
}

/// The processor time of a call, of 1,000 callers who read a page of 20 documents over and over.
fn concurrent(program: &Program, results: &mut Results) -> Result<()> {
    let server = program.server("page")?;
    let time = |client, threads, (callers, calls)| {
        let scenario = ["concurrent", client, &server.address, callers, threads, calls];
        program.figure(&scenario, "nanoseconds_per_call")
    };
    for threads in ["1", "2"] {
        let mut least = [f64::MAX; 4];
        for _ in 0..RUNS {
            for (client, least) in ["hyper-util", "reqwest", "official", "ours"].iter().zip(&mut least) {
                *least = least.min(time(client, threads, (CALLERS, CALLS))?);
            }
        }
        let [floor, reqwest, official, ours] = least;
        let what = format!(
            "CPU of a call, 1,000 callers, {threads} threads ({:.1} us), over hyper-util and serde_json",
            ours / 1e3
        );
        results.budget(what, ours / floor, Limit::AtMost(1.0), "x");
        results.beside("reqwest and serde_json", reqwest / floor, "x");
        results.beside("the official SDK", official / floor, "x");
        // It is asynchronous on one thread only.
        if threads == "1" {
            let python = time(PYTHON, threads, IN_PYTHON)?;
            results.beside("the official SDK in Python, 64 callers", python / floor, "x");
        }
    }
    Ok(())
}

/// What a call keeps in memory while it waits for its answer, its connection included. Not in Python, whose SDK opens 100 connections
/// at most.
fn pending(program: &Program, results: &mut Results) -> Result<()> {
    let kept = |client| {
        // One of its own for each, since requests that were given up still count there.
        let server = program.server("held")?;
        program.figure(&["pending", client, &server.address, CALLERS], "bytes_per_call")
    };
    let (floor, ours) = (kept("hyper-util")?, kept("ours")?);
    let what = format!("memory of a call under way, of 1,000 ({:.1} KiB), over hyper-util", ours / 1024.0);
    results.budget(what, ours / floor, Limit::AtMost(1.1), "x");
    for (client, who) in OTHERS {
        results.beside(who, kept(client)? / floor, "x");
    }
    Ok(())
}

/// Handshakes of 1,000 calls that start together, where the server allows 200 requests at a time on a connection. The others speak
/// HTTP/1.1 here; with HTTP/2 hyper-util and reqwest make as many, since they wait for none to tell what the server speaks.
fn handshakes(program: &Program, results: &mut Results) -> Result<()> {
    let server = program.server("late")?;
    let made = |client| program.report(&["handshakes", client, &server.address, CALLERS]);
    let ours = made("ours")?;
    let what = "handshakes of 1,000 calls over TLS with HTTP/2";
    results.budget(what, ours.figure("handshakes")?, Limit::AtMost(5.0), "");
    results.beside("hyper-util", made("hyper-util")?.figure("handshakes")?, "");
    for (client, who) in OTHERS {
        results.beside(who, made(client)?.figure("handshakes")?, "");
    }
    results.budget("failed calls of these 1,000", ours.figure("failed")?, Limit::AtMost(0.0), "");
    Ok(())
}

/// Refreshes of many callers whose token has expired.
fn refreshes(program: &Program, results: &mut Results) -> Result<()> {
    let made = |client| {
        // One of its own for each, since connections of others count there.
        let server = program.server("empty")?;
        program.report(&["refresh", client, &server.address, "10000"])
    };
    let ours = made("ours")?;
    if let Some(failure) = ours.failure() {
        return Err(Failure::new(format!("a call of 10,000 on an expired token failed: {failure}")));
    }
    let what = "refreshes for 10,000 callers on an expired token";
    results.budget(what, ours.figure("refreshes")?, Limit::Exactly(1.0), "");
    results.beside("reqwest, each after its 401", made("reqwest")?.figure("refreshes")?, "");
    results.beside("the official SDK in Python, by its hook", made(PYTHON)?.figure("refreshes")?, "");
    results.budget("failed calls of these 10,000", ours.figure("failed")?, Limit::AtMost(0.0), "");
    let what = "connections for these 10,000, of 64 allowed";
    // The refresh has its own, for which another is closed: the server may see the new one first.
    results.budget(what, ours.figure("connections")?, Limit::AtMost(65.0), "");
    Ok(())
}
