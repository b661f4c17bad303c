//! The dev server as a program. See `edgequake-devserver --help`.

mod arguments;

use std::io::Write;
use std::process::ExitCode;

use arguments::{Arguments, StartupUser, USAGE};
use edgequake_devserver::DevServer;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut stderr = std::io::stderr().lock();
            // Failing to write here cannot be reported anywhere.
            let _ = writeln!(stderr, "edgequake-devserver: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                let _ = writeln!(stderr, "  caused by: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let environment = |name: &str| std::env::var(name).ok();
    let arguments = Arguments::parse(std::env::args_os().skip(1), environment)?;
    let Arguments::Serve { server, users } = arguments else {
        let text = if arguments.is_help() { USAGE } else { concat!(env!("CARGO_PKG_VERSION"), "\n") };
        return Ok(std::io::stdout().lock().write_all(text.as_bytes())?);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = server.start().await?;
        announce(&server, &users)?;
        stop_signal().await?;
        server.shutdown().await;
        Ok(())
    })
}

/// Prints the URL of the server, its users, and the generated passwords.
fn announce(server: &DevServer, users: &[StartupUser]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on {}", server.url())?;
    for user in users {
        match &user.generated_password {
            Some(password) => {
                writeln!(stdout, "user {} ({}), password {}", user.name, user.role, password.expose())?
            }
            None => writeln!(stdout, "user {} ({}), password from the environment", user.name, user.role)?,
        }
    }
    stdout.flush()
}

/// Waits for Ctrl-C or, on Unix, for SIGTERM.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
