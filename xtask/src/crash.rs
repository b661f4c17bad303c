//! `cargo xtask crash`: processes that are killed in the middle of refreshing and saving a login, many times over.
//!
//! After each kill the file store has to be readable and to hold the newest refresh token that was given out. The test prints how
//! often the next process could go on without a login.

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{cargo, run as run_command};
use crate::failure::Result;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let mut rounds = 500_u32;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("rounds") => rounds = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let test = ["test", "--package", "edgequake-auth", "--test", "crash", "--", "--nocapture"];
    run_command(cargo(test).env("EDGEQUAKE_CRASH_ROUNDS", rounds.to_string()))
}
