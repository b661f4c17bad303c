//! `edgequake-cli`: the command line of the EdgeQuake server.
//!
//! Data goes to stdout and everything else to stderr. Secrets come in by the environment, files, pipes and prompts, never as
//! arguments, which every user of the machine can read. [`args`] is what clap reads, [`commands`] carries it out, [`context`]
//! holds what every command needs, and [`failure`] turns an error into one line and an exit code.

mod args;
mod signals;
mod failure;
mod output;
mod notes;
mod settings;
mod state;
mod credential;
mod input;
mod context;
mod commands;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::notes::Notes;
use crate::output::Output;
use crate::settings::Settings;
use crate::signals::Signals;

fn main() -> ExitCode {
    let (result, notes, credential) = match Cli::try_parse() {
        Ok(cli) => {
            let notes = Notes::new(cli.global.verbose);
            let (result, credential) = run(cli, notes);
            (result, notes, credential)
        }
        Err(error) => (report_parse_error(&error), Notes::new(false), String::new()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            notes.failure(&failure, &credential);
            failure.exit().into()
        }
    }
}

/// To clap, help and version are errors too. They were asked for and go to stdout; wrong arguments are a failure.
fn report_parse_error(error: &clap::Error) -> Result<(), Failure> {
    let text = error.render().to_string();
    if error.use_stderr() {
        return Err(Failure::Arguments(text));
    }
    let mut out = Output::new(false);
    out.text(&text)?;
    out.flush()
}

/// Runs one command. Returns its result, and where its credential came from, for the hint of a failure.
fn run(cli: Cli, notes: Notes) -> (Result<(), Failure>, String) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return (Err(Failure::caused_by("the runtime cannot be started", error)), String::new());
        }
    };
    let prepare = || {
        let settings = runtime.block_on(Settings::load(cli.global.env_file.as_deref()))?;
        // While the runtime has nothing to do: people and pipes take their time.
        let input = Input::gather(&cli.command, &settings)?;
        let cx = runtime.block_on(Context::new(&cli.global, settings, notes))?;
        Ok((cx, input))
    };
    let (mut cx, input) = match prepare() {
        Ok(prepared) => prepared,
        Err(failure) => return (Err(failure), String::new()),
    };
    let result = runtime.block_on(async {
        let mut signals =
            Signals::catch().map_err(|error| Failure::caused_by("signals cannot be caught", error))?;
        let result = tokio::select! {
            result = commands::run(cli.command, &mut cx, input) => result,
            signal = signals.next() => Err(Failure::Interrupted(signal)),
        };
        let result = result.and_then(|()| cx.out.flush());
        tokio::select! {
            () = cx.finish(result.is_err()) => {}
            // Whoever asks twice does not want to wait.
            signal = signals.next() => return Err(Failure::Interrupted(signal)),
        }
        result
    });
    // Nothing that may still be waiting, such as a read of a name server, is worth waiting for.
    runtime.shutdown_background();
    (result, cx.credential.to_string())
}
