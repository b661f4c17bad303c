//! `cargo xtask loom`: the shared part of a token refresh under every interleaving that `loom` can reach.
//!
//! `--cfg loom` changes every crate of the build, so it has a target folder of its own; the models are optimized,
//! since they run a great many times.

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::failure::Result;
use crate::workspace::Workspace;

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    explore(&Workspace::load()?)
}

pub(crate) fn explore(workspace: &Workspace) -> Result<()> {
    let mut test =
        cargo(["test", "--quiet", "--package", "edgequake-auth", "--test", "loom_flight", "--release"]);
    test.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", workspace.target.join("loom"));
    run_command(&mut test)
}
