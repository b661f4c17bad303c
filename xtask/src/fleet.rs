//! `cargo xtask fleet`: processes that share a login, on a folder and on a real Redis, while they are killed and stopped, their
//! clocks are set, and the ways to the store and to the server go silent, break and get slow.
//!
//! The test prints its figures: faults by kind and point, calls inside and outside of outages, refreshes, takeovers, the sessions
//! that were lost and why nobody could have saved them, and what the rules do not allow, of which there may be nothing. What is
//! required of all that holds from 120 seconds on.

use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{cargo, run as run_command};
use crate::debian::Program;
use crate::failure::{Failure, Result};
use crate::limit::{self, End};
use crate::redis::REDIS;
use crate::workspace::Workspace;

/// How long a run takes besides the time that was asked for.
const MORE: Duration = Duration::from_secs(120);

#[cfg(target_arch = "x86_64")]
const LIBRARY: &str = "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
#[cfg(not(target_arch = "x86_64"))]
const LIBRARY: &str = "usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1";

/// Sets the wall clock of a process.
const FAKETIME: Program = Program {
    name: "libfaketime",
    packages: &["libfaketime"],
    path: LIBRARY,
    variable: "EDGEQUAKE_TEST_FAKETIME",
};

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut seconds, mut seed) = (120_u64, 7_u64);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("seconds") => seconds = arguments.value()?.parse()?,
            Arg::Long("seed") => seed = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let workspace = Workspace::load()?;
    let test = ["test", "--quiet", "--package", "edgequake-redis", "--test", "fleet"];
    run_command(cargo(test).arg("--no-run").current_dir(&workspace.root))?;
    let mut command = cargo(test);
    // One after the other: each has the machine for itself.
    command.args(["--", "--include-ignored", "--nocapture", "--test-threads", "1"]);
    command.current_dir(&workspace.root);
    command.env("EDGEQUAKE_FLEET_SECONDS", seconds.to_string());
    command.env("EDGEQUAKE_FLEET_SEED", seed.to_string());
    REDIS.tell(&mut command, &workspace.target.join("xtask/redis"))?;
    FAKETIME.tell(&mut command, &workspace.target.join("xtask/faketime"))?;
    let most = Duration::from_secs(seconds.saturating_mul(2)).saturating_add(MORE);
    match limit::run(&mut command, most)? {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => Err(Failure::new(format!("the fleet: {status}"))),
        End::Killed => Err(Failure::new(format!("the fleet was killed after {} s", most.as_secs()))),
    }
}
