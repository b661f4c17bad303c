//! `cargo xtask soak`: the client's soak test for minutes instead of seconds, optimized.
//!
//! It calls the dev server, with faults ordered, over HTTP/1.1, over TLS with HTTP/2, and through a relay that spoils connections, each
//! way for the time that was asked for. The test prints its figures: calls, right answers, right errors, what became of uploads, how
//! often each fault was met, and what was left behind. The same seed makes the same faults.
//!
//! The last result, of 2026-11-28 on a 2-core x86-64 VM, 300 s each; right errors are those that were ordered, and no upload was
//! executed twice:
//!
//! | way | calls | right answers | right errors | the slowest | refreshes | tokens used twice | left behind |
//! |---|---:|---:|---:|---:|---:|---:|---|
//! | HTTP/1.1 | 599,232 | 546,600 | 52,632 | 1,230 ms | 218 | 0 | no task, no descriptor |
//! | TLS with HTTP/2 | 534,186 | 463,277 | 70,909 | 806 ms | 222 | 0 | no task, no descriptor |
//! | through a relay | 304,694 | 267,621 | 37,073 | 1,258 ms | 215 | 0 | no task, no descriptor |

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{cargo, run as run_command};
use crate::failure::{Failure, Result};

/// The tests, each of which is a way.
const WAYS: [&str; 3] = ["http1", "http2", "relay"];

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut seconds, mut seed, mut way) = (300_u64, 7_u64, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(value) => seconds = value.parse()?,
            Arg::Long("seed") => seed = arguments.value()?.parse()?,
            Arg::Long("way") => way = Some(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(way) = way.as_deref().filter(|way| !WAYS.contains(way)) {
        return Err(Failure::new(format!("`--way` must be one of {}, not {way}", WAYS.join(", "))));
    }
    let soak = ["test", "--package", "edgequake-client", "--release", "--test", "soak", "--", "--nocapture"];
    let mut command = cargo(soak);
    if let Some(way) = way {
        command.args(["--exact", &way]);
    }
    command.env("EDGEQUAKE_SOAK_SECONDS", seconds.to_string());
    command.env("EDGEQUAKE_SOAK_SEED", seed.to_string());
    run_command(&mut command)
}
