//! `cargo xtask bench [--build | --dev] [--json PATH]`: what a request costs, beside what it would cost without us.
//!
//! Instructions are counted by callgrind and allocations by the allocator of the measured program, `xtask/bench`; both repeat
//! on a machine that has other things to do, which times do not. Needs `valgrind`, and Python 3.10 or later with `venv` for the
//! official SDK in Python, which comes from PyPI. Figures of others, which have no limit, stand below ours with a dash. With `--build`
//! it also compares cold release builds, which takes minutes; with `--dev` it only looks at the dev server. It fails when a budget is
//! missed, or a figure cannot be measured.
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
//! | GET through the default stack, over bare hyper-util | 1.083 | 0.90 |
//! | GET as a typed call, over hyper-util and serde_json | 1.083 | 0.95 |
//! | decoding a page, over serde_json into plain fields | 0.986 | 0.82 |
//! | events of 48 bytes, GB/s: pieces of 16 KiB, 1 KiB, 64 bytes | 1.56, 1.42, 1.18 | 1.00 |
//! | events of 1 KiB, GB/s: pieces of 16 KiB, 1 KiB, 64 bytes | 14.3, 13.4, 3.6 | 1.00 |
//! | peak memory of an upload of 1 GiB | 0.6 MiB | 8 MiB |
//! | refreshes for 10,000 callers on an expired token, none failed | 1 | 1 |
//! | crates of the full client (the official SDK: 115), of the types alone | 84, 19 | 95, 21 |
//! | CPU of a cold release build, over the official SDK (87 s, 140 s) | 0.62 | 0.75 |
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
//! The same day, when the headers of a client began to be copied at once, the pool to do nothing for what does not follow, and answers to
//! be put together once:
//!
//! | instructions | hyper-util | ours | ratio | limit |
//! |---|---:|---:|---:|---:|
//! | GET through the default stack | 30,240 | 26,776 | 0.885 | 0.90 |
//! | GET as a typed call (beside it serde_json) | 36,277 | 33,361 | 0.920 | 0.95 |
//! | a page of 20 documents over the wire (beside it serde_json) | 434,796 | 371,033 | 0.853 | 0.85 |
//!
//! The measured program had grown meanwhile, and the floor with it: beside the former one, of 29,596, the GET is at 0.905. HTTP/2 in
//! hyper-util would cost it 600 more.
//!
//! Where the instructions of a GET go, by callgrind, as they were before the last of these changes (27,209): the task of the connection, which
//! is hyper's, about 11,500, of which the head of the answer 4,850 and that of the request 1,840; the runtime about 2,200. Ours: `memcpy` of
//! requests, answers and futures about 1,500 of 3,042 in all; `malloc` and `free` 1,500 with hyper's; the stack from the call to the
//! transport 567 in itself, the exchange 463, copying the headers 500, the call 440, its request 343, the poll of the flow 353, the pool
//! 430, the credential 137. What is left there is the work itself: no function of ours takes a fiftieth of the whole. Of the page,
//! serde_json reads texts for 101,000 and allocations take 70,000.
//!
//! The command line's figures and those in wall-clock or processor time are to be filled in from a quiet machine.
//!
//! Rates and build times depend on what else the machine does, by a tenth and more; the other figures repeat.

mod program;
mod result;
mod calls;
mod start;
mod many;
mod files;
mod weight;
mod dev;

use lexopt::{Arg, Parser};

use self::program::Program;
use self::result::Results;
pub(crate) use self::weight::Dependent;
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

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
    calls::measure(&program, &server, results)?;
    start::measure(workspace, &program, &server, results)?;
    many::measure(&program, results)?;
    files::measure(&program, &server, results)?;
    weight::measure(workspace, build, results)
}
