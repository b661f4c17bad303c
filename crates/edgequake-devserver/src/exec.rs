//! Runs a command against a server, and ends with it.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitStatus;
use std::time::Duration;

use edgequake_devserver::DevServer;
use edgequake_types::{TenantId, WorkspaceId};
use tokio::process::{Child, Command};

use crate::arguments::StartupUser;
use crate::signals::{Kind, Signals};

/// How long a command may take to end after a signal, and then after it was killed.
const GRACE_PERIOD: Duration = Duration::from_millis(400);
const KILL_LIMIT: Duration = Duration::from_millis(100);

/// A command that cannot be run.
#[derive(Debug, thiserror::Error)]
#[error("cannot run the command {program:?}")]
pub(crate) struct ExecError {
    program: OsString,
    source: io::Error,
}

impl ExecError {
    /// The exit code, which is that of shells.
    pub(crate) fn code(&self) -> u8 {
        if self.source.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
    }
}

/// Runs the command with the variables of the server, and returns its exit code. The first signal is handed on to the
/// command and to what it has started; what still runs after the grace period, or at the next signal, is killed.
///
/// # Errors
///
/// [`ExecError`] for a command that cannot be run.
pub(crate) async fn run(
    (program, arguments): (OsString, Vec<OsString>),
    server: &DevServer,
    user: Option<&StartupUser>,
    signals: &mut Signals,
) -> Result<u8, Box<dyn std::error::Error>> {
    let mut command = Command::new(&program);
    command.args(arguments).kill_on_drop(true);
    // A key of another server would be used instead of the login.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("EDGEQUAKE_")) {
            command.env_remove(name);
        }
    }
    command
        .env("EDGEQUAKE_BASE_URL", server.url())
        .env("EDGEQUAKE_TENANT_ID", TenantId::server_default().as_str())
        .env("EDGEQUAKE_WORKSPACE_ID", WorkspaceId::server_default().as_str());
    if let Some(user) = user {
        command.env("EDGEQUAKE_USERNAME", &user.name).env("EDGEQUAKE_PASSWORD", user.password.expose());
    }
    let mut child = Group::spawn(command).map_err(|source| ExecError { program, source })?;
    loop {
        let signal = tokio::select! {
            status = child.wait() => return Ok(code(status?)),
            signal = signals.next() => signal,
        };
        // A terminal has told the command of Ctrl-C, too, and the command decides what becomes of it.
        if child.has_terminal && signal.kind.is_from_keyboard() && !signal.is_sent {
            signals.pass_over();
            continue;
        }
        child.send(signal.kind);
        let ended = tokio::select! {
            status = child.wait() => Some(code(status?)),
            () = tokio::time::sleep(GRACE_PERIOD) => None,
            // Whoever asks twice does not want to wait.
            _ = signals.next() => None,
        };
        // The system may take longer to end it, such as one that waits for a disk; it ends without us then.
        if let Ok(killed) = tokio::time::timeout(KILL_LIMIT, child.kill()).await {
            killed?;
        }
        return Ok(ended.unwrap_or(128 + signal.kind.number()));
    }
}

/// A command that runs, and the programs that it has started. All are in a process group of their own, unless a terminal
/// is theirs: it serves the group in front only.
struct Group {
    child: Child,
    has_terminal: bool,
    /// The child when it was started, which gives the group its number.
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    fn spawn(mut command: Command) -> io::Result<Self> {
        let has_terminal = io::stdin().is_terminal();
        #[cfg(unix)]
        if !has_terminal {
            command.process_group(0);
        }
        let child = command.spawn()?;
        Ok(Self {
            has_terminal,
            #[cfg(unix)]
            leader: child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw),
            child,
        })
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Hands a signal on; where there are none, nothing happens.
    fn send(&self, signal: Kind) {
        #[cfg(unix)]
        self.signal(match signal {
            Kind::Interrupt => rustix::process::Signal::INT,
            Kind::Terminate => rustix::process::Signal::TERM,
            Kind::HangUp => rustix::process::Signal::HUP,
            Kind::Quit => rustix::process::Signal::QUIT,
        });
        #[cfg(not(unix))]
        let _ = signal;
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        let Some(leader) = self.leader else { return };
        // What has ended already needs no signal.
        let _ = if !self.has_terminal {
            rustix::process::kill_process_group(leader, signal)
        } else if self.child.id().is_some() {
            rustix::process::kill_process(leader, signal)
        } else {
            Ok(())
        };
    }

    /// Ends what still runs.
    async fn kill(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
        self.child.kill().await
    }
}

fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
