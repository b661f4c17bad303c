//! `cargo xtask peers documents`: the official Python SDK, unmodified, against the dev server.
//!
//! Each of its methods for documents, PDFs, tasks, the pipeline, lineage, injections and parsing is called, and what comes out is
//! held against what is known of the real server: where the two disagree, the method fails here as it does there, or loses what it
//! loses there. The methods and what is expected of them are in `peers/documents.py`.
//!
//! It takes Python 3.10 or later with `venv`; the SDK comes from PyPI, into the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lexopt::{Arg, Parser};

use crate::command::{cargo, run as run_command};
use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// The version whose disagreements are known.
const SDK: &str = "edgequake-sdk==0.4.1";

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    match arguments.next()? {
        Some(Arg::Value(group)) if group == "documents" => {}
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(Failure::new("which methods? `cargo xtask peers documents`")),
    }
    crate::no_arguments(arguments)?;
    let workspace = Workspace::load()?;
    let folder = workspace.target.join("peers");
    let python = python(&folder)?;
    let scanned = folder.join("scanned");
    fs::create_dir_all(&scanned).during("making a folder to scan")?;
    fs::write(scanned.join("a.md"), "The Royal Albert Bridge was designed by Brunel.")
        .during("writing a file to scan")?;

    run_command(&mut cargo(["build", "--quiet", "--package", "edgequake-devserver", "--all-features"]))?;
    let mut server = Command::new(workspace.target.join("debug").join(server_name()));
    server.arg("--scan-root").arg(&scanned).args(["exec", "--"]).arg(python);
    server.arg(workspace.root.join("xtask/src/peers/documents.py")).arg(&scanned);
    server.env("PYTHONDONTWRITEBYTECODE", "1");
    run_command(&mut server)
}

fn server_name() -> String {
    format!("edgequake-devserver{}", std::env::consts::EXE_SUFFIX)
}

/// A Python with the SDK, in an environment of its own.
pub(crate) fn python(folder: &Path) -> Result<PathBuf> {
    let environment = folder.join("python");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.is_file() {
        run_command(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    run_command(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        SDK,
    ]))?;
    Ok(python)
}
