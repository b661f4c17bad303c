//! [`Rig`]: a server, a home of its own, and the program run in it. Everything that was run is in the transcript.

use std::ffi::OsString;
use std::process::{Output, Stdio};

use edgequake_devserver::{DevServer, DevServerBuilder, Role};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Passwords of the server's users. They may appear nowhere.
pub(crate) const ROOT_PASSWORD: &str = "s3cr3t-of-root";
pub(crate) const MONA_PASSWORD: &str = "s3cr3t-of-mona";

#[cfg(unix)]
const NOBODY: u32 = 65534;

/// A server with an administrator and a user.
pub(crate) fn server() -> DevServerBuilder {
    DevServer::builder().user("root", "root@corp.test", ROOT_PASSWORD, Role::Admin).user(
        "mona",
        "mona@corp.test",
        MONA_PASSWORD,
        Role::User,
    )
}

pub(crate) struct Rig {
    pub(crate) server: DevServer,
    pub(crate) home: TempDir,
    /// The copy of the program that a plain user runs.
    unprivileged: Option<std::path::PathBuf>,
    env: Vec<(String, OsString)>,
    transcript: String,
}

/// What a run of the program came to.
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Run {
    /// What was printed, on one line.
    pub(crate) fn word(&self) -> &str {
        self.stdout.trim()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }

    /// What was printed, of which each line is a JSON document.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.stdout.lines().map(read).collect()
    }

    /// The first column of what was printed, without the header.
    pub(crate) fn ids(&self) -> Vec<String> {
        let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        self.stdout.lines().skip(1).map(first).collect()
    }

    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(server()).await
    }

    pub(crate) async fn with(server: DevServerBuilder) -> Self {
        let server = server.start().await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let scope =
            ["EDGEQUAKE_TENANT_ID", "EDGEQUAKE_WORKSPACE_ID"].map(|name| (name.into(), "default".into()));
        let mut env = vec![("EDGEQUAKE_BASE_URL".to_owned(), server.url().into())];
        env.extend(scope);
        Self { server, home, unprivileged: None, env, transcript: String::new() }
    }

    /// A server where root is logged in.
    pub(crate) async fn as_root() -> Self {
        let mut rig = Self::new().await;
        rig.quiet_login("root", ROOT_PASSWORD).await;
        rig
    }

    /// Sets a variable for all later runs; empty takes it away.
    pub(crate) fn env(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.retain(|(known, _)| known != name);
        let value = value.into();
        if !value.is_empty() {
            self.env.push((name.to_owned(), value));
        }
    }

    /// Logs in outside the transcript.
    pub(crate) async fn quiet_login(&mut self, user: &str, password: &str) {
        let before = self.transcript.len();
        self.cli_with(&["login", user, "--password-stdin"], password).await.succeeded();
        self.transcript.truncate(before);
    }

    /// Makes all later runs those of a user for whom permissions count, as they do not for root, with this home as its own.
    #[cfg(unix)]
    pub(crate) fn without_privileges(&mut self) {
        use std::os::unix::fs::{MetadataExt as _, chown};

        if std::fs::metadata(self.home.path()).unwrap().uid() != 0 {
            return;
        }
        // Where the tests are built may be closed to others.
        let program = self.home.path().join("edgequake-cli");
        std::fs::copy(env!("CARGO_BIN_EXE_edgequake-cli"), &program).unwrap();
        self.unprivileged = Some(program);
        let mut paths = vec![self.home.path().to_owned()];
        while let Some(path) = paths.pop() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            if path.is_dir() {
                paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = match &self.unprivileged {
            None => Command::new(env!("CARGO_BIN_EXE_edgequake-cli")),
            Some(program) => {
                let mut command = Command::new(program);
                #[cfg(unix)]
                command.uid(NOBODY).gid(NOBODY);
                command
            }
        };
        command.args(args).env_clear().envs(self.env.iter().cloned()).env("HOME", self.home.path());
        command.current_dir(self.home.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs with another stdout.
    pub(crate) async fn cli_to(&self, args: &[&str], stdout: impl Into<Stdio>) -> Output {
        // Not `output`, which would put a pipe in its place.
        self.command(args).stdout(stdout).spawn().unwrap().wait_with_output().await.unwrap()
    }

    pub(crate) async fn cli(&mut self, args: &[&str]) -> Run {
        let output = self.command(args).output().await.unwrap();
        self.note(args, output)
    }

    /// Runs with something on stdin.
    pub(crate) async fn cli_with(&mut self, args: &[&str], stdin: &str) -> Run {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // A program that does not read it is no failure of the test.
        pipe.write_all(stdin.as_bytes()).await.ok();
        drop(pipe);
        let output = child.wait_with_output().await.unwrap();
        self.note(args, output)
    }

    /// Runs on a terminal of so many columns where something is typed. Gives what is shown, and the exit code.
    #[cfg(target_os = "linux")]
    pub(crate) async fn cli_on_terminal(&self, columns: u16, args: &[&str], typed: &str) -> (String, i32) {
        use std::io::{Read as _, Write as _};

        use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
        use rustix::termios::{Winsize, tcsetwinsize};

        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let screen = openpt(flags).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let terminal = ioctl_tiocgptpeer(&screen, flags).unwrap();
        tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let mut screen = std::fs::File::from(screen);
        screen.write_all(typed.as_bytes()).unwrap();
        let mut command = self.command(args);
        command.env("TERM", "xterm");
        command.stdin(terminal.try_clone().unwrap()).stdout(terminal.try_clone().unwrap()).stderr(terminal);
        let mut child = command.spawn().unwrap();
        // The last end of the terminal that is not the program's.
        drop(command);
        let read = tokio::task::spawn_blocking(move || {
            let mut shown = Vec::new();
            // An error is the end: the program has closed the terminal.
            screen.read_to_end(&mut shown).ok();
            String::from_utf8(shown).unwrap()
        });
        let shown = read.await.unwrap().replace("\r\n", "\n");
        (shown, child.wait().await.unwrap().code().unwrap())
    }

    fn note(&mut self, args: &[&str], output: Output) -> Run {
        let run = Run {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap(),
        };
        let shown = format!("{}{}", run.stdout, run.stderr);
        for secret in self.secrets() {
            assert!(!shown.contains(&secret), "a secret in the output of {args:?}: {shown}");
        }
        assert!(!shown.contains("panicked"), "{shown}");
        self.transcript.push_str(&format!("$ edgequake-cli {}\n", args.join(" ")));
        self.transcript.push_str(&run.stdout);
        if !run.stdout.is_empty() && !run.stdout.ends_with('\n') {
            self.transcript.push_str("(no newline)\n");
        }
        for line in run.stderr.lines() {
            self.transcript.push_str(&format!("! {line}\n"));
        }
        if run.code != 0 {
            self.transcript.push_str(&format!("(exit {})\n", run.code));
        }
        run
    }

    /// What must not be shown: passwords, and the tokens that are stored now.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = vec!["s3cr3t".to_owned()];
        let stored = std::fs::read_to_string(self.logins()).unwrap_or_default();
        let stored: serde_json::Value = serde_json::from_str(&stored).unwrap_or_default();
        collect_tokens(&stored, &mut secrets);
        secrets
    }

    /// The folder with the sessions.
    pub(crate) fn logins(&self) -> std::path::PathBuf {
        self.home.path().join(".local/state/edgequake/logins")
    }

    /// The newest record of the one login that is stored.
    pub(crate) fn record(&self) -> std::path::PathBuf {
        let folder = std::fs::read_dir(self.logins()).unwrap().next().unwrap().unwrap().path();
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).max().unwrap()
    }

    /// What was run and what came of it, without what differs from run to run.
    pub(crate) fn transcript(&self) -> String {
        self.transcript
            .replace(self.server.url(), "[server]")
            .replace(&self.home.path().display().to_string(), "[home]")
    }
}

fn collect_tokens(value: &serde_json::Value, tokens: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if name.contains("token") => tokens.push(text.to_owned()),
                    _ => collect_tokens(value, tokens),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect_tokens(value, tokens)),
        _ => {}
    }
}

/// What differs from run to run, for snapshots.
pub(crate) const FILTERS: &[(&str, &str)] = &[
    (r"logins/127\.0\.0\.1_[0-9]+-[0-9a-f]{32}", "logins/[login]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]*(Z|\+00:00)", "[time]"),
    (r"eq_[A-Za-z0-9]{32}", "[key]"),
    (r"eq_[A-Za-z0-9]{8}\b", "[prefix]"),
    (r"upload_\d{14}_[0-9a-f]{8}", "upload_[track]"),
    (r"reprocess_\d{8}_\d{6}_[0-9a-f]{8}", "reprocess_[track]"),
    (r"version \d+\.\d+\.\d+", "version [version]"),
    (r#""queue_position":\d+,"eta_seconds":\d+,"eta_basis":"\w+""#, r#""queue_position":[place]"#),
    (r" {2,}", "  "),
];

/// Holds the transcript against its snapshot.
macro_rules! assert_transcript {
    ($rig:expr) => {
        insta::with_settings!({
            filters => $crate::rig::FILTERS.iter().copied(),
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!($rig.transcript());
        })
    };
}

pub(crate) use assert_transcript;
