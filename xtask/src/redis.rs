//! `cargo xtask redis`: the token store in Redis against a real Redis and a real Valkey, as Debian has them.
//!
//! What they do is in the tests that are run, `it` of edgequake-redis, which start and stop servers of their own.

use std::time::Duration;

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::debian::Program;
use crate::failure::{Failure, Result};
use crate::limit::{self, End};
use crate::workspace::Workspace;

/// Far more than the tests take.
const LIMIT: Duration = Duration::from_secs(180);

const VARIABLE: &str = "EDGEQUAKE_TEST_REDIS";

pub(crate) const REDIS: Program = Program {
    name: "redis-server",
    packages: &["redis-server", "redis-tools", "libjemalloc2", "liblzf1"],
    path: "usr/bin/redis-server",
    variable: VARIABLE,
};

pub(crate) const VALKEY: Program = Program {
    name: "valkey-server",
    packages: &["valkey-server", "valkey-tools", "libjemalloc2", "liblzf1"],
    path: "usr/bin/valkey-server",
    variable: VARIABLE,
};

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    let workspace = Workspace::load()?;
    let test = ["test", "--quiet", "--package", "edgequake-redis", "--all-features", "--test", "it"];
    run_command(cargo(test).arg("--no-run").current_dir(&workspace.root))?;
    for server in [&REDIS, &VALKEY] {
        println!("with {}", server.name);
        let mut command = cargo(test);
        command.args(["--", "--include-ignored"]).current_dir(&workspace.root);
        server.tell(&mut command, &workspace.target.join("xtask/redis"))?;
        match limit::run(&mut command, LIMIT)? {
            End::Exited(status) if status.success() => {}
            End::Exited(status) => return Err(Failure::new(format!("with {}: {status}", server.name))),
            End::Killed => {
                return Err(Failure::new(format!(
                    "with {}: killed after {} s",
                    server.name,
                    LIMIT.as_secs()
                )));
            }
        }
    }
    Ok(())
}
