//! `cargo xtask folder`: a folder of 10,000 files into a workspace, with two interruptions, where the ordinary test takes 3,000.

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::failure::Result;

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    let mut test =
        cargo(["test", "--package", "edgequake-client", "--all-features", "--test", "it", "folder_many"]);
    test.args(["--", "--include-ignored"]);
    run_command(&mut test)
}
