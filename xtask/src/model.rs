//! `cargo xtask model`: the protocol by which processes share a login, with three of them, in every order of their steps.
//!
//! An ordinary test explores two processes and one accident. Here it is two accidents, three processes and more time; the states
//! that were seen are printed. Processes have no names, and what no decision depends on is left out of a state, so that three of
//! them fit: on an expired token there are 1.1 million different states if one of them dies, and 5.1 million (of 20 million that
//! are reached) if a clock drifts, which takes 94 MB. A core explores 170,000 reached states in a second.

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::failure::Result;

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    let mut test = cargo(["test", "--release", "--package", "edgequake-auth", "--lib", "protocol::model"]);
    test.args(["--", "--include-ignored", "--nocapture", "--test-threads=1"]);
    run_command(&mut test)
}
