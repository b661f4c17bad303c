//! What many calls at once, long walks and large files cost, beside hyper-util and other clients.

use super::MIB;
use super::program::{Program, Server};
use super::result::{Limit, Results};
use crate::failure::Result;

/// How many calls are under way at a time.
const CALLERS: &str = "1000";

/// How many calls each caller makes.
const CALLS: &str = "24";

/// Runs of each client, one after another; the cheapest counts, since what else the machine does only adds.
const RUNS: usize = 3;

pub(super) fn measure(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    concurrent(program, results)?;
    pending(program, results)?;
    walk(program, server, results)?;
    files(program, server, results)?;
    handshakes(program, results)
}

/// The processor time of a call, of 1,000 callers who read a page of 20 documents over and over.
fn concurrent(program: &Program, results: &mut Results) -> Result<()> {
    let server = program.server("page")?;
    for threads in ["1", "2"] {
        let clients = ["hyper-util+serde", "reqwest", "official", "ours, typed"];
        let mut least = [f64::MAX; 4];
        for _ in 0..RUNS {
            for (client, least) in clients.iter().zip(&mut least) {
                let scenario = ["concurrent", client, &server.address, CALLERS, threads, CALLS];
                *least = least.min(program.figure(&scenario, "nanoseconds_per_call")?);
            }
        }
        let [floor, reqwest, official, ours] = least;
        let us = |time: f64| time / 1e3;
        let what = format!(
            "CPU of a call, 1,000 callers, {threads} threads ({:.1} us), over hyper-util and serde_json (reqwest {:.2}, official SDK {:.2})",
            us(ours),
            reqwest / floor,
            official / floor
        );
        results.budget(what, ours / floor, Limit::AtMost(1.0), "x");
    }
    Ok(())
}

/// What a call keeps in memory while it waits for its answer, its connection included.
fn pending(program: &Program, results: &mut Results) -> Result<()> {
    let kept = |client| {
        // One of its own for each, since requests that were given up still count there.
        let server = program.server("held")?;
        program.figure(&["pending", client, &server.address, CALLERS], "bytes_per_call")
    };
    let (floor, ours) = (kept("hyper-util")?, kept("ours, typed")?);
    let what = format!("memory of a call under way, of 1,000 ({:.1} KiB), over hyper-util", ours / 1024.0);
    results.budget(what, ours / floor, Limit::AtMost(1.1), "x");
    Ok(())
}

/// All of 10,000 documents, in pages of 100.
fn walk(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let cost = |client| program.cost(&["walk", client, &server.address], (10, 110));
    let (floor, ours) = (cost("hyper-util+serde")?, cost("ours")?);
    results.measure("a walk, page of 100", "hyper-util and serde_json", floor, floor);
    results.measure("a walk, page of 100", "ours", ours, floor);
    let what = "a walk over 10,000 documents, over hyper-util and serde_json";
    results.budget(what, ours.instructions / floor.instructions, Limit::AtMost(1.0), "x");
    program.report(&["walk", "ours", &server.address, "100"]).map(drop)
}

/// Memory of files of 1 GiB.
fn files(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    for (scenario, what) in
        [("upload", "peak memory of an upload of 1 GiB"), ("download", "peak memory of a download of 1 GiB")]
    {
        let length = (1_u64 << 30).to_string();
        let growth = program.figure(&[scenario, &server.address, &length], "peak_growth_bytes")?;
        results.budget(what, growth / MIB, Limit::AtMost(8.0), "MiB");
    }
    Ok(())
}

/// Handshakes of 1,000 calls that start together, where the server allows 200 requests at a time on a connection.
fn handshakes(program: &Program, results: &mut Results) -> Result<()> {
    let count = |name| program.figure(&["handshakes", CALLERS], name);
    results.budget(
        "handshakes of 1,000 calls over TLS with HTTP/2",
        count("handshakes")?,
        Limit::AtMost(5.0),
        "",
    );
    results.budget("failed calls of these 1,000", count("failed")?, Limit::AtMost(0.0), "");
    Ok(())
}
