//! `cargo xtask ci`: the gate, but for the tests, which run before it with the command of the README.
//!
//! [`STEPS`] is the list. Each step is told with its duration when it ends and once more in a table; the first that
//! fails ends the run. Cheap ones come first, and all share one target folder and one profile, so that `clippy` and
//! `doc` check each dependency once.

use std::time::{Duration, Instant};

use lexopt::Parser;

use crate::command::{cargo, run as run_command};
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;
use crate::{arrows, deny, examples, packages, public, readme};

/// One check of the gate.
struct Step {
    name: &'static str,
    run: fn(&Workspace) -> Result<()>,
}

const fn step(name: &'static str, run: fn(&Workspace) -> Result<()>) -> Step {
    Step { name, run }
}

const STEPS: &[Step] = &[
    step("format", format),
    step("arrows", arrows::check),
    step("packages", packages::check),
    step("clippy", clippy),
    step("clippy, each crate alone", clippy_alone),
    step("documentation", documentation),
    step("README", readme::check),
    step("public API", public::check_if_readable),
    step("examples", examples::run_all),
    step("deny", deny::check),
];

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    // Most steps are chains of crates that wait for one another, and leave a core to it.
    deny::install_meanwhile();
    run_steps(STEPS, &Workspace::load()?)
}

/// Runs `steps` in order up to the first that fails, and prints the table.
fn run_steps(steps: &[Step], workspace: &Workspace) -> Result<()> {
    let mut times = Vec::new();
    let mut failure = None;
    for Step { name, run } in steps {
        println!("--- {name}");
        let start = Instant::now();
        let result = run(workspace);
        let time = start.elapsed();
        println!("--- {name}: {:.1} s", time.as_secs_f64());
        times.push(time);
        if let Err(error) = result {
            failure = Some(Failure::new(format!("{name}: {error}")));
            break;
        }
    }
    print!("\n{}", table(steps, &times, failure.is_some()));
    failure.map_or(Ok(()), Err)
}

/// One line per step: those that ran with their time, those after a failure without.
fn table(steps: &[Step], times: &[Duration], failed: bool) -> String {
    let mut text = String::new();
    for (index, Step { name, .. }) in steps.iter().enumerate() {
        let line = match times.get(index) {
            None => format!("{name:<26}        - not run\n"),
            Some(time) => {
                let word = if failed && index + 1 == times.len() { "FAILED" } else { "ok" };
                format!("{name:<26} {:>6.1} s {word}\n", time.as_secs_f64())
            }
        };
        text.push_str(&line);
    }
    let total: Duration = times.iter().sum();
    text.push_str(&format!("{:<26} {:>6.1} s\n", "together", total.as_secs_f64()));
    text
}

fn format(_: &Workspace) -> Result<()> {
    run_command(&mut cargo(["fmt", "--all", "--check"]))
}

fn clippy(_: &Workspace) -> Result<()> {
    let mut clippy = cargo(["clippy", "--quiet", "--workspace", "--all-targets", "--all-features"]);
    run_command(clippy.args(["--", "-D", "warnings"]))
}

/// Each crate as its users may build it, with nothing that another crate's features would lend it.
fn clippy_alone(workspace: &Workspace) -> Result<()> {
    for package in workspace.crates() {
        let mut clippy = cargo(["clippy", "--quiet", "--no-default-features", "--package", &package.name]);
        run_command(clippy.args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

fn documentation(_: &Workspace) -> Result<()> {
    let mut doc = cargo(["doc", "--quiet", "--workspace", "--all-features", "--no-deps"]);
    run_command(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Workspace {
        Workspace { root: "/root".into(), target: "/root/target".into(), packages: Vec::new() }
    }

    #[test]
    fn the_first_failure_ends_the_run_and_is_named() {
        let steps = [
            step("good", |_| Ok(())),
            step("bad", |_| Err(Failure::new("it broke"))),
            step("unreached", |_| panic!("a step ran after a failure")),
        ];
        assert_eq!(run_steps(&steps, &empty()).unwrap_err().to_string(), "bad: it broke");
        assert!(run_steps(&steps[..1], &empty()).is_ok());
    }

    #[test]
    fn the_table_tells_what_ran_what_failed_and_what_did_not_run() {
        let steps = ["one", "two", "three"].map(|name| step(name, |_| Ok(())));
        let times = [Duration::from_millis(1_234), Duration::from_secs(100)];
        insta::assert_snapshot!(table(&steps, &times, true), @r"
        one                           1.2 s ok
        two                         100.0 s FAILED
        three                             - not run
        together                    101.2 s
        ");
        insta::assert_snapshot!(table(&steps[..2], &times, false), @r"
        one                           1.2 s ok
        two                         100.0 s ok
        together                    101.2 s
        ");
    }
}
