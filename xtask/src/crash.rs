//! `cargo xtask crash`: processes that share a login and are killed, stopped and left alone while they refresh it, many times over.
//!
//! The test prints its figures: accidents by kind and point, the sessions that were lost and why nobody could have saved them, and
//! what the rules do not allow, of which there may be nothing.

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{cargo, run as run_command};
use crate::failure::Result;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let mut accidents = 1000_u32;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("accidents") => accidents = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let test = ["test", "--package", "edgequake-auth", "--test", "crash", "--", "--nocapture"];
    run_command(cargo(test).env("EDGEQUAKE_CRASH_ACCIDENTS", accidents.to_string()))
}
