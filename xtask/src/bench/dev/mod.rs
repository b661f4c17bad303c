//! What the dev server costs: how fast it starts and ends, what it keeps in memory, and how an operation's cost grows with
//! what is stored. It runs as its users run it: the program of the package, optimized, in a process of its own.

mod http;
mod process;
mod ending;
mod growth;
mod memory;

use std::path::{Path, PathBuf};
use std::time::Duration;

use self::process::Server;
use super::MIB;
use super::result::{Limit, Results};
use crate::command::{cargo, run};
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// How often the start is measured; the median counts.
const STARTS: usize = 11;

/// Measures everything about the dev server.
pub(super) fn measure(workspace: &Workspace, results: &mut Results) -> Result<()> {
    let program = build(workspace)?;
    start(&program, results)?;
    memory::measure(&program, results)?;
    growth::measure(&program, results)?;
    ending::measure(&program, results)
}

/// Builds the program, below the target folder of the workspace.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("bench");
    let mut build =
        cargo(["build", "--release", "--locked", "--package", "edgequake-devserver", "--target-dir"]);
    run(build.arg(&folder).current_dir(&workspace.root))?;
    Ok(folder.join("release").join(format!("edgequake-devserver{}", std::env::consts::EXE_SUFFIX)))
}

/// From the start of the process to the answer to a request, with the administrator that the program makes by default.
fn start(program: &Path, results: &mut Results) -> Result<()> {
    let mut times = Vec::new();
    let mut idle = 0_f64;
    for _ in 0..STARTS {
        let server = Server::start(program, &[])?;
        times.push(server.started_in);
        idle = idle.max(server.resident()?);
    }
    let start = median(&mut times).ok_or_else(|| Failure::new("the dev server never started"))?;
    let milliseconds = start.as_secs_f64() * 1e3;
    results.budget("dev server: start, to the first answer", milliseconds, Limit::AtMost(50.0), "ms");
    results.budget("dev server: resident memory when idle", idle / MIB, Limit::AtMost(30.0), "MiB");
    Ok(())
}

fn median(times: &mut [Duration]) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let mut times = [5, 1, 9, 2, 3].map(Duration::from_millis);
        assert_eq!(median(&mut times), Some(Duration::from_millis(3)));
        assert_eq!(median(&mut []), None);
    }
}
