//! `cargo xtask public`: what our public API promises beyond its own names.
//!
//! A new major version of a crate whose types we expose is one of ours, too. So what is exposed is a short list for each
//! library, `xtask/public/<crate>.txt`, that changes on purpose only: this command compares it with what rustdoc finds, in
//! both directions, and `--update` writes it anew. Whatever may grow is `#[non_exhaustive]`; [`growth`] lists the few
//! items that are complete.
//!
//! [`document`] has rustdoc write a crate down as JSON, [`exposed`] finds what is of other crates in it, and [`list`] compares.

mod document;
mod exposed;
mod growth;
mod list;

#[cfg(test)]
mod tests;

use std::process::Command;

use lexopt::{Arg, Parser};

use self::document::Document;
pub(crate) use self::document::stand_in_for_rustdoc;
use self::exposed::{Exposed, Names};
use self::list::List;
use crate::command::output;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// The libraries. Each is documented with all its features, which only add to what there is.
const LIBRARIES: &[&str] =
    &["edgequake-types", "edgequake-auth", "edgequake-client", "edgequake-redis", "edgequake-devserver"];

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

/// Compares every list with what is exposed, looks for what cannot grow, tells all that is wrong, and fails if anything is.
fn check(workspace: &Workspace) -> Result<()> {
    let mut broken = Vec::new();
    Document::write_all()?;
    for package in LIBRARIES {
        let (document, exposed, names) = read(workspace, package)?;
        println!("{package:<20} exposes {} types and traits of other crates", exposed.len());
        broken.extend(List::of(workspace, package).differences(&exposed)?);
        broken.extend(growth::check(&document, &names));
    }
    if broken.is_empty() { Ok(()) } else { Err(Failure::new(broken.join("\nxtask: "))) }
}

/// Writes every list anew.
fn update(workspace: &Workspace) -> Result<()> {
    Document::write_all()?;
    for package in LIBRARIES {
        let (_, exposed, _) = read(workspace, package)?;
        let list = List::of(workspace, package);
        list.write(&exposed)?;
        println!("{}: {} types and traits of other crates", list.name, exposed.len());
    }
    Ok(())
}

/// The items of `package`, what they expose, and what they are called.
fn read(workspace: &Workspace, package: &str) -> Result<(Document, Exposed, Names)> {
    let ours: Vec<_> = workspace.packages.iter().map(|package| package.name.replace('-', "_")).collect();
    let document = Document::take(workspace, package)?;
    let (exposed, names) = exposed::find(&document, &ours);
    Ok((document, exposed, names))
}
