//! The dev server in a process of its own, and what the system tells of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::http::Connection;
use crate::failure::{During, Failure, Result};

/// How long a process may take to end before it is killed, and the measurement fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. It is killed with this value.
pub(super) struct Server {
    process: Child,
    /// It says more than its address, and must be able to.
    _stdout: BufReader<ChildStdout>,
    pub(super) address: String,
    /// From the start of the process to the answer to a request.
    pub(super) started_in: Duration,
}

impl Server {
    pub(super) fn start(program: &Path, options: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("EDGEQUAKE_") {
                command.env_remove(name);
            }
        }
        command.args(["--port", "0"]).args(options).stdin(Stdio::null()).stdout(Stdio::piped());
        let started = Instant::now();
        let mut process = command.spawn().during("starting the dev server")?;
        let stdout = process.stdout.take().ok_or_else(|| Failure::new("the dev server has no output"))?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line).during("reading the dev server's address")?;
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_default().to_owned();
        let mut server = Self { process, _stdout: stdout, address, started_in: Duration::ZERO };
        let (status, _) = server.connect()?.call("GET", "/live", "")?;
        if status != 200 {
            return Err(Failure::new(format!("the dev server answers {status} after its start")));
        }
        server.started_in = started.elapsed();
        Ok(server)
    }

    pub(super) fn connect(&self) -> Result<Connection> {
        Connection::open(&self.address)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.process.id());
        std::fs::read_to_string(&path).during(format!("reading {path}"))
    }

    /// The resident memory, in bytes.
    pub(super) fn resident(&self) -> Result<f64> {
        resident(&self.proc("status")?)
    }

    /// The processor time that all its threads have used so far.
    pub(super) fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.proc("stat")?)
    }

    /// Sends a signal, and waits for the end: how it ended, and after how long.
    #[cfg(unix)]
    pub(super) fn end(mut self, signal: rustix::process::Signal) -> Result<(ExitStatus, Duration)> {
        use rustix::process::{Pid, kill_process};

        let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or_else(|| Failure::new("the dev server has no process id"))?;
        let asked = Instant::now();
        kill_process(id, signal).during("sending a signal to the dev server")?;
        loop {
            if let Some(status) = self.process.try_wait().during("waiting for the dev server")? {
                return Ok((status, asked.elapsed()));
            }
            if asked.elapsed() > PATIENCE {
                return Err(Failure::new("the dev server does not end"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `VmRSS` of `/proc/PID/status`, in bytes.
fn resident(status: &str) -> Result<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = value.and_then(|value| value.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0).ok_or_else(|| Failure::new("the system does not tell the resident memory"))
}

/// The time in user and in system mode of `/proc/PID/stat`, which counts hundredths of a second.
fn processor_time(stat: &str) -> Result<Duration> {
    // The name of the program, in parentheses, may have anything in it.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let mut fields = fields.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    match (fields.next().flatten(), fields.next().flatten()) {
        (Some(user), Some(system)) => Ok(Duration::from_millis((user + system) * 10)),
        _ => Err(Failure::new("the system does not tell the processor time")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    2048 kB\n").unwrap(), 2048.0 * 1024.0);
        assert!(resident("Name:\tx\n").is_err());
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 0 0 12 30 0 0 20 0 5 0 100";
        assert_eq!(processor_time(stat).unwrap(), Duration::from_millis(420));
        assert!(processor_time("7 (a) S 1").is_err());
    }
}
