//! The rule of the order, what is excepted from it, and the verdict on a crate.

use super::obscure::obscure;
use super::root::Target;
use super::tree::Crate;
use super::uses::{Use, uses};

/// What may use a module that is named after it, and why. One that is not needed fails the check.
pub(super) const EXCEPTIONS: &[Exception] = &[];

/// A module that may use another one, or `the root`, against the order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Exception {
    /// The name of the crate, as the check prints it.
    pub(super) krate: &'static str,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) reason: &'static str,
}

/// What the check says of one crate.
pub(super) struct Verdict {
    /// Lines for the reader.
    pub(super) report: String,
    /// One line for each use against the order, and for each place that hides one.
    pub(super) broken: Vec<String>,
    /// The exceptions without which there would be more.
    pub(super) needed: Vec<Exception>,
}

/// Judges the order of `krate`.
pub(super) fn judge(krate: &Crate, exceptions: &[Exception]) -> Verdict {
    let mut verdict = Verdict { report: String::new(), broken: obscure(krate), needed: Vec::new() };
    for found in uses(krate).iter().filter(|found| found.is_against_the_order()) {
        let (from, to) = (krate.modules[found.from].as_str(), name(krate, found.to));
        let excepts = |row: &&Exception| row.krate == krate.name && row.from == from && row.to == to;
        match exceptions.iter().find(excepts) {
            Some(row) if verdict.needed.contains(row) => {}
            Some(row) => verdict.needed.push(*row),
            None => verdict.broken.push(line(krate, found)),
        }
    }
    let modules = match krate.modules.len() {
        1 => "1 module".to_owned(),
        number => format!("{number} modules"),
    };
    let order = match verdict.broken.len() {
        0 => "order holds".to_owned(),
        number => format!("{number} against the order"),
    };
    verdict.report = format!("{:<29} {modules}, {order}\n", krate.name);
    for Exception { krate, from, to, reason } in &verdict.needed {
        verdict.report.push_str(&format!("{krate:<29} {from} may use {to}: {reason}\n"));
    }
    verdict
}

/// One line for each row of `exceptions` that is not among the `needed` ones.
pub(super) fn unneeded(exceptions: &[Exception], needed: &[Exception]) -> Vec<String> {
    let rows = exceptions.iter().filter(|row| !needed.contains(row));
    let line = |Exception { krate, from, to, .. }: &Exception| {
        format!("{krate}: {from} does not use {to} any more: take the exception out of the table")
    };
    rows.map(line).collect()
}

/// The name of what is used.
pub(super) fn name(krate: &Crate, target: Target) -> &str {
    match target {
        Target::Module(index) => &krate.modules[index],
        Target::Root => "the root",
    }
}

fn line(krate: &Crate, found: &Use) -> String {
    let (from, to) = (&krate.modules[found.from], name(krate, found.to));
    let (way, remedy) = match found.to {
        Target::Module(_) => ("is named after it", "move the shared part down, or take it as an argument"),
        Target::Root => ("is above all modules", "move the shared part into a module"),
    };
    format!("{}: {from} ({}:{}) uses {to}, which {way}: {remedy}", krate.name, found.file, found.line)
}
