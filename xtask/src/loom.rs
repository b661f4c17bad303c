//! `cargo xtask loom`: the shared part of a token refresh under every interleaving that `loom` can reach.
//!
//! `--cfg loom` changes every crate of the build, so it has a target folder of its own; the models are optimized,
//! since they run a great many times.

use lexopt::Parser;

use crate::command::{cargo, output};
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    explore(&Workspace::load()?)
}

/// Runs the models; none at all is a failure, since the file with them is empty without the flag.
pub(crate) fn explore(workspace: &Workspace) -> Result<()> {
    let mut test =
        cargo(["test", "--quiet", "--package", "edgequake-auth", "--test", "loom_flight", "--release"]);
    // The encoded form would win over ours.
    test.env("RUSTFLAGS", "--cfg loom").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let report = output(test.env("CARGO_TARGET_DIR", workspace.target.join("loom")))?;
    print!("{report}");
    if report.contains("running 0 tests") { Err(Failure::new("no loom model was run")) } else { Ok(()) }
}
