//! `cargo xtask readme`: the READMEs against what is compiled and run.
//!
//! The Rust blocks of the READMEs are files of `examples/readme`, word for word; a comment before each block names its file. The tests
//! of the examples compile and run those files. The blocks of TOML are what a user puts into a new `Cargo.toml`: a project with those
//! lines, and with the Rust blocks that follow them, has to compile.

mod blocks;
mod projects;

use std::fs;
use std::path::{Path, PathBuf};

use lexopt::{Arg, Parser};

use crate::command::run as run_command;
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let mut update = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("update") => update = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let workspace = Workspace::load()?;
    if update {
        return compare(&workspace.root, true);
    }
    compare(&workspace.root, false)?;
    format(&workspace.root)?;
    projects::check(&workspace, &readmes(&workspace.root)?)
}

/// The step of the gate. Of the projects, those of the large README alone: each builds its dependencies with other features.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    compare(&workspace.root, false)?;
    format(&workspace.root)?;
    projects::check(workspace, &[workspace.root.join("README.md")])
}

/// Compares the blocks of every README with their files, or writes them anew.
fn compare(root: &Path, update: bool) -> Result<()> {
    let mut wrong = Vec::new();
    for path in readmes(root)? {
        let text = fs::read_to_string(&path).during(path.display())?;
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let read = |file: &str| fs::read_to_string(root.join(file)).ok();
        let (current, problems) = blocks::current(&text, read);
        wrong.extend(problems.into_iter().map(|problem| format!("{name}:{problem}")));
        if update && current != text {
            fs::write(&path, current).during(path.display())?;
            println!("{name} is written anew");
        } else if current != text {
            wrong.push(format!(
                "{name}: a block differs from its file; write it anew: cargo xtask readme --update"
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// The README of the repository and those of the crates.
fn readmes(root: &Path) -> Result<Vec<PathBuf>> {
    let mut readmes = vec![root.join("README.md")];
    for entry in fs::read_dir(root.join("crates")).during("reading the folder of the crates")? {
        readmes.push(entry.during("reading the folder of the crates")?.path().join("README.md"));
    }
    readmes.retain(|path| path.is_file());
    readmes.sort();
    Ok(readmes)
}

/// `cargo fmt` does not see these files: they are modules of no crate.
fn format(root: &Path) -> Result<()> {
    let folder = root.join("examples/readme");
    let mut rustfmt = std::process::Command::new("rustfmt");
    rustfmt.args(["--check", "--edition", "2024"]).current_dir(root);
    for entry in fs::read_dir(folder).during("reading examples/readme")? {
        rustfmt.arg(entry.during("reading examples/readme")?.path());
    }
    run_command(&mut rustfmt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readmes_of_this_repository_are_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert!(readmes(&root).unwrap().len() > 1);
        compare(&root, false).unwrap();
    }
}
