//! One run of a program: what is asked, what is answered, and that it ends.

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use edgequake_types::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Until;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};

/// Longer than any answer.
const LONGEST: u64 = 64 * 1024;
/// How long a program may take to end once it has answered.
const GRACE: Duration = Duration::from_secs(1);
/// The version that is spoken.
const VERSION: u32 = 1;

/// What to run.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) limit: Duration,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the credential program {}", self.program.display())
    }
}

#[derive(Serialize)]
pub(super) struct Request<'a> {
    v: u32,
    kind: &'static str,
    origin: &'a str,
    refused: bool,
}

impl<'a> Request<'a> {
    pub(super) fn new(origin: &'a str, refused: bool) -> Self {
        Self { v: VERSION, kind: "get", origin, refused }
    }
}

/// The token that it printed, and how long it may be used.
pub(super) struct Reply {
    pub(super) token: Secret,
    pub(super) until: Until,
}

#[derive(Deserialize)]
struct Hello {
    v: Vec<u32>,
}

#[derive(Deserialize)]
enum Answer {
    Ok {
        token: Secret,
        #[serde(default)]
        cache: Cache,
        expiration: Option<u64>,
    },
    Err {
        kind: String,
        #[serde(default)]
        message: String,
    },
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum Cache {
    Never,
    #[default]
    Session,
    Expires,
    /// Of a later version: the careful reading.
    #[serde(other)]
    Unknown,
}

type Line = std::io::Result<Zeroizing<String>>;

impl Order {
    /// Runs the program to its end, within the limit. Blocks.
    pub(super) fn run(&self, request: &Request<'_>) -> Result<Reply, CredentialsError> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        // So that what it starts can be killed with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child =
            command.spawn().map_err(|error| self.failed("cannot be started").with_source(error))?;
        let reply = self.talk(&mut child, request);
        // Whatever it has answered, it gets a moment to put away what it had opened.
        end(&mut child, !matches!(&reply, Err(error) if error.kind() == Kind::TimedOut));
        reply
    }

    fn talk(&self, child: &mut Child, request: &Request<'_>) -> Result<Reply, CredentialsError> {
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.failed("has no pipes"));
        };
        let lines = read_lines(stdout).map_err(|error| self.failed("cannot be read").with_source(error))?;
        let end = Instant::now().checked_add(self.limit);
        let hello: Hello = self.parse(&self.line(&lines, end)?)?;
        if !hello.v.contains(&VERSION) {
            return Err(self.failed("does not support version 1 of the protocol"));
        }
        let mut asked =
            serde_json::to_vec(request).map_err(|error| self.failed("cannot be asked").with_source(error))?;
        asked.push(b'\n');
        // A program that needs no question may have closed its end; what it answers counts.
        let _ = stdin.write_all(&asked);
        drop(stdin);
        match self.parse(&self.line(&lines, end)?)? {
            Answer::Ok { token, cache, expiration } => {
                let until = match (cache, expiration) {
                    (Cache::Session, _) => Until::Refused,
                    (Cache::Expires, Some(seconds)) => UNIX_EPOCH
                        .checked_add(Duration::from_secs(seconds))
                        .map_or(Until::Refused, Until::Time),
                    (Cache::Never | Cache::Unknown | Cache::Expires, _) => Until::Now,
                };
                Ok(Reply { token, until })
            }
            Answer::Err { kind, message } => {
                let message: String = message.chars().filter(|c| !c.is_control()).take(200).collect();
                let (kind, text) = match kind.as_str() {
                    "not-found" => (Kind::NotConfigured, format!("{self} has nothing for this server")),
                    _ => (Kind::Invalid, format!("{self} failed")),
                };
                let text = if message.is_empty() { text } else { format!("{text}: {message}") };
                Err(CredentialsError::new(kind, text))
            }
        }
    }

    /// The next line, before the limit is over.
    fn line(
        &self,
        lines: &Receiver<Line>,
        end: Option<Instant>,
    ) -> Result<Zeroizing<String>, CredentialsError> {
        // A limit beyond all clocks is none.
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        match lines.recv_timeout(left) {
            Ok(Ok(line)) if line.len() as u64 > LONGEST => Err(self.failed("answered with more than 64 KiB")),
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(self.failed("cannot be read").with_source(error)),
            Err(RecvTimeoutError::Disconnected) => {
                Err(self.failed("ended without an answer; run it by hand to see why"))
            }
            Err(RecvTimeoutError::Timeout) => {
                let text = format!("{self} did not answer within {:?}", self.limit);
                Err(CredentialsError::new(Kind::TimedOut, text))
            }
        }
    }

    /// The texts of serde's errors quote what they found, which may be a token.
    fn parse<T: for<'de> Deserialize<'de>>(&self, line: &str) -> Result<T, CredentialsError> {
        serde_json::from_str(line).map_err(|error| {
            self.failed(&format!(
                "gave an answer that does not follow this protocol, at column {}",
                error.column()
            ))
        })
    }

    fn failed(&self, what: &str) -> CredentialsError {
        CredentialsError::new(Kind::Invalid, format!("{self} {what}"))
    }
}

/// Reads on a thread of its own, so that waiting for a line can end. It ends with the pipe.
fn read_lines(stdout: ChildStdout) -> std::io::Result<Receiver<Line>> {
    let (send, lines) = mpsc::channel();
    std::thread::Builder::new().name("edgequake-program".to_owned()).spawn(move || {
        let mut stdout = BufReader::new(stdout);
        loop {
            let mut line = Zeroizing::new(String::with_capacity(4096));
            let read = stdout.by_ref().take(LONGEST + 1).read_line(&mut line);
            let line = match read {
                Ok(0) => return,
                Ok(_) => Ok(line),
                Err(error) => Err(error),
            };
            let over = line.is_err();
            if send.send(line).is_err() || over {
                return;
            }
        }
    })?;
    Ok(lines)
}

/// A program that has answered gets a moment to end by itself, and what it started may stay. Else nothing is left behind.
fn end(child: &mut Child, answered: bool) {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    while answered && start.elapsed() < GRACE {
        if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            return;
        }
        // There is no event for the end of a child that all platforms have.
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    // They may have ended in the meantime. Nobody else has its id: it has not been waited for.
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
    let _ = child.kill();
    let _ = child.wait();
}
