//! `cargo xtask deny`: what the dependencies may be, by the rules of `deny.toml`.
//!
//! Advisories are left out: their database changes by itself, and the gate must not.

use std::process::Command;
use std::thread;

use lexopt::Parser;

use crate::command::run as run_command;
use crate::failure::Result;
use crate::tool::Tool;
use crate::workspace::Workspace;

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", profile: "dev" };

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    check(&Workspace::load()?)
}

/// Installs the tool beside other work: [`check`] waits for it, and tells what went wrong.
pub(crate) fn install_meanwhile() {
    thread::spawn(|| Workspace::load().and_then(|workspace| CARGO_DENY.binary(&workspace)));
}

/// Checks bans, licences and sources of every dependency, with all features on.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut deny = Command::new(CARGO_DENY.binary(workspace)?);
    deny.args(["--all-features", "--log-level", "error", "check", "bans", "licenses", "sources"]);
    run_command(deny.current_dir(&workspace.root))
}
