//! Each system call of the store fails once, or from then on, or is the last that its process makes.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::{Bench, Start};
use crate::calls::errors;
use crate::child::{Job, REFRESHES};

/// What happens at which of the calls.
struct Case {
    call: String,
    number: usize,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fails(&'static str),
    /// This call and all after it.
    FailsForGood,
    Killed,
}

/// The figures.
#[derive(Debug, Default)]
struct Tally {
    failures: usize,
    failures_for_good: usize,
    kills: usize,
    refreshed: usize,
    /// What was told of what did not take place, or not wholly.
    refused: usize,
    /// Sessions that were lost because the process ended between the answer and its name in the folder: killed, or with a disk
    /// that did not come back.
    lost_with_the_process: usize,
    /// Temporary files that were left, private and without a secret in their names.
    left: usize,
    told: BTreeSet<String>,
    wrong: Vec<String>,
}

#[test]
#[ignore = "needs strace: cargo xtask disk"]
fn each_system_call_of_the_store_fails_once() {
    try_all(&Bench::new(Start::Folder, Job::Refresh), "refreshes");
}

#[test]
#[ignore = "needs strace: cargo xtask disk"]
fn each_system_call_fails_once_while_a_login_in_the_former_format_is_taken_over() {
    try_all(&Bench::new(Start::Legacy, Job::Refresh), "adoption and refreshes");
}

#[test]
#[ignore = "needs strace: cargo xtask disk"]
fn each_system_call_of_a_first_login_fails_once() {
    try_all(&Bench::new(Start::Folder, Job::LogIn), "logins");
}

#[test]
#[ignore = "needs strace: cargo xtask disk"]
fn each_system_call_of_a_logout_fails_once() {
    try_all(&Bench::new(Start::Folder, Job::LogOut), "logouts");
}

#[test]
#[ignore = "needs strace: cargo xtask disk"]
fn each_system_call_fails_once_while_somebody_logs_out_of_a_login_in_the_former_format() {
    try_all(&Bench::new(Start::Legacy, Job::LogOut), "adoption and logouts");
}

fn try_all(bench: &Bench, what: &str) {
    let calls = bench.calls();
    println!("{what}: system calls of the store: {calls:?}");
    let cases: Vec<_> = calls
        .iter()
        .flat_map(|(call, count)| (1..=*count).map(move |number| (call, number)))
        .flat_map(|(call, number)| {
            let writes = ["linkat", "write", "fsync"].contains(&call.as_str());
            let for_good = writes.then_some(Fate::FailsForGood);
            let fates =
                errors(call).iter().map(|error| Fate::Fails(error)).chain([Fate::Killed]).chain(for_good);
            fates.map(move |fate| Case { call: call.clone(), number, fate })
        })
        .collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(bench, case, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    let Tally { failures, failures_for_good, kills, refreshed, refused, lost_with_the_process, left, .. } =
        &tally;
    println!(
        "{what}: {failures} failures, {failures_for_good} that stayed, {kills} kills: {refreshed} {what}, {refused} times it was said \
         what did not work; {lost_with_the_process} sessions lost with a process that was killed, or whose disk did not come back, \
         before its answer was on the disk; {left} temporary files left"
    );
    let told: Vec<_> = tally.told.iter().map(|text| format!("  {text}\n")).collect();
    println!("{what}: {} rules broken; what was told:\n{}", tally.wrong.len(), told.concat());
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!(failures + failures_for_good + kills, cases.len());
}

fn run(bench: &Bench, case: &Case, tally: &Mutex<Tally>) {
    let Case { call, number, fate } = case;
    let inject = match fate {
        Fate::Fails(error) => format!("{call}:error={error}:when={number}"),
        Fate::FailsForGood => format!("{call}:error=EIO:when={number}+"),
        Fate::Killed => format!("{call}:signal=SIGKILL:when={number}"),
    };
    let (run, found) = bench.suffer(call, &inject);
    let mut tally = tally.lock().unwrap();
    match fate {
        Fate::Fails(_) => tally.failures += 1,
        Fate::FailsForGood => tally.failures_for_good += 1,
        Fate::Killed => tally.kills += 1,
    }
    let problem = match found {
        Err(problem) => Some(problem),
        Ok(_) if run.killed != (*fate == Fate::Killed) => Some("it did not happen".to_owned()),
        Ok(_) if run.unsettled && *fate != Fate::FailsForGood => Some("it was not saved".to_owned()),
        Ok(found) => {
            tally.refreshed += found.refreshes;
            tally.refused += run.failures.len();
            tally.lost_with_the_process += usize::from(found.lost);
            tally.left += found.left;
            None
        }
    };
    tally.wrong.extend(problem.map(|problem| format!("{inject}: {problem}; {:?}", run.failures)));
    tally.told.extend(run.failures);
}

#[test]
#[ignore = "needs strace: cargo xtask disk"]
fn a_disk_without_hard_links_renames() {
    let bench = Bench::new(Start::Folder, Job::Refresh);
    for error in ["EPERM", "ENOSYS", "EOPNOTSUPP", "EMLINK", "EINVAL", "EXDEV"] {
        let (run, found) = bench.suffer("linkat", &format!("linkat:error={error}"));
        assert_eq!(run.refreshed, REFRESHES, "{error}: {:?}", run.failures);
        assert_eq!(found.map(|found| found.refreshes), Ok(REFRESHES), "{error}");
    }
    println!("a disk that has no hard links and says so in any of six ways: works by renaming");
}
