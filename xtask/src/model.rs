//! `cargo xtask model`: the protocol by which processes share a login, with three of them, in every order of their steps.
//!
//! An ordinary test explores two processes and two kinds of accidents. Here it is all kinds, three processes and more time; the
//! states that were seen are printed.

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::failure::Result;

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    let mut test = cargo(["test", "--release", "--package", "edgequake-auth", "--lib", "protocol::model"]);
    test.args(["--", "--include-ignored", "--nocapture", "--test-threads=1"]);
    run_command(test.env("EDGEQUAKE_MODEL_WHOLE", "1"))
}
