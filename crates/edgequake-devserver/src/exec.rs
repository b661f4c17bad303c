//! Runs a command against a server, and ends with it.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;

use edgequake_devserver::DevServer;
use edgequake_types::{TenantId, WorkspaceId};
use tokio::process::Command;

use crate::arguments::StartupUser;
use crate::signals::{Signal, Signals};

/// The code of a program that was ended by SIGTERM.
const TERMINATED: u8 = 143;

/// Runs the command with the variables of the server, and returns its exit code.
pub(crate) async fn run(
    (program, arguments): (OsString, Vec<OsString>),
    server: &DevServer,
    user: Option<&StartupUser>,
    signals: &mut Signals,
) -> io::Result<u8> {
    let mut command = Command::new(program);
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
    let mut child = command.spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(code(status?)),
            signal = signals.next() => match signal {
                // The terminal has told the command, too, which decides what becomes of it.
                Signal::Interrupt => {}
                Signal::Terminate => {
                    child.kill().await?;
                    return Ok(TERMINATED);
                }
            },
        }
    }
}

fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
