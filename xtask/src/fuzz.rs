//! `cargo xtask fuzz [TARGET] [--seconds N]`: libFuzzer on the fuzz targets of every crate, each for N seconds.
//!
//! The targets live in `crates/*/fuzz`, workspaces of their own as `cargo-fuzz` wants it. What they found is kept in
//! their corpora and replayed by ordinary tests; this command looks for more.

use std::path::{Path, PathBuf};
use std::process::Command;

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{output, run as run_command};
use crate::failure::{Failure, Result};
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
    for (folder, target) in chosen {
        println!("fuzzing {target} for {seconds} s");
        let mut fuzz = cargo_fuzz(&binary, "run", folder);
        fuzz.arg("--target-dir").arg(workspace.target.join("fuzz")).arg(target);
        fuzz.arg("--").arg(format!("-max_total_time={seconds}"));
        run_command(&mut fuzz)?;
    }
    Ok(())
}

/// `cargo fuzz <verb>` on one folder of targets. The sanitizers need flags that a stable compiler takes only so.
fn cargo_fuzz(binary: &Path, verb: &str, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.arg("fuzz").arg(verb).arg("--fuzz-dir").arg(folder).env("RUSTC_BOOTSTRAP", "1");
    command
}
