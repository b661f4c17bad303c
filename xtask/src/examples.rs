//! `cargo xtask examples`: builds the examples once, then runs each to its end. [`quickstart`] compares the first one with
//! the README.
//!
//! Each gets a time limit, no terminal, the root as its current folder, and none of the `EDGEQUAKE_*` variables of
//! whoever runs this, so that no example ever talks to a real server. `EXAMPLE_ONCE=1` tells those that would serve for
//! ever to stop after their first round. What they print goes to a file, and to the terminal if they fail.

mod quickstart;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lexopt::{Arg, Parser};
use serde::Deserialize;

use crate::command::{cargo, output};
use crate::failure::{During, Failure, Result};
use crate::limit::{self, End};
use crate::workspace::Workspace;

/// Far more than the slowest takes.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let mut update = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("update") => update = true,
            other => return Err(other.unexpected().into()),
        }
    }
    run_each(&Workspace::load()?, update)
}

/// The step of the gate.
pub(crate) fn run_all(workspace: &Workspace) -> Result<()> {
    run_each(workspace, false)
}

/// Runs every example; one that fails does not keep the others from running.
fn run_each(workspace: &Workspace, update: bool) -> Result<()> {
    let logs = workspace.target.join("xtask/examples");
    fs::create_dir_all(&logs).during("making the folder for what the examples print")?;
    let mut failed = Vec::new();
    for (name, executable) in build(workspace)? {
        let start = Instant::now();
        let log = logs.join(format!("{name}.log"));
        let mut outcome = run_one(workspace, &executable, &log)?;
        let printed = fs::read_to_string(&log).during("reading what an example printed")?;
        if outcome.is_none() && name == "quickstart" {
            outcome =
                quickstart::check(&printed, &workspace.root, update).err().map(|failure| failure.to_string());
        }
        println!(
            "{name:<20} {:>6.1} s  {}",
            start.elapsed().as_secs_f64(),
            outcome.as_deref().unwrap_or("ok")
        );
        if outcome.is_some() {
            println!("{printed}");
            failed.push(name);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("examples failed: {}", failed.join(", "))))
    }
}

/// Runs one example; returns what is wrong, if anything is.
fn run_one(workspace: &Workspace, executable: &Path, log: &Path) -> Result<Option<String>> {
    let log = File::create(log).during("making the file for what an example prints")?;
    let mut command = Command::new(executable);
    command.current_dir(&workspace.root).env("EXAMPLE_ONCE", "1").stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("EDGEQUAKE_"))
    {
        command.env_remove(name);
    }
    command.stderr(log.try_clone().during("sharing the file for what an example prints")?).stdout(log);
    Ok(match limit::run(&mut command, LIMIT)? {
        End::Exited(status) if status.success() => None,
        End::Exited(status) => Some(format!("failed: {status}")),
        End::Killed => Some(format!("killed after {} s", LIMIT.as_secs())),
    })
}

/// Builds every example of the workspace and returns their programs by name. The whole workspace is built for, not one
/// package, so that features are those of `cargo test --workspace` and nothing it built is built again.
fn build(workspace: &Workspace) -> Result<Vec<(String, PathBuf)>> {
    let mut build = cargo(["build", "--quiet", "--workspace", "--examples"]);
    build.args(["--message-format", "json-render-diagnostics"]).current_dir(&workspace.root);
    let mut programs = programs(&output(&mut build)?)?;
    if programs.is_empty() {
        return Err(Failure::new("the workspace has no example"));
    }
    programs.sort();
    Ok(programs)
}

/// The programs in the messages of `cargo build`, one JSON object per line.
fn programs(messages: &str) -> Result<Vec<(String, PathBuf)>> {
    #[derive(Deserialize)]
    struct Message {
        target: Option<Target>,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
    }

    let mut programs = Vec::new();
    for line in messages.lines() {
        let message: Message = serde_json::from_str(line).during("reading a message of `cargo build`")?;
        if let Message { target: Some(target), executable: Some(executable) } = message
            && target.kind.iter().any(|kind| kind == "example")
        {
            programs.push((target.name, executable));
        }
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_the_examples_alone() {
        let messages = r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"lib"},"executable":null}
{"reason":"compiler-artifact","target":{"kind":["custom-build"],"name":"build-script-build"},"executable":"/t/build"}
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","target":{"kind":["example"],"name":"first"},"executable":"/t/examples/first"}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"server"},"executable":"/t/server"}
{"reason":"compiler-artifact","target":{"kind":["example"],"name":"second"},"executable":"/t/examples/second"}
{"reason":"build-finished","success":true}"#;
        let expected = [("first", "/t/examples/first"), ("second", "/t/examples/second")];
        assert_eq!(programs(messages).unwrap(), expected.map(|(name, path)| (name.to_owned(), path.into())));
    }

    #[test]
    fn a_message_of_another_form_is_an_error() {
        assert!(programs("Compiling x").is_err());
    }
}
