//! The dev server as a program. See `edgequake-devserver --help`.

mod files;
mod lines;
mod signals;
mod arguments;
mod exec;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use arguments::{Arguments, StartupUser, USAGE};
use edgequake_devserver::{DevServer, DevServerBuilder, LoggedRequest};
use exec::ExecError;
use lines::Lines;
use signals::Signals;

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let mut stderr = std::io::stderr().lock();
            // Failing to write here cannot be reported anywhere.
            let _ = writeln!(stderr, "edgequake-devserver: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                let _ = writeln!(stderr, "  caused by: {cause}");
                source = cause.source();
            }
            let code = error.downcast_ref::<ExecError>().map(ExecError::code);
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}

fn run() -> Result<u8, Box<dyn std::error::Error>> {
    let environment = |name: &str| std::env::var_os(name);
    let arguments = Arguments::parse(std::env::args_os().skip(1), environment)?;
    let Arguments::Serve { server, users, verbose, command } = arguments else {
        let text = if arguments.is_help() { USAGE } else { concat!(env!("CARGO_PKG_VERSION"), "\n") };
        std::io::stdout().lock().write_all(text.as_bytes())?;
        return Ok(0);
    };
    let lines = verbose.then(|| Lines::write_to(std::io::stderr())).transpose()?;
    let server = match &lines {
        Some(lines) => {
            let lines = lines.clone();
            Box::new(server.on_request(move |request| lines.push(line(request))))
        }
        None => server,
    };
    // Each thread keeps memory of its own.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().max_blocking_threads(2 * threads).build()?;
    let (ended, left) = runtime.block_on(async {
        // Caught before anybody is told that the server listens.
        let mut signals = match Signals::catch() {
            Ok(signals) => signals,
            Err(error) => return (Err(error.into()), Duration::ZERO),
        };
        let ended = serve(*server, &users, command, &mut signals).await;
        (ended, signals.time_left())
    });
    // What still runs ends with the process.
    runtime.shutdown_background();
    if let Some(lines) = lines {
        lines.finish(left.min(LOG_GRACE_PERIOD));
    }
    ended
}

/// Serves until a signal comes or the command ends, and returns the exit code.
async fn serve(
    server: DevServerBuilder,
    users: &[StartupUser],
    command: Option<(OsString, Vec<OsString>)>,
    signals: &mut Signals,
) -> Result<u8, Box<dyn std::error::Error>> {
    let server = tokio::select! {
        server = server.start() => server?,
        signal = signals.next() => {
            let is_run = command.is_some();
            return Ok(if is_run { 128 + signal.kind.number() } else { 0 });
        }
    };
    let code = match command {
        Some(command) => exec::run(command, &server, users.first(), signals).await?,
        None => {
            announce(&server, users)?;
            signals.next().await;
            0
        }
    };
    let left = signals.time_left().saturating_sub(LOG_GRACE_PERIOD);
    tokio::select! {
        // What is still in progress then ends with the process.
        _ = tokio::time::timeout(left, server.shutdown()) => {}
        // Whoever asks twice does not want to wait.
        _ = signals.next() => {}
    }
    Ok(code)
}

/// How long the last lines may take to be written.
const LOG_GRACE_PERIOD: Duration = Duration::from_millis(100);

/// A request in a line.
fn line(request: &LoggedRequest) -> String {
    let LoggedRequest { method, path, operation, status, answered, duration, .. } = request;
    let path = operation.as_ref().unwrap_or(path);
    let status = if *answered { status.as_str() } else { "unanswered" };
    format!("{method} {path} {status} {:.1}ms", duration.as_secs_f64() * 1000.0)
}

/// A word of a shell.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._@+".contains(&byte);
    if word.bytes().all(is_plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")).into() }
}

/// Prints the URL of the server, its users with the generated passwords, and how a shell hands them on.
fn announce(server: &DevServer, users: &[StartupUser]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on {}", server.url())?;
    for user in users {
        let StartupUser { name, role, .. } = user;
        write!(stdout, "user {name} ({name}@localhost, {role}), password ")?;
        if user.is_generated {
            writeln!(stdout, "{}", user.password.expose())?;
        } else {
            writeln!(stdout, "from the environment")?;
        }
    }
    if let Some(user) = users.first() {
        writeln!(stdout, "\nFor programs that read the environment:")?;
        writeln!(stdout, "export EDGEQUAKE_BASE_URL={}", server.url())?;
        writeln!(stdout, "export EDGEQUAKE_TENANT_ID=default EDGEQUAKE_WORKSPACE_ID=default")?;
        write!(stdout, "export EDGEQUAKE_USERNAME={}", quoted(&user.name))?;
        if user.is_generated {
            write!(stdout, " EDGEQUAKE_PASSWORD={}", user.password.expose())?;
        }
        writeln!(stdout)?;
    }
    stdout.flush()
}
