//! Other programs, run to their end: their exit status is checked, and a failure names the command line.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::failure::{During, Failure, Result};

/// The `cargo` that runs us, so that a chosen toolchain (`cargo +nightly xtask`) stays the chosen one.
pub(crate) fn cargo<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs `command` on our own streams.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().during(line(command))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` failed: {status}", line(command)))) }
}

/// Runs `command` and returns what it wrote to its standard output; its standard error is ours. If it fails, what it wrote
/// is printed, since that may say why.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().during(line(command))?;
    if !output.status.success() {
        print!("{}", String::from_utf8_lossy(&output.stdout));
        return Err(Failure::new(format!("`{}` failed: {}", line(command), output.status)));
    }
    String::from_utf8(output.stdout).during(line(command))
}

/// The command line as one would type it, without the folders of the program.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_named_without_its_folder() {
        let failure = run(cargo(["--no-such-flag"]).stderr(Stdio::null())).unwrap_err().to_string();
        assert!(failure.starts_with("`cargo --no-such-flag` failed: "), "{failure}");
    }

    #[test]
    fn the_output_is_what_the_program_wrote() {
        assert!(output(&mut cargo(["--version"])).unwrap().starts_with("cargo "));
    }
}
