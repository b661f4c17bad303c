//! The measured program: built once, run under `valgrind --tool=callgrind` or as it is, against a server in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::command::{cargo, output, run};
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// The program, and where callgrind may write.
pub(super) struct Program {
    binary: PathBuf,
    folder: PathBuf,
}

/// What one process came to.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Report {
    allocations: u64,
    bytes: u64,
    /// What the scenario itself has to say.
    pub(super) seen: Value,
}

/// What one time of a scenario costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cost {
    /// Instructions of the process, those of the kernel not counted.
    pub(super) instructions: f64,
    /// How often memory was asked for, and for how many bytes.
    pub(super) allocations: f64,
    pub(super) bytes: f64,
}

impl Program {
    /// Builds the program, below the target folder of the workspace.
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        if output(Command::new("valgrind").arg("--version")).is_err() {
            let text = "valgrind counts the instructions, and is not there: install the package `valgrind` \
                        (apt-get install valgrind, dnf install valgrind)";
            return Err(Failure::new(text));
        }
        let folder = workspace.target.join("bench");
        let manifest = workspace.root.join("xtask/bench/Cargo.toml");
        let mut build = cargo(["build", "--release", "--locked", "--manifest-path"]);
        run(build.arg(manifest).arg("--target-dir").arg(&folder))?;
        let binary = folder.join("release").join(format!("edgequake-bench{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { binary, folder })
    }

    /// Runs a scenario as it is.
    pub(super) fn report(&self, scenario: &[&str]) -> Result<Report> {
        report(Command::new(&self.binary).args(scenario))
    }

    /// A figure that a scenario tells. One that it does not tell could not be measured.
    pub(super) fn figure(&self, scenario: &[&str], name: &str) -> Result<f64> {
        let told = self.report(scenario)?.seen[name].as_f64();
        told.ok_or_else(|| Failure::new(format!("`{}` does not tell `{name}`", scenario.join(" "))))
    }

    /// What one time of a scenario costs: it runs `few` and `many` times, and the difference is divided. What happens once
    /// falls out. The cheaper of two runs counts, since a machine with other things to do only adds to it.
    pub(super) fn cost(&self, scenario: &[&str], (few, many): (u32, u32)) -> Result<Cost> {
        let least = |times: u32| {
            let (first, second) = (self.counted(scenario, times)?, self.counted(scenario, times)?);
            Ok::<_, Failure>(if second.instructions < first.instructions { second } else { first })
        };
        let (less, more) = (least(few)?, least(many)?);
        let times = f64::from(many - few);
        Ok(Cost {
            instructions: (more.instructions - less.instructions) / times,
            allocations: (more.allocations - less.allocations) / times,
            bytes: (more.bytes - less.bytes) / times,
        })
    }

    /// A whole process under callgrind.
    fn counted(&self, scenario: &[&str], times: u32) -> Result<Cost> {
        let profile =
            self.folder.join(format!("callgrind.{}.{times}", scenario.join("-").replace([':', ' '], "_")));
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--quiet"]);
        command.arg(format!("--callgrind-out-file={}", profile.display()));
        let report = report(command.arg(&self.binary).args(scenario).arg(times.to_string()))?;
        let text = std::fs::read_to_string(&profile).during("reading what callgrind wrote")?;
        Ok(Cost {
            instructions: instructions(&text)?,
            allocations: report.allocations as f64,
            bytes: report.bytes as f64,
        })
    }

    /// Starts the server: its documents are `empty`, a `page`, or `held`.
    pub(super) fn server(&self, documents: &str) -> Result<Server> {
        let mut command = Command::new(&self.binary);
        let mut process = command
            .args(["serve", documents])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .during("starting the server")?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut address).during("reading the server's address")?;
        }
        Ok(Server { process, address: address.trim().to_owned() })
    }
}

/// The server, which ends with this value.
pub(super) struct Server {
    process: Child,
    pub(super) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when its standard input does.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn report(command: &mut Command) -> Result<Report> {
    serde_json::from_str(&output(command)?).during("reading what the measured program says")
}

/// The sum that callgrind writes at the end of a profile.
fn instructions(profile: &str) -> Result<f64> {
    let sum = profile.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    sum.and_then(|sum| sum.trim().parse().ok()).ok_or_else(|| Failure::new("callgrind wrote no sum"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_a_profile() {
        assert_eq!(instructions("events: Ir\nfn=(1)\n0 12\ntotals: 4711\n").unwrap(), 4711.0);
        assert_eq!(instructions("summary: 12\n").unwrap(), 12.0);
        assert!(instructions("fn=(1)\n").is_err());
    }
}
