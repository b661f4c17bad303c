//! A child that does its job under `strace`, and what is left of its login.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use edgequake_auth::{AuthContext, Credentials as _, FileStore, Record, TokenStore as _};
use edgequake_devserver::{DevServer, SessionEvent, SessionId};
use tokio::runtime::Runtime;

use crate::calls::{errors, is_about_memory_or_time};
use crate::child::{self, EXCHANGE, Job, ORDERS, REFRESHES};
use crate::dev;

/// What one run of the child came to.
pub(crate) struct Run {
    /// How many refreshes or logins it was told of.
    pub(crate) refreshed: usize,
    /// What it was told of logouts.
    pub(crate) said: Vec<String>,
    pub(crate) failures: Vec<String>,
    /// Something was not saved in the end.
    pub(crate) unsettled: bool,
    pub(crate) killed: bool,
    /// What it wrote to its standard error.
    pub(crate) complaints: String,
}

/// What is left after a run.
pub(crate) struct Found {
    /// How many tokens were spent, or sessions begun, or ended.
    pub(crate) refreshes: usize,
    /// Whether the session is lost, with good reason.
    pub(crate) lost: bool,
    /// How many temporary files there are.
    pub(crate) left: usize,
}

/// Where the login is at first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Folder,
    /// In a token file of the former format.
    Legacy,
}

pub(crate) struct Bench {
    start: Start,
    job: Job,
    pub(super) runtime: Runtime,
    pub(super) server: DevServer,
    /// The children so far, for their names.
    children: AtomicUsize,
    strace: String,
}

impl Bench {
    pub(crate) fn new(start: Start, job: Job) -> Self {
        let strace = std::env::var("EDGEQUAKE_TEST_STRACE").unwrap_or_else(|_| "strace".to_owned());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        // A logout is made with the access token, which must last on a machine that is busy; a refresh takes one that has expired.
        let server = match job {
            Job::LogOut => runtime.block_on(dev::start_with(Duration::from_secs(3600))),
            Job::Refresh | Job::LogIn => runtime.block_on(dev::start()),
        };
        Self { start, job, runtime, server, children: AtomicUsize::new(0), strace }
    }

    /// How often the store makes each system call.
    pub(crate) fn calls(&self) -> BTreeMap<String, usize> {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let store = child::store(&folder.path().join("logins"));
        if self.job != Job::LogIn {
            self.log_in(&store);
        }
        let output = ["--output", log.to_str().unwrap()];
        let (run, _) = self.child(store.path(), &output);
        let (done, said): (_, &[&str]) = match self.job {
            Job::Refresh => (REFRESHES, &[]),
            Job::LogIn => (1, &[]),
            Job::LogOut => (0, &["revoked", "ended"]),
        };
        assert_eq!((run.refreshed, run.unsettled), (done, false), "{:?}", run.failures);
        assert_eq!(run.said, said);
        let mut calls = BTreeMap::new();
        for line in std::fs::read_to_string(log).unwrap().lines() {
            let Some((call, _)) = line.split_once('(') else { continue };
            if !is_about_memory_or_time(call) {
                assert!(!errors(call).is_empty(), "which errors may {call} have?");
                *calls.entry(call.to_owned()).or_default() += 1;
            }
        }
        calls
    }

    /// Lets a child work while something is done about a system call of its store, then looks at what is left.
    pub(crate) fn suffer(&self, call: &str, inject: &str) -> (Run, Result<Found, String>) {
        let folder = tempfile::tempdir().unwrap();
        let store = child::store(&folder.path().join("logins"));
        let session = (self.job != Job::LogIn).then(|| self.log_in(&store));
        let arguments =
            [format!("--trace={call}"), format!("--inject={inject}"), "--output=/dev/null".to_owned()];
        let (mut run, name) = self.child(store.path(), &arguments);
        let found = match (self.job, session) {
            (Job::Refresh, Some(session)) => self.look(&store, session, &run),
            (Job::LogOut, Some(session)) => self.after_logout(&store, session, &run, inject),
            _ => self.after_login(&store, &name, &run),
        };
        let address = self.server.addr().to_string().replace(':', "_");
        for text in &mut run.failures {
            *text = text.replace(&address, "LOGIN");
        }
        (run, found)
    }

    fn log_in(&self, store: &FileStore) -> SessionId {
        let session = self.runtime.block_on(dev::log_in(&self.server, store));
        if let Start::Legacy = self.start {
            let tokens = self.read(store).unwrap().tokens().unwrap().clone();
            std::fs::remove_dir_all(store.path()).unwrap();
            let login = serde_json::json!({
                "origin": format!("http://{}", self.server.addr()), "user": "mona",
                "access_token": tokens.access_token.unwrap().expose(),
                "refresh_token": tokens.refresh_token.unwrap().expose(), "expires_at": 1,
            });
            let logins = serde_json::json!({ "format": "edgequake-logins", "version": 1, "logins": [login] });
            std::fs::write(store.path().with_file_name("logins.json"), logins.to_string()).unwrap();
        }
        session
    }

    /// The temporary files.
    pub(super) fn left(&self, store: &FileStore, run: &Run) -> Result<Vec<PathBuf>, String> {
        if !run.complaints.is_empty() {
            return Err(run.complaints.lines().take(3).collect());
        }
        if store.path().is_dir() { leftovers(store.path()) } else { Ok(Vec::new()) }
    }

    fn look(&self, store: &FileStore, session: SessionId, run: &Run) -> Result<Found, String> {
        let left = self.left(store, run)?;
        let record = self.read(store)?;
        let refreshes = self.count(session, |event| *event == SessionEvent::Refreshed);
        let saved = record.tokens().map(|tokens| tokens.version.counter).unwrap_or_default();
        // What was in the memory of the process only is gone with it.
        if (run.killed || run.unsettled) && saved == refreshes as u64 && record.is_unsettled() {
            return Ok(Found { refreshes, lost: true, left: left.len() });
        }
        // The tokens of the login are the first.
        if saved != refreshes as u64 + 1 {
            return Err(format!("{refreshes} tokens were spent, and the newest saved is {saved}"));
        }
        if !run.killed && run.refreshed + run.failures.len() != REFRESHES {
            return Err("it did not come to an end".to_owned());
        }
        if refreshes < run.refreshed {
            return Err(format!("{} were told, {refreshes} took place", run.refreshed));
        }
        // Whoever comes next goes on from there, and removes what is old.
        let old = SystemTime::now().checked_sub(Duration::from_secs(7200)).unwrap();
        for path in &left {
            File::options().write(true).open(path).and_then(|file| file.set_modified(old)).unwrap();
        }
        let jwt = dev::provider(self.server.addr(), "next", store).timeout(EXCHANGE);
        let jwt = jwt.build().map_err(|error| error.to_string())?;
        let next = self.runtime.block_on(jwt.authorize(&AuthContext::new(jwt.origin().clone())));
        next.map_err(|error| format!("the next process: {error}"))?;
        if let Some(still) = left.iter().find(|path| path.exists()) {
            return Err(format!("{} was not removed", still.display()));
        }
        let bad = |event: &SessionEvent| !matches!(event, SessionEvent::LoggedIn | SessionEvent::Refreshed);
        match self.count(session, bad) {
            0 => Ok(Found { refreshes, lost: false, left: left.len() }),
            bad => Err(format!("{bad} refusals")),
        }
    }

    pub(super) fn count(&self, session: SessionId, which: impl Fn(&SessionEvent) -> bool) -> usize {
        self.server.ledger().of(session).iter().filter(|entry| which(&entry.event)).count()
    }

    pub(super) fn read(&self, store: &FileStore) -> Result<Record, String> {
        let stored = self.runtime.block_on(store.read(&dev::key(&self.server)));
        let stored = stored.map_err(|error| error.to_string())?;
        stored.map(|stored| stored.record).ok_or_else(|| "there is no record".to_owned())
    }

    /// What it came to, and its name at the server.
    fn child(&self, folder: &Path, watch: &[impl AsRef<std::ffi::OsStr>]) -> (Run, String) {
        let name = format!("child-{}", self.children.fetch_add(1, Ordering::Relaxed));
        let complaints = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child::does_its_job", "--exact", "--nocapture"])
            .env(ORDERS, format!("{}|{}|{:?}|{name}", self.server.addr(), folder.display(), self.job))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(complaints.reopen().unwrap())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut lines = lines.filter_map(|line| line.split_once("@ ").map(|(_, said)| said.to_owned()));
        let first = lines.next().unwrap();
        let thread = first.strip_prefix("thread ").unwrap();
        let (mut strace, _errors) = self.watch(thread, watch);
        writeln!(child.stdin.take().unwrap(), "go").unwrap();
        let mut run = Run {
            refreshed: 0,
            said: Vec::new(),
            failures: Vec::new(),
            unsettled: false,
            killed: false,
            complaints: String::new(),
        };
        for line in lines {
            match line.split_once(' ') {
                None if line == "done" => run.refreshed += 1,
                None if line == "unsettled" => run.unsettled = true,
                Some(("failed", text)) => {
                    run.failures.push(text.replace(&folder.display().to_string(), "FOLDER"));
                }
                None if line == "end" => {}
                _ => run.said.push(line),
            }
        }
        run.killed = child.wait().unwrap().signal().is_some();
        strace.wait().unwrap();
        run.complaints = std::fs::read_to_string(complaints.path()).unwrap();
        (run, name)
    }

    /// Watches one thread, and nothing else.
    fn watch(&self, thread: &str, watch: &[impl AsRef<std::ffi::OsStr>]) -> (Child, BufReader<ChildStderr>) {
        let mut strace = Command::new(&self.strace)
            .args(watch)
            .args(["--attach", thread])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(strace.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "strace: {line}");
        (strace, errors)
    }
}

/// Whether everything below is its owner's only, and named by numbers; gives the temporary files.
fn leftovers(path: &Path) -> Result<Vec<PathBuf>, String> {
    let mut temporary = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let (found, name) = (entry.metadata().unwrap(), entry.file_name().into_string().unwrap());
        if found.mode() & 0o077 != 0 {
            return Err(format!("{name} has the mode {:o}", found.mode()));
        }
        if found.is_dir() {
            temporary.extend(leftovers(&entry.path())?);
            continue;
        }
        let (stem, kind) = name.split_once('.').unwrap_or((&name, ""));
        let is_number = stem.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (stem, kind, stem.len()) {
            (_, "json", 20) if is_number => {}
            (_, "tmp", 32) if is_number => temporary.push(entry.path()),
            ("spare", "", _) => {}
            _ => return Err(format!("there is a file named {name}")),
        }
    }
    Ok(temporary)
}
