//! What a call costs, and the parts of it: instructions and allocations, beside hyper-util and other clients.

use super::program::{Cost, PYTHON, Program, Server};
use super::result::{Limit, Results};
use crate::failure::Result;

const GET: &str = "GET of an empty page";
const PAGE: &str = "GET of 20 documents";
const DECODE: &str = "decoding 20 documents";
const WALK: &str = "a walk, page of 100";
const EVENTS: &str = "64 KiB of events";

/// How often a call is made under callgrind; in Python, where each takes about fifty times as long.
const TIMES: (u32, u32) = (200, 1200);
const TIMES_IN_PYTHON: (u32, u32) = (5, 25);

pub(super) fn measure(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    get(program, server, results)?;
    let full = program.server("page")?;
    page(program, &full, results)?;
    decode(program, &full, results)?;
    walk(program, server, results)?;
    events(program, results)
}

fn over(cost: Cost, floor: Cost) -> f64 {
    cost.instructions / floor.instructions
}

/// A request through each client.
fn get(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let cost = |client: &str| program.cost(&["get", client, &server.address], TIMES);
    let read = |client: &str, times| program.cost(&["read", client, &server.address], times);
    let floor = cost("hyper-util")?;
    results.measure(GET, "bare hyper-util, the floor", floor, floor);
    for (client, who) in [("connection", "one hyper connection"), ("reqwest", "reqwest")] {
        results.measure(GET, who, cost(client)?, floor);
    }
    let ours = cost("ours")?;
    results.measure(GET, "our default stack", ours, floor);
    let by_hand = read("hyper-util", TIMES)?;
    results.measure(GET, "hyper-util and serde_json", by_hand, floor);
    results.measure(GET, "reqwest and serde_json", read("reqwest", TIMES)?, floor);
    results.measure(GET, "the official SDK", read("official", TIMES)?, floor);
    results.measure(GET, "the official SDK in Python", read(PYTHON, TIMES_IN_PYTHON)?, floor);
    let typed = read("ours", TIMES)?;
    results.measure(GET, "our typed call", typed, floor);
    let what = "GET through the default stack, over bare hyper-util";
    results.budget(what, over(ours, floor), Limit::AtMost(0.90), "x");
    let what = "GET as a typed call, over hyper-util and serde_json";
    results.budget(what, over(typed, by_hand), Limit::AtMost(0.95), "x");
    let what = "allocations of a GET through the default stack";
    results.budget(what, ours.allocations.unwrap_or(f64::INFINITY), Limit::AtMost(12.0), "");
    Ok(())
}

/// A page of 20 documents, from the call to the models.
fn page(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let cost = |client: &str, times| program.cost(&["read", client, &server.address], times);
    let (floor, ours) = (cost("hyper-util", TIMES)?, cost("ours", TIMES)?);
    results.measure(PAGE, "hyper-util and serde_json", floor, floor);
    results.measure(PAGE, "reqwest and serde_json", cost("reqwest", TIMES)?, floor);
    results.measure(PAGE, "the official SDK", cost("official", TIMES)?, floor);
    results.measure(PAGE, "the official SDK in Python", cost(PYTHON, TIMES_IN_PYTHON)?, floor);
    results.measure(PAGE, "our typed call", ours, floor);
    let what = "a page of 20 documents over the wire, over hyper-util and serde_json";
    results.budget(what, over(ours, floor), Limit::AtMost(0.85), "x");
    Ok(())
}

/// An answer out of its bytes.
fn decode(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let cost = |reader: &str| program.cost(&["decode", reader, &server.address], (20, 220));
    let (plain, ours) = (cost("plain")?, cost("ours")?);
    results.measure(DECODE, "serde_json, plain fields", plain, plain);
    results.measure(DECODE, "the official SDK", cost("official")?, plain);
    results.measure(DECODE, "the official SDK in Python", cost(PYTHON)?, plain);
    results.measure(DECODE, "ours", ours, plain);
    let what = "decoding a page, over serde_json into plain fields";
    results.budget(what, over(ours, plain), Limit::AtMost(0.82), "x");
    Ok(())
}

/// All of 10,000 documents, in pages of 100.
fn walk(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let cost = |client, times| program.cost(&["walk", client, &server.address], times);
    let times = (10, 110);
    let (floor, ours) = (cost("hyper-util", times)?, cost("ours", times)?);
    results.measure(WALK, "hyper-util and serde_json", floor, floor);
    results.measure(WALK, "reqwest and serde_json", cost("reqwest", times)?, floor);
    results.measure(WALK, "the official SDK", cost("official", times)?, floor);
    results.measure(WALK, "the official SDK in Python", cost(PYTHON, (2, 12))?, floor);
    results.measure(WALK, "ours", ours, floor);
    let what = "a walk over 10,000 documents, over hyper-util and serde_json";
    results.budget(what, over(ours, floor), Limit::AtMost(1.0), "x");
    Ok(())
}

/// Streams in pieces of many sizes: small events, as a model's words come, and larger ones. The instructions tell whether a change
/// made it better; the rate is that of the best of many rounds, which is what the machine can do. Single bytes are no budget: a
/// call for each costs more than a byte may, whatever the call does.
fn events(program: &Program, results: &mut Results) -> Result<()> {
    let mut floor = None;
    for size in [48, 1024] {
        for piece in [16_384, 1024, 64, 1] {
            let scenario = ["events", &size.to_string(), &piece.to_string()];
            let cost = program.cost(&scenario, (2, 12))?;
            let who = format!("events of {size}, pieces of {piece}");
            results.measure(EVENTS, who, cost, *floor.get_or_insert(cost));
            let rate = [scenario[0], scenario[1], scenario[2], "2000"];
            let rate = program.figure(&rate, "best_bytes_per_second")? / 1e9;
            if piece > 1 {
                let what = format!("events of {size} bytes in pieces of {piece}");
                results.budget(what, rate, Limit::AtLeast(1.0), "GB/s");
            }
        }
    }
    Ok(())
}
