//! `cargo xtask soak`: the client's soak test for minutes instead of seconds, optimized.
//!
//! The test prints its figures: calls, right answers, right errors, what was executed twice (nothing may be), and what was left
//! behind. The same seed makes the server draw the same faults.

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{cargo, run as run_command};
use crate::failure::Result;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut seconds, mut seed) = (300_u64, 7_u64);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("seconds") => seconds = arguments.value()?.parse()?,
            Arg::Long("seed") => seed = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let soak = ["test", "--package", "edgequake-client", "--release", "--test", "soak", "--", "--nocapture"];
    run_command(
        cargo(soak)
            .env("EDGEQUAKE_SOAK_SECONDS", seconds.to_string())
            .env("EDGEQUAKE_SOAK_SEED", seed.to_string()),
    )
}
