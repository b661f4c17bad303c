//! A program with a time limit: what outlives it is killed, with every process that it started.

use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::failure::{During, Result};

/// How a program ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// By us, since it ran longer than it may.
    Killed,
}

/// Runs `command` for at most `limit`.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<End> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let child = command.spawn().during("starting a program")?;
    let id = child.id();
    let (ended, end) = mpsc::channel();
    let waiter = thread::spawn(move || wait(child, &ended));
    let end = match end.recv_timeout(limit) {
        Ok(status) => End::Exited(status.during("waiting for a program")?),
        Err(_) => {
            kill(id)?;
            End::Killed
        }
    };
    // It has sent its status, or the program is dying: this does not take long.
    let _ = waiter.join();
    Ok(end)
}

fn wait(mut child: Child, ended: &mpsc::Sender<std::io::Result<ExitStatus>>) {
    // Nobody listens any more when the limit has passed.
    let _ = ended.send(child.wait());
}

/// Kills the process group that the child leads.
#[cfg(unix)]
fn kill(id: u32) -> Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};

    let Some(group) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process_group(group, Signal::KILL) {
        // It ended in the meantime.
        Err(rustix::io::Errno::SRCH) => Ok(()),
        result => result.during("killing a program that took too long"),
    }
}

/// Kills the child with what it started.
#[cfg(not(unix))]
fn kill(id: u32) -> Result<()> {
    crate::command::run(Command::new("taskkill").args(["/F", "/T", "/PID"]).arg(id.to_string()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read;
    use std::process::Stdio;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command
    }

    #[test]
    fn the_status_is_the_programs_own() {
        let end = run(&mut shell("exit 3"), Duration::from_secs(60)).unwrap();
        assert!(matches!(end, End::Exited(status) if status.code() == Some(3)), "{end:?}");
    }

    #[test]
    fn a_program_over_the_limit_is_killed_with_its_children() {
        // The pipe is read to its end once nobody holds the writing end, and a survivor would have written by then.
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = shell("(sleep 30; echo survived) & wait");
        command.stdout(writer).stdin(Stdio::null());
        let end = run(&mut command, Duration::from_millis(300)).unwrap();
        assert!(matches!(end, End::Killed), "{end:?}");
        drop(command);
        let mut written = String::new();
        reader.read_to_string(&mut written).unwrap();
        assert_eq!(written, "");
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        assert!(run(&mut Command::new("/no/such/program"), Duration::from_secs(60)).is_err());
    }
}
