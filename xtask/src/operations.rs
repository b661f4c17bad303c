//! `cargo xtask operations`: how much of the server's API is declared, and what a declaration costs.
//!
//! Prints `declared N, typed M, untyped U, missing K`: operations with a request type; of these, those whose answer has a type of
//! its own and those whose answer is any JSON; those of the server that have none, by group and reason. `--list` names each. Then
//! the lines that a declaration costs (see [`lines`]) and, unless `--no-build` is given, the CPU time.

mod build;
mod lines;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edgequake_types::{OPERATIONS, Operation};
use lexopt::{Arg, Parser};

use crate::failure::{During, Failure, Result};
use crate::workspace::Workspace;

/// The most lines that an operation may cost, models included.
const LINES_LIMIT: f64 = 12.0;

pub(crate) fn run(mut arguments: Parser) -> Result<()> {
    let (mut list, mut build) = (false, true);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("list") => list = true,
            Arg::Long("no-build") => build = false,
            Arg::Short('h') | Arg::Long("help") => {
                println!("Usage: cargo xtask operations [--list] [--no-build]");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let workspace = Workspace::load()?;
    let types = workspace.root.join("crates/edgequake-types");
    let declared: Vec<&Operation> = OPERATIONS.iter().copied().flatten().collect();
    let missing = missing(&types.join("tests/undeclared.tsv"))?;
    print!("{}", coverage(&declared, &missing, list));

    let cost = lines::count(&types.join("src"))?;
    print!("\n{}", cost.table());
    let each = cost.declarations() as f64 / declared.len() as f64;
    println!("lines an operation, models included: {each:.1} (limit {LINES_LIMIT})");
    if build {
        println!("{}", build::cost(&workspace, &types.join("src"), &declared)?);
    }
    if each > LINES_LIMIT {
        return Err(Failure::new(format!(
            "an operation costs {each:.1} lines; at most {LINES_LIMIT} are allowed"
        )));
    }
    Ok(())
}

/// An operation of the server that is not declared.
struct Missing {
    method: String,
    path: String,
    reason: String,
}

fn missing(table: &Path) -> Result<Vec<Missing>> {
    let text = fs::read_to_string(table).during("reading the list of what is not declared")?;
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [method, path, reason] => {
                Ok(Missing { method: method.to_owned(), path: path.to_owned(), reason: reason.to_owned() })
            }
            _ => Err(Failure::new(format!("expected method, path and reason: {line}"))),
        })
        .collect()
}

fn coverage(declared: &[&Operation], missing: &[Missing], list: bool) -> String {
    let typed = declared.iter().filter(|operation| operation.typed).count();
    let mut text = format!(
        "declared {}, typed {typed}, untyped {}, missing {}\n",
        declared.len(),
        declared.len() - typed,
        missing.len()
    );
    let mut groups: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in declared {
        groups.entry(operation.group).or_default().push(operation);
    }
    for (group, operations) in groups {
        let untyped = operations.iter().filter(|operation| !operation.typed).count();
        text.push_str(&format!("  {group:<12} {:>3} declared", operations.len()));
        text.push_str(&if untyped > 0 { format!(", {untyped} untyped\n") } else { "\n".to_owned() });
        for operation in operations.iter().filter(|_| list) {
            let word = if operation.typed { "" } else { "  (untyped)" };
            text.push_str(&format!(
                "    {:<24} {} {}{word}\n",
                operation.name, operation.method, operation.path
            ));
        }
    }
    let mut reasons: BTreeMap<&str, Vec<&Missing>> = BTreeMap::new();
    for one in missing {
        reasons.entry(&one.reason).or_default().push(one);
    }
    for (reason, operations) in reasons {
        text.push_str(&format!("  missing {:>3}: {reason}\n", operations.len()));
        for Missing { method, path, .. } in operations.into_iter().filter(|_| list) {
            text.push_str(&format!("    {method} {path}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_counts_and_lists() {
        let declared: Vec<&Operation> =
            OPERATIONS.iter().copied().flatten().filter(|operation| operation.group == "setup").collect();
        let missing = [Missing {
            method: "GET".to_owned(),
            path: "/metrics".to_owned(),
            reason: "for Prometheus".to_owned(),
        }];
        insta::assert_snapshot!(coverage(&declared, &missing, true), @r"
        declared 2, typed 2, untyped 0, missing 1
          setup          2 declared
            GetSetupStatus           GET /api/v1/setup/status
            InitializeSetup          POST /api/v1/setup/initialize
          missing   1: for Prometheus
            GET /metrics
        ");
    }
}
