//! `cargo xtask arrows`: the shape of the dependency graph.
//!
//! Three kinds of rule, each a table in [`rules`]: which crate of ours may use which, which libraries a crate must not
//! pull in even through others, and how many crates it may pull in at all. The first is read from the manifests,
//! optional dependencies included; the others from `cargo tree`, which resolves features for one crate alone, as its
//! users will (`cargo metadata` unites them over the workspace).

mod rules;
mod tree;

#[cfg(test)]
mod tests;

use lexopt::Parser;

use self::rules::{BUDGETS, FORBIDDEN, Features};
pub(crate) use self::tree::Tree;
use crate::command::{cargo, output};
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    check(&Workspace::load()?)
}

/// Checks every rule, tells all that is broken, and fails if anything is.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let members: Vec<_> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let mut broken = Vec::new();
    for package in workspace.crates() {
        let uses = package.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        let uses = uses.map(|dependency| dependency.name.as_str()).filter(|name| members.contains(name));
        broken.extend(rules::broken_arrows(&package.name, uses));
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
    if broken.is_empty() { Ok(()) } else { Err(Failure::new(broken.join("\nxtask: "))) }
}

/// What `package` pulls in on this host, to run and to build.
fn pulled_in(package: &str, features: Features) -> Result<Tree> {
    let mut command = cargo(["tree", "--quiet", "--package", package, "--edges", "normal,build"]);
    command.args(["--prefix", "depth", "--format", " {p}"]).args(features.flag());
    Tree::parse(&output(&mut command)?)
}
