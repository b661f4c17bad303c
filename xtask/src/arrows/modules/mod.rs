//! The order inside each crate below `crates/`.
//!
//! `lib.rs` or `main.rs` names its modules from the ground up: each of them, with all that is in its folder, uses only
//! itself and what is named before it. So one reads a crate from top to bottom, and what a module needs is never above it.
//! Inside one such module there is no order. The root is above all of them: it shows and starts what they are.
//!
//! What counts as a use is any path in code that leads to a module of the same crate: in `use`, in expressions and types, in
//! attributes (as text, too, for serde), in macros and in what is passed to them. Docs and tests do not count.
//!
//! The way from the files to the verdict: [`strip`] takes the tests out, [`tree`] finds the modules, [`scan`] the paths in
//! each, [`root`] knows what the root calls by another name, [`uses`] puts them together, [`obscure`] finds what they could
//! not read, and [`rules`] judges.

mod items;
mod strip;
mod tree;
mod scan;
mod root;
mod uses;
mod obscure;
mod rules;
mod graph;

#[cfg(test)]
mod tests;

use self::rules::{EXCEPTIONS, judge, unneeded};
use self::tree::Crate;
use crate::failure::{Failure, Result};
use crate::workspace::{Package, Workspace};

/// Checks the order of every crate below `crates/`: one line for each thing that is broken.
pub(super) fn broken(workspace: &Workspace) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let mut needed = Vec::new();
    for package in workspace.crates() {
        for root in roots(package)? {
            let verdict = judge(&root, EXCEPTIONS);
            print!("{}", verdict.report);
            broken.extend(verdict.broken);
            needed.extend(verdict.needed);
        }
    }
    broken.extend(unneeded(EXCEPTIONS, &needed));
    Ok(broken)
}

/// Prints what each module of `name` uses.
pub(crate) fn graph(workspace: &Workspace, name: &str) -> Result<()> {
    let package = workspace.crates().find(|package| package.name == name);
    let package = package.ok_or_else(|| Failure::new(format!("there is no crates/{name}")))?;
    for root in roots(package)? {
        print!("{}", graph::text(&root));
    }
    Ok(())
}

/// The library of a package and its programs, each with its own modules. What is above the library has its file in the name.
fn roots(package: &Package) -> Result<Vec<Crate>> {
    let is = |kind: &str| ["lib", "proc-macro", "bin"].contains(&kind);
    let targets = package.targets.iter().filter(|target| target.kind.iter().any(|kind| is(kind)));
    let root = |(index, path): (usize, &std::path::PathBuf)| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = if index == 0 { package.name.clone() } else { format!("{} ({file})", package.name) };
        Crate::read(&name, path)
    };
    targets.map(|target| &target.src_path).enumerate().map(root).collect()
}
