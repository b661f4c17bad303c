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
mod unfinished;
mod context;
mod input;
mod commands;

use std::pin::pin;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Cli, Command};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::input::Input;
use crate::notes::Notes;
use crate::output::Output;
use crate::settings::Settings;
use crate::signals::Signals;

fn main() -> ExitCode {
    let (ended, notes) = match Cli::try_parse() {
        Ok(Cli { command: Command::Completions(completions), .. }) => {
            (complete(completions.shell).into(), Notes::new(false))
        }
        Ok(cli) => {
            let notes = Notes::new(cli.global.verbose);
            (run(cli, notes), notes)
        }
        Err(error) => (report_parse_error(&error).into(), Notes::new(false)),
    };
    match ended.result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            notes.failure(&failure, &ended.credential);
            if let Some(hint) = ended.hint.filter(|_| failure.exit() != Exit::Success) {
                notes.hint(hint);
            }
            failure.exit().into()
        }
    }
}

/// How a command ended.
struct Ended {
    result: Result<(), Failure>,
    /// Where its credential came from, for the hint of a failure.
    credential: String,
    /// How to go on after a failure.
    hint: Option<String>,
}

impl From<Result<(), Failure>> for Ended {
    fn from(result: Result<(), Failure>) -> Self {
        Self { result, credential: String::new(), hint: None }
    }
}

/// Prints the completions of a shell.
fn complete(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "edgequake-cli", &mut script);
    let mut out = Output::new(false);
    out.bytes(&script)?;
    out.flush()
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

/// Runs one command.
fn run(cli: Cli, notes: Notes) -> Ended {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Err(Failure::caused_by("the runtime cannot be started", error)).into();
        }
    };
    let prepare = || {
        let settings = runtime.block_on(Settings::load(cli.global.env_file.as_deref()))?;
        let cx = runtime.block_on(Context::new(&cli.global, &settings, notes))?;
        // While the runtime has nothing to do: people and pipes take their time.
        let input = Input::gather(&cli.command, &cx, &settings)?;
        Ok((cx, input))
    };
    let (mut cx, input) = match prepare() {
        Ok(prepared) => prepared,
        Err(failure) => return Err(failure).into(),
    };
    let result = runtime.block_on(async {
        let mut signals =
            Signals::catch().map_err(|error| Failure::caused_by("signals cannot be caught", error))?;
        let interrupted = cx.interrupted.clone();
        let (result, hurried) = {
            let mut command = pin!(commands::run(cli.command, &mut cx, input));
            tokio::select! {
                result = &mut command => (result, false),
                signal = signals.next() => {
                    // A command that has heard it ends soon. Whoever asks twice does not want to wait.
                    let hurried = interrupted.send(true).is_ok() && tokio::select! {
                        _ = command => false,
                        _ = signals.next() => true,
                    };
                    (Err(Failure::Interrupted(signal)), hurried)
                }
            }
        };
        let result = result.and_then(|()| cx.out.flush());
        if hurried {
            return result;
        }
        tokio::select! {
            () = cx.finish(result.is_err()) => {}
            signal = signals.next() => return Err(Failure::Interrupted(signal)),
        }
        result
    });
    // Nothing that may still be waiting, such as a read of a name server, is worth waiting for.
    runtime.shutdown_background();
    Ended { result, credential: cx.credential.to_string(), hint: cx.unfinished.hint() }
}
