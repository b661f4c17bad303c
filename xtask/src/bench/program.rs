//! The measured program: built once, run under `valgrind --tool=callgrind` or as it is, against a server in a process of its own.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::command::{cargo, output, run};
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// The word for the official Python SDK where the program takes the name of a client.
pub(super) const PYTHON: &str = "python";

/// The program, its counterpart in Python, and where callgrind may write.
pub(super) struct Program {
    binary: PathBuf,
    python: PathBuf,
    script: PathBuf,
    folder: PathBuf,
}

/// What one process came to.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Report {
    allocations: Option<u64>,
    bytes: Option<u64>,
    /// What the scenario itself has to say.
    seen: Value,
}

impl Report {
    /// The first failure that the scenario saw.
    pub(super) fn failure(&self) -> Option<&str> {
        self.seen["failure"].as_str()
    }

    /// A figure that the scenario tells. One that it does not tell could not be measured.
    pub(super) fn figure(&self, name: &str) -> Result<f64> {
        let told = self.seen[name].as_f64();
        told.ok_or_else(|| Failure::new(format!("the scenario does not tell `{name}`: {}", self.seen)))
    }
}

/// What one time of a scenario costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cost {
    /// Instructions of the process, those of the kernel not counted.
    pub(super) instructions: f64,
    /// How often memory was asked for, and for how many bytes; not counted in Python.
    pub(super) allocations: Option<f64>,
    pub(super) bytes: Option<f64>,
}

/// What a whole process costs, from its start to its end.
struct Whole {
    instructions: f64,
    report: Option<Report>,
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
        let python = crate::peers::python(&workspace.target.join("peers"))?;
        let script = workspace.root.join("xtask/src/bench/official.py");
        Ok(Self { binary, python, script, folder })
    }

    /// Runs a scenario as it is.
    pub(super) fn report(&self, scenario: &[&str]) -> Result<Report> {
        let arguments = self.arguments(scenario);
        let mut command = plain(&arguments[0]);
        if scenario[0] == "handshakes" {
            command.env("SSL_CERT_FILE", self.authority());
        }
        report(command.args(&arguments[1..]))
    }

    /// One figure that a scenario tells.
    pub(super) fn figure(&self, scenario: &[&str], name: &str) -> Result<f64> {
        self.report(scenario)?.figure(name)
    }

    /// What one time of a scenario costs: it runs `few` and `many` times, and the difference is divided. What happens once
    /// falls out. The cheaper of two runs counts, since a machine with other things to do only adds to it; Python, which takes
    /// long and is no floor of anything, runs once.
    pub(super) fn cost(&self, scenario: &[&str], (few, many): (u32, u32)) -> Result<Cost> {
        let runs = if scenario.contains(&PYTHON) { 1 } else { 2 };
        let least = |times: u32| {
            let count = times.to_string();
            let arguments = self.arguments(&[scenario, &[&count]].concat());
            let whole = self.least(&arguments, &[], runs)?;
            let report = match whole.report {
                Some(report) => report,
                None => return Err(Failure::new(format!("`{}` says nothing", scenario.join(" ")))),
            };
            Ok::<_, Failure>((whole.instructions, report))
        };
        let (less, more) = (least(few)?, least(many)?);
        let times = f64::from(many - few);
        let counted = |less: Option<u64>, more: Option<u64>| Some((more? as f64 - less? as f64) / times);
        Ok(Cost {
            instructions: (more.0 - less.0) / times,
            allocations: counted(less.1.allocations, more.1.allocations),
            bytes: counted(less.1.bytes, more.1.bytes),
        })
    }

    /// The instructions of a whole process, from its start to its end: of any program, with nothing of ours in its environment
    /// but these variables. The lesser of two runs counts.
    pub(super) fn instructions(&self, command: &[&OsStr], variables: &[(&str, &OsStr)]) -> Result<f64> {
        let command: Vec<OsString> = command.iter().map(|&word| word.to_owned()).collect();
        self.least(&command, variables, 2).map(|whole| whole.instructions)
    }

    /// The same of a scenario.
    pub(super) fn instructions_of(&self, scenario: &[&str]) -> Result<f64> {
        let runs = if scenario.contains(&PYTHON) { 1 } else { 2 };
        self.least(&self.arguments(scenario), &[], runs).map(|whole| whole.instructions)
    }

    fn least(&self, command: &[OsString], variables: &[(&str, &OsStr)], runs: u32) -> Result<Whole> {
        let mut least = self.counted(command, variables)?;
        for _ in 1..runs {
            let whole = self.counted(command, variables)?;
            if whole.instructions < least.instructions {
                least = whole;
            }
        }
        Ok(least)
    }

    /// A whole process under callgrind, without the processes that it starts.
    fn counted(&self, arguments: &[OsString], variables: &[(&str, &OsStr)]) -> Result<Whole> {
        let profile = self.folder.join("callgrind.out");
        let mut command = plain("valgrind".as_ref());
        command.args(["--tool=callgrind", "--quiet"]);
        command.arg(format!("--callgrind-out-file={}", profile.display()));
        let said = output(command.args(arguments).envs(variables.iter().copied()))?;
        let text = std::fs::read(&profile).during("reading what callgrind wrote")?;
        // What others than the measured program say is theirs.
        let report = serde_json::from_str(&said).ok();
        Ok(Whole { instructions: instructions(&String::from_utf8_lossy(&text))?, report })
    }

    /// The command line of a scenario.
    fn arguments(&self, scenario: &[&str]) -> Vec<OsString> {
        let program: &[&Path] = match scenario.get(1) {
            Some(&PYTHON) => &[&self.python, &self.script],
            _ => &[&self.binary],
        };
        let words = scenario.iter().filter(|&&word| word != PYTHON).map(OsString::from);
        program.iter().map(OsString::from).chain(words).collect()
    }

    /// The certificate of the server that speaks TLS.
    fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// Starts the server: its documents are `empty`, a `page`, `held`, or `late`; those that are late it serves over TLS too.
    pub(super) fn server(&self, documents: &str) -> Result<Server> {
        let mut command = Command::new(&self.binary);
        command.args(["serve", documents]);
        if documents == "late" {
            command.arg(self.authority());
        }
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().during("starting the server")?;
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

/// A command without what would change how clients connect, or whom our programs ask.
fn plain(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        if text.starts_with("EDGEQUAKE_") || text.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command
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

    #[test]
    fn a_figure_that_is_not_told_is_a_failure() {
        let report = r#"{"allocations":null,"bytes":null,"seen":{"refreshes":1,"failure":null}}"#;
        let report: Report = serde_json::from_str(report).unwrap();
        assert_eq!(report.figure("refreshes").unwrap(), 1.0);
        let failure = report.figure("failure").unwrap_err().to_string();
        assert!(failure.starts_with("the scenario does not tell `failure`: "), "{failure}");
    }
}
