//! `cargo xtask fuzz [TARGET] [--seconds N]`: libFuzzer on the fuzz targets of every crate, each for N seconds.
//!
//! The targets live in `crates/*/fuzz`, workspaces of their own as `cargo-fuzz` wants it. Ordinary tests replay the inputs
//! in `fuzz/corpus/<target>`; this command starts from them and looks for more. What it collects goes to the target folder,
//! so that only inputs chosen by a person are committed; an input that fails goes to `fuzz/artifacts`. At the end it prints how many
//! inputs each target was run with, or how it failed; one that fails keeps none of the others from being run.
//!
//! Runs in 10 s each, on 2026-11-28 beside other work on a 2-core x86-64 VM; nothing failed:
//!
//! | target | runs |
//! |---|---:|
//! | `api_key_header` | 433,526 |
//! | `dotenv` | 380,434 |
//! | `jwt_exp` | 222,829 |
//! | `record` | 428,223 |
//! | `token_file` | 1,235 |
//! | `error_body` | 25,611 |
//! | `json_models` | 34,187 |
//! | `multipart` | 70,184 |
//! | `pages` | 20,153 |
//! | `path_parameters` | 64,738 |
//! | `query_event` | 50,471 |
//! | `answers` | 1,556 |
//! | `base_url` | 368,404 |
//! | `events` | 5,326 |
//! | `file_name` | 20,543 |
//! | `lines` | 6,922 |
//! | `proxy_answer` | 162 |
//! | `retry_after` | 394,096 |
//! | `sse` | 82,652 |
//! | `untyped_path` | 22,100 |

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lexopt::{Arg, Parser, ValueExt};

use crate::command::output;
use crate::failure::{During, Failure, Result};
use crate::tool::Tool;
use crate::workspace::Workspace;

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2", profile: "dev" };

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut wanted, mut seconds) = (None, 60_u32);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("seconds") => seconds = arguments.value()?.parse()?,
            Arg::Value(target) if wanted.is_none() => wanted = Some(target.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let workspace = Workspace::load()?;
    let folders: Vec<PathBuf> = workspace
        .crates()
        .map(|package| package.folder().join("fuzz"))
        .filter(|folder| folder.is_dir())
        .collect();
    let binary = CARGO_FUZZ.binary(&workspace)?;
    let mut found = Vec::new();
    for folder in &folders {
        for target in output(cargo_fuzz(&binary, "list", folder).current_dir(&workspace.root))?.lines() {
            found.push((folder, target.to_owned()));
        }
    }
    let chosen: Vec<_> =
        found.iter().filter(|(_, name)| wanted.as_ref().is_none_or(|wanted| wanted == name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = found.iter().map(|(_, name)| name.as_str()).collect();
        return Err(Failure::new(format!("no such fuzz target; there are: {}", names.join(", "))));
    }
    let outcomes: Vec<_> = chosen
        .into_iter()
        .map(|(folder, target)| (target.as_str(), fuzz(&workspace, &binary, folder, target, seconds)))
        .collect();
    print!("{}", summary(&outcomes));
    let failed: Vec<_> =
        outcomes.iter().filter(|(_, outcome)| outcome.is_err()).map(|(target, _)| *target).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("fuzzing failed: {}", failed.join(", "))))
    }
}

/// Runs one target, and gives how many inputs it was run with.
fn fuzz(workspace: &Workspace, binary: &Path, folder: &Path, target: &str, seconds: u32) -> Result<u64> {
    println!("fuzzing {target} for {seconds} s");
    let build = workspace.target.join("fuzz");
    let collected = build.join("corpus").join(target);
    fs::create_dir_all(&collected).during("making the folder for what fuzzing collects")?;
    let mut fuzz = cargo_fuzz(binary, "run", folder);
    // The first corpus is the one that is written to.
    fuzz.arg("--target-dir").arg(&build).arg(target).arg(collected);
    fuzz.args(Some(folder.join("corpus").join(target)).filter(|seeds| seeds.is_dir()));
    fuzz.arg("--").arg(format!("-max_total_time={seconds}"));
    watch(&mut fuzz)
}

/// A line for each target.
fn summary(outcomes: &[(&str, Result<u64>)]) -> String {
    let line = |(target, outcome): &(&str, Result<u64>)| match outcome {
        Ok(runs) => format!("{target:<16} {runs:>12} runs\n"),
        Err(failure) => format!("{target:<16} {failure}\n"),
    };
    outcomes.iter().map(line).collect()
}

/// Runs a fuzzer, with what it says on our own stream, and gives how many inputs it was run with.
fn watch(fuzz: &mut Command) -> Result<u64> {
    let mut process = fuzz.stderr(Stdio::piped()).spawn().during("starting cargo-fuzz")?;
    let heard = process.stderr.take().map(|stderr| listen(BufReader::new(stderr))).transpose();
    if heard.is_err() {
        // It may have ended by itself.
        let _ = process.kill();
    }
    let status = process.wait().during("waiting for the fuzzer")?;
    let runs = heard?.flatten();
    if !status.success() {
        return Err(Failure::new(status.to_string()));
    }
    runs.ok_or_else(|| Failure::new("the fuzzer does not say how often it ran"))
}

/// Passes on what a fuzzer says, and gives how many runs that is.
fn listen(said: impl BufRead) -> Result<Option<u64>> {
    let mut runs = None;
    for line in said.split(b'\n') {
        let line = line.during("reading what the fuzzer says")?;
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        runs = done(&line).or(runs);
    }
    Ok(runs)
}

/// How many runs libFuzzer says that it has done, in its last line.
fn done(line: &str) -> Option<u64> {
    line.strip_prefix("Done ")?.split(' ').next()?.parse().ok()
}

/// `cargo fuzz <verb>` on one folder of targets. The sanitizers need flags that a stable compiler takes only so.
fn cargo_fuzz(binary: &Path, verb: &str, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.arg("fuzz").arg(verb).arg("--fuzz-dir").arg(folder).env("RUSTC_BOOTSTRAP", "1");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_are_those_of_the_last_line() {
        assert_eq!(done("Done 1523456 runs in 61 second(s)"), Some(1_523_456));
        assert_eq!(done("#2\tINITED cov: 7 ft: 8 corp: 1/1b exec/s: 0 rss: 28Mb"), None);
        assert_eq!(done("Done"), None);
    }

    #[cfg(unix)]
    #[test]
    fn one_that_fails_is_told_beside_the_others() {
        let outcome = |script: &str| watch(Command::new("sh").args(["-c", script]));
        let outcomes = [
            ("first", outcome("echo 'Done 3 runs in 1 second(s)' >&2; exit 77")),
            ("second", outcome("echo 'Done 12 runs in 1 second(s)' >&2; echo end >&2")),
            ("third", outcome("echo >&2")),
        ];
        assert_eq!(
            summary(&outcomes),
            "first            exit status: 77\n\
             second                     12 runs\n\
             third            the fuzzer does not say how often it ran\n"
        );
    }

    #[test]
    fn a_stream_that_breaks_off_is_a_failure() {
        struct Broken;
        impl std::io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("broken"))
            }
        }
        let failure = listen(BufReader::new(Broken)).unwrap_err().to_string();
        assert_eq!(failure, "reading what the fuzzer says: broken");
    }
}
