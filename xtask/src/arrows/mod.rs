//! `cargo xtask arrows`: what may use what, between the crates and inside each.
//!
//! Between crates there are three kinds of rule, each a table in [`crates`]: which crate of ours may use which, which
//! libraries a crate must not pull in even through others, and how many crates it may pull in at all. The first is read
//! from the manifests, optional dependencies included; the others from `cargo tree`, which resolves features for one crate
//! alone, as its users will (`cargo metadata` unites them over the workspace).
//!
//! Inside a crate there is one rule, in [`modules`]: a module uses only what is named before it. `--modules` checks it
//! alone, and `--graph CRATE` prints what each module of a crate uses, to find an order by.

mod tree;
mod crates;
mod modules;

#[cfg(test)]
mod tests;

use lexopt::{Arg, Parser, ValueExt};

use self::crates::{BUDGETS, FORBIDDEN, Features};
pub(crate) use self::tree::Tree;
use crate::command::{cargo, output};
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let mut check: fn(&Workspace) -> Result<()> = check;
    let mut graph = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("modules") => check = check_modules,
            Arg::Long("graph") => graph = Some(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let workspace = Workspace::load()?;
    match graph {
        Some(package) => modules::graph(&workspace, &package),
        None => check(&workspace),
    }
}

/// Checks every rule, tells all that is broken, and fails if anything is.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let members: Vec<_> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let mut broken = Vec::new();
    for package in workspace.crates() {
        let uses = package.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        let uses = uses.map(|dependency| dependency.name.as_str()).filter(|name| members.contains(name));
        broken.extend(crates::broken_arrows(&package.name, uses));
    }
    for rule in FORBIDDEN {
        let tree = pulled_in(rule.package, rule.features)?;
        broken.extend(rule.broken(&tree));
        println!(
            "{:<20} {:<20} pulls in none of {}",
            rule.package,
            rule.features.words(),
            rule.names.join(", ")
        );
    }
    for rule in BUDGETS {
        let tree = pulled_in(rule.package, Features::Default)?;
        broken.extend(rule.broken(&tree));
        println!(
            "{:<20} {:<20} {} crates, {} allowed",
            rule.package,
            Features::Default.words(),
            tree.len(),
            rule.most
        );
    }
    broken.extend(modules::broken(workspace)?);
    all_hold(&broken)
}

/// Checks the order inside each crate, and nothing else.
fn check_modules(workspace: &Workspace) -> Result<()> {
    all_hold(&modules::broken(workspace)?)
}

/// Fails with everything that is broken, if anything is.
fn all_hold(broken: &[String]) -> Result<()> {
    if broken.is_empty() { Ok(()) } else { Err(Failure::new(broken.join("\nxtask: "))) }
}

/// What `package` pulls in on this host, to run and to build.
fn pulled_in(package: &str, features: Features) -> Result<Tree> {
    let mut command = cargo(["tree", "--quiet", "--package", package, "--edges", "normal,build"]);
    command.args(["--prefix", "depth", "--format", " {p}"]).args(features.flag());
    Tree::parse(&output(&mut command)?)
}
