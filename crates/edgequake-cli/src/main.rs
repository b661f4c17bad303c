//! `edgequake-cli`: the command line of the EdgeQuake server.
//!
//! Data goes to stdout and everything else to stderr. Secrets come in by the environment, files, pipes and prompts, never as
//! arguments, which every user of the machine can read. [`cli`] says what can be asked, [`commands`] does it, [`context`] holds
//! what every command needs, and [`failure`] turns what went wrong into one line and an exit code.

mod cli;
mod commands;
mod context;
mod failure;
mod input;
mod notes;
mod output;
mod source;
mod state;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::context::{Context, Settings};
use crate::failure::Failure;
use crate::input::Input;
use crate::notes::Notes;
use crate::output::Output;

fn main() -> ExitCode {
    let (result, notes, hint) = match Cli::try_parse() {
        Ok(cli) => {
            let notes = Notes::new(cli.global.verbose);
            let (result, hint) = run(cli, notes);
            (result, notes, hint)
        }
        Err(answer) => (answer_without_command(&answer), Notes::new(false), String::new()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            notes.failure(&failure, &hint);
            failure.exit().into()
        }
    }
}

/// Help and version go to stdout, as they were asked for; what is wrong with the arguments is a failure.
fn answer_without_command(answer: &clap::Error) -> Result<(), Failure> {
    let text = answer.render().to_string();
    if answer.use_stderr() {
        return Err(Failure::Arguments(text));
    }
    let mut out = Output::new(false);
    out.text(&text)?;
    out.flush()
}

/// Runs one command. Gives its result, and where its credential came from, for the hint of a failure.
fn run(cli: Cli, notes: Notes) -> (Result<(), Failure>, String) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return (Err(Failure::failed("the runtime cannot be started", error)), String::new()),
    };
    let begun = || {
        let settings = runtime.block_on(Settings::load(&cli.global))?;
        // Before the runtime has anything to do: people and pipes take their time.
        let input = Input::gather(&cli.command, &settings)?;
        let cx = runtime.block_on(Context::new(&cli.global, settings, notes))?;
        Ok((cx, input))
    };
    let (mut cx, input) = match begun() {
        Ok(begun) => begun,
        Err(failure) => return (Err(failure), String::new()),
    };
    let result = runtime.block_on(async {
        let result = tokio::select! {
            result = commands::run(cli.command, &mut cx, input) => result,
            Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        };
        let result = result.and_then(|()| cx.out.flush());
        cx.settle(result.is_err()).await;
        result
    });
    // Nothing that may still be waiting, such as a read of a name server, is worth waiting for.
    runtime.shutdown_background();
    (result, cx.hint())
}
