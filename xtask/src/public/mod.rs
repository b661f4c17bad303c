//! `cargo xtask public`: the types and traits of other crates that are part of our public API.
//!
//! A new major version of a crate whose types we expose is one of ours, too. So what is exposed is a short list for each
//! library, `xtask/public/<crate>.txt`, that changes on purpose only: this command compares it with what rustdoc finds, in
//! both directions, and `--update` writes it anew.
//!
//! [`document`] has rustdoc write a crate down as JSON, [`exposed`] finds what is of other crates in it, and [`list`] compares.

mod document;
mod exposed;
mod list;

#[cfg(test)]
mod tests;

use std::process::Command;

use lexopt::{Arg, Parser};

use self::document::Document;
use self::exposed::Exposed;
use self::list::List;
use crate::command::output;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// The libraries. Each is documented with all its features, which only add to what there is.
const LIBRARIES: &[&str] = &["edgequake-types", "edgequake-auth", "edgequake-client", "edgequake-devserver"];

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let mut command: fn(&Workspace) -> Result<()> = check;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("update") => command = update,
            other => return Err(other.unexpected().into()),
        }
    }
    command(&Workspace::load()?)
}

/// The check of the gate. rustdoc's JSON changes its form with the compiler, so that another one than that we read leaves the lists
/// uncompared; that is told, and is no failure of whoever has a newer toolchain.
pub(crate) fn check_if_readable(workspace: &Workspace) -> Result<()> {
    let version = output(Command::new("rustc").arg("--version"))?;
    if version.starts_with(document::TOOLCHAIN) {
        return check(workspace);
    }
    println!("not compared: {} writes another form than {}", version.trim(), document::TOOLCHAIN.trim());
    Ok(())
}

/// Compares every list with what is exposed, tells all that differs, and fails if anything does.
fn check(workspace: &Workspace) -> Result<()> {
    let mut broken = Vec::new();
    for package in LIBRARIES {
        let exposed = exposed_by(workspace, package)?;
        println!("{package:<20} exposes {} types and traits of other crates", exposed.len());
        broken.extend(List::of(workspace, package).differences(&exposed)?);
    }
    if broken.is_empty() { Ok(()) } else { Err(Failure::new(broken.join("\nxtask: "))) }
}

/// Writes every list anew.
fn update(workspace: &Workspace) -> Result<()> {
    for package in LIBRARIES {
        let exposed = exposed_by(workspace, package)?;
        let list = List::of(workspace, package);
        list.write(&exposed)?;
        println!("{}: {} types and traits of other crates", list.name, exposed.len());
    }
    Ok(())
}

/// What `package` exposes.
fn exposed_by(workspace: &Workspace, package: &str) -> Result<Exposed> {
    let ours: Vec<_> = workspace.packages.iter().map(|package| package.name.replace('-', "_")).collect();
    Ok(exposed::find(&Document::make(workspace, package)?, &ours))
}
