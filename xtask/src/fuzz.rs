//! `cargo xtask fuzz [TARGET] [--seconds N]`: libFuzzer on the fuzz targets of every crate, each for N seconds.
//!
//! The targets live in `crates/*/fuzz`, workspaces of their own as `cargo-fuzz` wants it. Ordinary tests replay the inputs
//! in `fuzz/corpus/<target>`; this command starts from them and looks for more. What it collects goes to the target folder,
//! so that only inputs chosen by a person are committed; an input that fails goes to `fuzz/artifacts`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lexopt::{Arg, Parser, ValueExt};

use crate::command::{output, run as run_command};
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
    for (folder, target) in chosen {
        println!("fuzzing {target} for {seconds} s");
        let build = workspace.target.join("fuzz");
        let collected = build.join("corpus").join(target);
        fs::create_dir_all(&collected).during("making the folder for what fuzzing collects")?;
        let mut fuzz = cargo_fuzz(&binary, "run", folder);
        // The first corpus is the one that is written to.
        fuzz.arg("--target-dir").arg(&build).arg(target).arg(collected);
        fuzz.args(Some(folder.join("corpus").join(target)).filter(|seeds| seeds.is_dir()));
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
