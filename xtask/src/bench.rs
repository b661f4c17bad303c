//! `cargo xtask bench [--build | --dev] [--json PATH]`: what a request costs, beside what it would cost without us.
//!
//! Instructions are counted by callgrind and allocations by the allocator of the measured program, `xtask/bench`; both repeat
//! on a machine that has other things to do, which times do not. Needs `valgrind`. With `--build` it also compares cold release
//! builds, which takes minutes; with `--dev` it only looks at the dev server. It fails when a budget is missed, or a figure cannot
//! be measured.
//!
//! The first result, of 2026-11-25 on a 2-core x86-64 VM:
//!
//! | one time of | by | instructions | ratio | allocations | bytes |
//! |---|---|---:|---:|---:|---:|
//! | GET of an empty page | bare hyper-util, the floor | 29,557 | 1.00 | 15 | 12,471 |
//! | | one hyper connection | 18,314 | 0.62 | 8 | 9,463 |
//! | | reqwest | 68,963 | 2.33 | 46 | 18,590 |
//! | | the official SDK | 82,954 | 2.81 | 62 | 19,634 |
//! | | our default stack | 32,008 | 1.08 | 17 | 12,814 |
//! | | hyper-util and serde_json | 35,590 | 1.20 | 15 | 12,471 |
//! | | our typed call | 38,558 | 1.30 | 14 | 13,572 |
//! | decoding 20 documents | serde_json, plain fields | 395,821 | 1.00 | 244 | 41,560 |
//! | | ours | 390,096 | 0.99 | 224 | 39,460 |
//! | 64 KiB of events | events of 48 bytes, pieces of 16 KiB | 717,780 | | 1,368 | 54,807 |
//! | | events of 48 bytes, pieces of 64 | 919,747 | | 1,368 | 83,367 |
//! | | events of 48 bytes, single bytes | 7,946,104 | | 1,370 | 87,521 |
//! | | events of 1 KiB, pieces of 16 KiB | 83,493 | | 64 | 65,025 |
//!
//! | budget | found | limit |
//! |---|---:|---:|
//! | GET through the default stack, over bare hyper-util | 1.083 | 1.10 |
//! | GET as a typed call, over hyper-util and serde_json | 1.083 | 1.10 |
//! | decoding a page, over serde_json into plain fields | 0.986 | 1.00 |
//! | events of 48 bytes, GB/s: pieces of 16 KiB, 1 KiB, 64 bytes | 1.56, 1.42, 1.18 | 1.00 |
//! | events of 1 KiB, GB/s: pieces of 16 KiB, 1 KiB, 64 bytes | 14.3, 13.4, 3.6 | 1.00 |
//! | peak memory of an upload of 1 GiB | 0.6 MiB | 32 MiB |
//! | refreshes for 10,000 callers on an expired token, none failed | 1 | 1 |
//! | crates of the full client (the official SDK: 115), of the types alone | 84, 19 | 95, 20 |
//! | CPU of a cold release build, over the official SDK (87 s, 140 s) | 0.62 | 0.65 |
//!
//! The dev server, as its users run it. Times are processor time, except for the start and the end; "many" is 10,000 documents,
//! "few" is 1,000, and other workspaces are full with 20,000 documents together. The result of 2026-11-27 on the same kind of VM,
//! with much other work:
//!
//! | budget | found | limit |
//! |---|---:|---:|
//! | start, to the first answer | 2.7 ms | 50 ms |
//! | resident memory when idle | 7.3 MiB | 30 MiB |
//! | memory after 8,000 documents of new words came and went, over that after the first 4,000 (28 MiB) | 1.06 | 1.25 |
//! | listing a page of 20: many (170 us) over few, other workspaces full over empty | 1.20, 0.88 | 3, 1.5 |
//! | listing those in a state: many (173 us) over few, others full over empty | 1.11, 0.90 | 3, 1.5 |
//! | a query that few documents match: many (175 us) over few, others full over empty | 1.08, 0.99 | 3, 1.5 |
//! | a query that all documents match: many (1.3 ms) over few, others full over empty | 4.4, 0.98 | 20, 1.5 |
//! | an upload, its processing and its deletion: many (275 us) over few, others full over empty | 0.96, 1.04 | 3, 1.5 |
//! | statistics of the workspace: many (29 us) over few, others full over empty | 1.02, 0.97 | 3, 1.5 |
//! | deleting each of all: many (17 us) over few | 1.7 | 2 |
//! | end after a signal: with an open connection, hanging processing, a large document in processing | 0.003 s | 1 s |
//! | end after a signal: with a stream, a slow body, a silent connection, half a request | 0.50 s | 1 s |
//!
//! What changed on 2026-11-28, when the default stack began to ask its layers in place; before and after on the same machine:
//!
//! | | before | after | limit |
//! |---|---:|---:|---:|
//! | GET through the default stack, instructions (bare hyper-util 29,596, one hyper connection 18,411) | 35,742 | 27,585 | |
//! | the same over bare hyper-util | 1.208 | 0.932 | 0.90 |
//! | allocations of that GET (bare hyper-util 15) | 17 | 10 | 12 |
//! | GET as a typed call, over hyper-util and serde_json (35,723) | | 0.955 | 0.95 |
//! | handshakes of 1,000 calls over TLS with HTTP/2, 200 streams a connection | | 5 | 5 |
//! | memory of a call under way, of 1,000, over bare hyper-util (30,274 bytes) | | 1.09 | 1.1 |
//! | peak memory of an upload of 1 GiB, of a download of 1 GiB, in MiB | | 1.1, 0.5 | 8 |
//! | allocations of a walk over 10,000 documents (hyper-util and serde_json 122,475) | | 113,198 | |
//!
//! Of the 27,585 the task of the connection takes 11,462 (10,793 with one hyper connection), the call itself 12,618, and the runtime the
//! rest. Of the call: building the request 847; its way through the layers 3,635, of which 1,009 are headers; the exchange with the
//! connection 2,771, of which 730 are the pool's; reading the body 1,422, of which 538 are the pool's; the one timer 650. Across all
//! of it `malloc` and `free` take 1,433, and `memcpy` 2,969.
//!
//! Rates and build times depend on what else the machine does, by a tenth and more; the other figures repeat.

mod program;
mod result;
mod many;
mod weight;
mod dev;

use lexopt::{Arg, Parser};

use self::program::{Program, Server};
use self::result::{Limit, Results};
pub(crate) use self::weight::Dependent;
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

const GET: &str = "GET of an empty page";
const PAGE: &str = "GET of 20 documents";
const DECODE: &str = "decoding 20 documents";
const EVENTS: &str = "64 KiB of events";

/// A mebibyte, in bytes.
const MIB: f64 = 1024.0 * 1024.0;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut json, mut build, mut dev_only) = (None, false, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("json") => json = Some(arguments.value()?),
            Arg::Long("build") => build = true,
            Arg::Long("dev") => dev_only = true,
            Arg::Short('h') | Arg::Long("help") => {
                println!("Usage: cargo xtask bench [--build | --dev] [--json PATH]");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let workspace = Workspace::load()?;
    let mut results = Results::default();
    let of_client = if dev_only { Ok(()) } else { client(&workspace, build, &mut results) };
    let of_server = dev::measure(&workspace, &mut results);
    // What was measured is worth seeing also where something could not be.
    print!("{}", results.table());
    of_client.and(of_server)?;
    if let Some(path) = json {
        let text = serde_json::to_string_pretty(&results).during("writing the result as JSON")?;
        std::fs::write(&path, text + "\n").during(format!("writing {}", path.display()))?;
    }
    match results.missed() {
        missed if missed.is_empty() => Ok(()),
        missed => Err(Failure::new(format!("budgets missed:\n  {}", missed.join("\n  ")))),
    }
}

/// What the client costs, and what it takes to depend on it.
fn client(workspace: &Workspace, build: bool, results: &mut Results) -> Result<()> {
    let program = Program::build(workspace)?;
    let server = program.server("empty")?;
    get(&program, &server, results)?;
    page(&program, results)?;
    decode(&program, results)?;
    events(&program, results)?;
    many::measure(&program, &server, results)?;
    refreshes(&program, &server, results)?;
    weight(workspace, build, results)
}

/// A request through each client.
fn get(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let cost = |client: &str| program.cost(&["get", client, &server.address], (200, 1200));
    let floor = cost("hyper-util")?;
    results.measure(GET, "bare hyper-util, the floor", floor, floor);
    for (client, who) in
        [("connection", "one hyper connection"), ("reqwest", "reqwest"), ("official", "the official SDK")]
    {
        results.measure(GET, who, cost(client)?, floor);
    }
    let ours = cost("ours")?;
    results.measure(GET, "our default stack", ours, floor);
    let read = cost("hyper-util+serde")?;
    results.measure(GET, "hyper-util and serde_json", read, floor);
    let typed = cost("ours, typed")?;
    results.measure(GET, "our typed call", typed, floor);
    let over = |cost: program::Cost, floor: program::Cost| cost.instructions / floor.instructions;
    results.budget(
        "GET through the default stack, over bare hyper-util",
        over(ours, floor),
        Limit::AtMost(0.90),
        "x",
    );
    let what = "GET as a typed call, over hyper-util and serde_json";
    results.budget(what, over(typed, read), Limit::AtMost(0.95), "x");
    results.budget(
        "allocations of a GET through the default stack",
        ours.allocations,
        Limit::AtMost(12.0),
        "",
    );
    Ok(())
}

/// A page of 20 documents, from the call to the models.
fn page(program: &Program, results: &mut Results) -> Result<()> {
    let server = program.server("page")?;
    let cost = |client: &str| program.cost(&["get", client, &server.address], (200, 1200));
    let (floor, ours) = (cost("hyper-util+serde")?, cost("ours, typed")?);
    results.measure(PAGE, "hyper-util and serde_json", floor, floor);
    for (client, who) in [("reqwest", "reqwest, not read"), ("official", "the official SDK")] {
        results.measure(PAGE, who, cost(client)?, floor);
    }
    results.measure(PAGE, "our typed call", ours, floor);
    let what = "a page of 20 documents over the wire, over hyper-util and serde_json";
    results.budget(what, ours.instructions / floor.instructions, Limit::AtMost(0.85), "x");
    Ok(())
}

/// An answer out of its bytes.
fn decode(program: &Program, results: &mut Results) -> Result<()> {
    let cost = |reader: &str| program.cost(&["decode", reader], (20, 220));
    let (plain, ours) = (cost("plain")?, cost("ours")?);
    results.measure(DECODE, "serde_json, plain fields", plain, plain);
    results.measure(DECODE, "ours", ours, plain);
    let ratio = ours.instructions / plain.instructions;
    results.budget("decoding a page, over serde_json into plain fields", ratio, Limit::AtMost(0.82), "x");
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

/// Refreshes of many callers whose token has expired.
fn refreshes(program: &Program, server: &Server, results: &mut Results) -> Result<()> {
    let refresh = program.report(&["refresh", &server.address, "10000"])?.seen;
    if let Some(failure) = refresh["failure"].as_str() {
        return Err(Failure::new(format!("a call of 10,000 on an expired token failed: {failure}")));
    }
    let count = |name: &str| refresh[name].as_f64().unwrap_or(f64::MAX);
    results.budget(
        "refreshes for 10,000 callers on an expired token",
        count("refreshes"),
        Limit::Exactly(1.0),
        "",
    );
    results.budget("failed calls of these 10,000", count("failed"), Limit::AtMost(0.0), "");
    Ok(())
}

/// What it takes to depend on us, and on the official SDK.
fn weight(workspace: &Workspace, build: bool, results: &mut Results) -> Result<()> {
    let ours = |name: &str| {
        let path = workspace.root.join("crates").join(name);
        Dependent::write(workspace, &format!("on-{name}"), &format!("{name} = {{ path = {path:?} }}"))
    };
    let (client, types) = (ours("edgequake-client")?, ours("edgequake-types")?);
    let official = Dependent::write(workspace, "on-official", "edgequake-sdk = \"=0.4.1\"")?;
    let official_crates = official.crates()?;
    let what = format!("crates of the full client (the official SDK: {official_crates})");
    results.budget(what, client.crates()? as f64, Limit::AtMost(95.0), "");
    results.budget("crates of the types alone", types.crates()? as f64, Limit::AtMost(21.0), "");
    if build {
        // What else the machine does only adds, by a twentieth and more: the lesser of two builds says most.
        let (mut theirs, mut ours) = (f64::MAX, f64::MAX);
        for _ in 0..2 {
            theirs = theirs.min(official.build_seconds()?);
            ours = ours.min(client.build_seconds()?);
        }
        let what = format!("CPU of a cold release build, over the official SDK ({ours:.0} s, {theirs:.0} s)");
        results.budget(what, ours / theirs, Limit::AtMost(0.65), "x");
    }
    Ok(())
}
