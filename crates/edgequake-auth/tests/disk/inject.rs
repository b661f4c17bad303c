//! Each system call of the store fails once, or is the last that its process makes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use edgequake_auth::{AuthContext, Credentials as _, FileStore, Record, TokenStore as _};
use edgequake_devserver::{DevServer, SessionEvent, SessionId};
use tokio::runtime::Runtime;

use crate::calls::{errors, is_about_memory_or_time};
use crate::child::{EXCHANGE, ORDERS, REFRESHES};
use crate::dev;

/// What one run of the child came to.
struct Run {
    refreshed: usize,
    failures: Vec<String>,
    unsettled: bool,
    killed: bool,
    /// What it wrote to its standard error.
    complaints: String,
}

/// What happens at which of the calls.
struct Case {
    call: String,
    number: usize,
    /// `None` if the process is killed there.
    error: Option<&'static str>,
}

/// The figures.
#[derive(Debug, Default)]
struct Tally {
    failures: usize,
    kills: usize,
    refreshed: usize,
    /// Refreshes that did not take place, each with an error and without a token spent.
    refused: usize,
    /// Sessions that were lost because the process was killed between the answer and its name in the folder.
    lost_with_the_process: usize,
    told: BTreeSet<String>,
    wrong: Vec<String>,
}

#[test]
#[ignore = "needs strace: cargo xtask disk"]
fn each_system_call_of_the_store_fails_once() {
    let strace = std::env::var("EDGEQUAKE_TEST_STRACE").unwrap_or_else(|_| "strace".to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(dev::start());
    let bench = Bench { runtime, server, strace };
    let calls = bench.calls();
    println!("system calls of the store for a first refresh and a second: {calls:?}");
    let cases: Vec<_> = calls
        .iter()
        .flat_map(|(call, count)| (1..=*count).map(move |number| (call, number)))
        .flat_map(|(call, number)| {
            let errors = errors(call).iter().copied().map(Some).chain([None]);
            errors.map(move |error| Case { call: call.clone(), number, error })
        })
        .collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    bench.run(case, &tally);
                }
            });
        }
    });
    let Tally { failures, kills, refreshed, refused, lost_with_the_process, told, wrong } =
        tally.into_inner().unwrap();
    println!(
        "{failures} failures and {kills} kills; {refreshed} refreshes, {refused} that were not begun and said why; \
         {lost_with_the_process} sessions lost with a process that was killed before its answer was on the disk"
    );
    println!("what was told:");
    told.iter().for_each(|text| println!("  {text}"));
    println!("{} rules broken", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((failures + kills, told.is_empty()), (cases.len(), false));
}

struct Bench {
    runtime: Runtime,
    server: DevServer,
    strace: String,
}

impl Bench {
    /// How often the store makes each system call.
    fn calls(&self) -> BTreeMap<String, usize> {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let store = FileStore::new(folder.path().join("logins"));
        self.runtime.block_on(dev::log_in(&self.server, &store));
        let output = ["--output", log.to_str().unwrap()];
        let run = self.child(store.path(), &output);
        assert_eq!((run.refreshed, run.unsettled), (REFRESHES, false), "{:?}", run.failures);
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

    /// Lets a child refresh while its store fails, then looks at what is left.
    fn run(&self, case: &Case, tally: &Mutex<Tally>) {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path().join("logins"));
        let session = self.runtime.block_on(dev::log_in(&self.server, &store));
        let Case { call, number, error } = case;
        let what = error.map_or_else(|| "signal=SIGKILL".to_owned(), |error| format!("error={error}"));
        let inject = format!("{call}:{what}:when={number}");
        let arguments =
            [format!("--trace={call}"), format!("--inject={inject}"), "--output=/dev/null".to_owned()];
        let run = self.child(store.path(), &arguments);
        let found = self.look(&store, session, &run);
        let mut tally = tally.lock().unwrap();
        match error {
            Some(_) => tally.failures += 1,
            None => tally.kills += 1,
        }
        match found {
            _ if run.killed != error.is_none() => tally.wrong.push(format!("{inject} did not happen")),
            Ok((refreshes, lost)) => {
                tally.refreshed += refreshes;
                tally.refused += run.failures.len();
                tally.lost_with_the_process += usize::from(lost);
                let address = self.server.addr().to_string();
                let told = run.failures.iter();
                tally.told.extend(told.map(|text| text.replace(&address.replace(':', "_"), "LOGIN")));
            }
            Err(problem) => tally.wrong.push(format!("{inject}: {problem}; {:?}", run.failures)),
        }
    }

    /// How many tokens were spent, and whether the session is lost, with good reason.
    fn look(&self, store: &FileStore, session: SessionId, run: &Run) -> Result<(usize, bool), String> {
        are_private(store.path())?;
        if !run.complaints.is_empty() {
            return Err(run.complaints.lines().take(3).collect());
        }
        let record = self.read(store)?;
        let refreshes = self.count(session, |event| *event == SessionEvent::Refreshed);
        let saved = record.tokens().map(|tokens| tokens.version.counter).unwrap_or_default();
        if run.killed && saved == refreshes as u64 && record.is_unsettled() {
            return Ok((refreshes, true));
        }
        // The tokens of the login are the first.
        if saved != refreshes as u64 + 1 {
            return Err(format!("{refreshes} tokens were spent, and the newest saved is {saved}"));
        }
        if !run.killed && (run.unsettled || run.refreshed + run.failures.len() != REFRESHES) {
            return Err("it did not come to an end".to_owned());
        }
        if refreshes < run.refreshed {
            return Err(format!("{} were told, {refreshes} took place", run.refreshed));
        }
        // Whoever comes next goes on from there.
        let jwt = dev::provider(self.server.addr(), "next", store).timeout(EXCHANGE);
        let jwt = jwt.build().map_err(|error| error.to_string())?;
        let next = self.runtime.block_on(jwt.authorize(&AuthContext::new(jwt.origin().clone())));
        next.map_err(|error| format!("the next process: {error}"))?;
        let bad = |event: &SessionEvent| !matches!(event, SessionEvent::LoggedIn | SessionEvent::Refreshed);
        match self.count(session, bad) {
            0 => Ok((refreshes, false)),
            bad => Err(format!("{bad} refusals")),
        }
    }

    fn count(&self, session: SessionId, which: impl Fn(&SessionEvent) -> bool) -> usize {
        self.server.ledger().of(session).iter().filter(|entry| which(&entry.event)).count()
    }

    fn read(&self, store: &FileStore) -> Result<Record, String> {
        let stored = self.runtime.block_on(store.read(&dev::key(&self.server)));
        let stored = stored.map_err(|error| error.to_string())?;
        stored.map(|stored| stored.record).ok_or_else(|| "there is no record".to_owned())
    }

    fn child(&self, folder: &Path, watch: &[impl AsRef<std::ffi::OsStr>]) -> Run {
        let complaints = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child::refreshes_twice", "--exact", "--nocapture"])
            .env(ORDERS, format!("{}|{}", self.server.addr(), folder.display()))
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
            failures: Vec::new(),
            unsettled: false,
            killed: false,
            complaints: String::new(),
        };
        for line in lines {
            match line.split_once(' ') {
                None if line == "refreshed" => run.refreshed += 1,
                None if line == "unsettled" => run.unsettled = true,
                Some(("failed", text)) => {
                    run.failures.push(text.replace(&folder.display().to_string(), "FOLDER"));
                }
                _ => assert_eq!(line, "end"),
            }
        }
        run.killed = child.wait().unwrap().signal().is_some();
        strace.wait().unwrap();
        run.complaints = std::fs::read_to_string(complaints.path()).unwrap();
        run
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

/// Everything below is its owner's only, and no name holds more than numbers.
fn are_private(path: &Path) -> Result<(), String> {
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let (found, name) = (entry.metadata().unwrap(), entry.file_name());
        if found.mode() & 0o077 != 0 {
            return Err(format!("{} has the mode {:o}", name.display(), found.mode()));
        }
        if found.is_dir() {
            are_private(&entry.path())?;
        }
    }
    Ok(())
}
