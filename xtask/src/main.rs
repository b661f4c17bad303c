//! Every chore of the repository, as `cargo xtask <command>`.
//!
//! One module per command, each with one `run` function; [`COMMANDS`] is the only list of them. To add a command, add
//! its `mod` line and its row there. A command that belongs to the gate also gets a step in [`ci`]; one that
//! needs more than the Rust toolchain (a system package, say) does not.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks on its streams")]

mod arrows;
mod bench;
mod ci;
mod command;
mod crash;
mod debian;
mod deny;
mod disk;
mod examples;
mod failure;
mod fleet;
mod folder;
mod fuzz;
mod keyring;
mod limit;
mod load;
mod model;
mod operations;
mod packages;
mod peers;
mod proxy;
mod public;
mod readme;
mod redis;
mod samples;
mod soak;
mod tool;
mod workspace;

use std::process::ExitCode;

use lexopt::{Arg, Parser};

use crate::failure::{Failure, Result};

/// One thing that `cargo xtask` can do.
struct Command {
    name: &'static str,
    summary: &'static str,
    run: fn(Parser) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command { name: "ci", summary: "the gate, after the tests: every check below but `fuzz`", run: ci::run },
    Command {
        name: "arrows",
        summary: "which crate and which module may use which: [--modules] [--graph CRATE]",
        run: arrows::run,
    },
    Command {
        name: "public",
        summary: "foreign types in our public API against the lists: [--update]; what of it cannot grow",
        run: public::run,
    },
    Command {
        name: "readme",
        summary: "the code of the READMEs against its files, and as projects of their own: [--update]",
        run: readme::run,
    },
    Command {
        name: "packages",
        summary: "what the packages contain, and what their manifests say",
        run: packages::run,
    },
    Command {
        name: "examples",
        summary: "build the examples and run each to its end; the README shows the first: [--update]",
        run: examples::run,
    },
    Command {
        name: "model",
        summary: "explore how three processes share a login, whatever happens",
        run: model::run,
    },
    Command { name: "deny", summary: "bans, licences and sources of all dependencies", run: deny::run },
    Command {
        name: "fuzz",
        summary: "fuzz one target or all: [TARGET] [--seconds N] (default 60)",
        run: fuzz::run,
    },
    Command {
        name: "proxy",
        summary: "the client through a real nginx and tinyproxy (unpacks Debian packages)",
        run: proxy::run,
    },
    Command {
        name: "crash",
        summary: "kills, stops and idle runtimes in the middle of refreshes: [--accidents N] (default 1000)",
        run: crash::run,
    },
    Command {
        name: "disk",
        summary: "the file store on disks that fail, are full, read-only or odd (strace, root for mounts)",
        run: disk::run,
    },
    Command {
        name: "keyring",
        summary: "the keyring store against a real Secret Service (installs Debian packages)",
        run: keyring::run,
    },
    Command {
        name: "redis",
        summary: "the store in Redis against a real Redis and Valkey (unpacks Debian packages)",
        run: redis::run,
    },
    Command {
        name: "fleet",
        summary: "processes share a login, on a folder and on Redis, under faults: [--seconds N] (default 120) [--seed N]",
        run: fleet::run,
    },
    Command {
        name: "folder",
        summary: "a folder of 10,000 files into a workspace, interrupted twice",
        run: folder::run,
    },
    Command {
        name: "soak",
        summary: "calls over three ways under faults: [SECONDS] (of each, default 300) [--seed N] [--way http1|http2|relay]",
        run: soak::run,
    },
    Command {
        name: "load",
        summary: "many clients against the dev server's faults: [--seconds N] [--clients N] [--seed N]",
        run: load::run,
    },
    Command {
        name: "operations",
        summary: "how much of the API is declared, and what a declaration costs: [--list] [--no-build]",
        run: operations::run,
    },
    Command {
        name: "samples",
        summary: "recorded bodies against the models: DIR (with a manifest.tsv) [--strict]",
        run: samples::run,
    },
    Command {
        name: "peers",
        summary: "the official Python SDK against the dev server: documents (installs it from PyPI)",
        run: peers::run,
    },
    Command {
        name: "bench",
        summary: "instructions, allocations and weight against budgets: [--build | --dev] [--json PATH]",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    if let Some(code) = public::stand_in_for_rustdoc() {
        return code;
    }
    match dispatch(Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(mut arguments: Parser) -> Result<()> {
    let name = match arguments.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => "help".to_owned(),
        Some(Arg::Value(name)) => name.to_string_lossy().into_owned(),
        Some(other) => return Err(other.unexpected().into()),
    };
    if name == "help" {
        print!("{}", help());
        return Ok(());
    }
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(arguments),
        None => Err(Failure::new(format!("no command `{name}`; `cargo xtask help` lists them"))),
    }
}

fn help() -> String {
    let mut text = String::from("Usage: cargo xtask <command>\n\n");
    for Command { name, summary, .. } in COMMANDS {
        text.push_str(&format!("  {name:<11} {summary}\n"));
    }
    text
}

/// Refuses whatever is left on the command line, for commands that take nothing.
fn no_arguments(mut arguments: Parser) -> Result<()> {
    match arguments.next()? {
        None => Ok(()),
        Some(other) => Err(other.unexpected().into()),
    }
}
