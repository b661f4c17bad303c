//! Removing logins that ended long ago. Nothing of it may fail a write. All of it blocks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::folder::{RecordFolder, all};
use super::list;
use super::names::{self, REMOVED};
use crate::store::{Record, Status};

/// How long an ended login stays readable.
const ENDED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Removes them once in a run of the program and folder.
pub(super) fn prune(path: &Path) {
    static DONE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    {
        let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
        if done.iter().any(|done| done == path) {
            return;
        }
        done.push(path.to_owned());
    }
    prune_now(path);
}

pub(super) fn prune_now(path: &Path) {
    for folder in all(path).unwrap_or_default() {
        if let Ok(Some((_, Record { status: Status::Ended { at, .. }, .. }))) = folder.peek()
            && SystemTime::now().duration_since(at).is_ok_and(|age| age > ENDED)
        {
            remove_ended(path, folder.path());
        }
    }
    // What was moved aside by a process that was killed then.
    for name in list::names(path).unwrap_or_default() {
        if name.to_str().is_some_and(|name| name.starts_with(REMOVED)) {
            settle(path, &path.join(name));
        }
    }
}

/// Removes a login that has ended, in one step for everybody else.
fn remove_ended(path: &Path, folder: &Path) {
    let aside = path.join(format!("{REMOVED}{}", crate::store::RandomId::random()));
    if fs::rename(folder, &aside).is_ok() {
        settle(path, &aside);
    }
}

/// Removes what was moved aside. If somebody had logged in again just before, it goes back to its place, unless there is a login
/// of its account by now, which has taken its place.
fn settle(path: &Path, aside: &Path) {
    let over = match RecordFolder::new(aside.to_owned()).peek() {
        Ok(Some((key, record))) if record.tokens().is_some() => {
            let place = path.join(names::of_login(&key));
            fs::rename(aside, &place).is_err() && matches!(RecordFolder::new(place).peek(), Ok(Some(_)))
        }
        Ok(_) => true,
        Err(_) => is_emptied(aside),
    };
    if over {
        drop(fs::remove_dir_all(aside));
    }
}

/// Whether its removal had begun: of a record nothing is left but what it had replaced.
fn is_emptied(aside: &Path) -> bool {
    let names = list::names(aside).unwrap_or_default();
    let mut records =
        names.iter().filter(|name| name.to_str().is_some_and(|name| names::revision(name).is_some()));
    records.all(|name| fs::metadata(aside.join(name)).is_ok_and(|found| found.is_file() && found.len() == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{EndReason, LoginKey, RandomId, ServerKey, StoredTokens, Swap};

    fn key() -> LoginKey {
        ServerKey::new("https://api.example.com".parse().unwrap(), "").account("mona")
    }

    fn active() -> Record {
        Record::new(StoredTokens::new(Some("a1".into()), Some("r1".into())), SystemTime::now())
    }

    fn ended(age: Duration) -> Record {
        let mut record = active();
        record.status = Status::ended(EndReason::LoggedOut, SystemTime::now() - age);
        record
    }

    fn put(folder: &Path, record: &Record) {
        let folder = RecordFolder::new(folder.to_owned());
        let present = folder.read(&key()).unwrap().map(|stored| stored.revision);
        assert!(matches!(folder.compare_and_set(&key(), present, record), Ok(Swap::Done(_))));
    }

    fn names_in(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn aside(path: &Path) -> PathBuf {
        path.join(format!("{REMOVED}{}", RandomId::random()))
    }

    #[test]
    fn a_login_that_ended_long_ago_is_removed_and_no_other() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join(names::of_login(&key()));
        for (record, stays) in
            [(active(), true), (ended(ENDED / 2), true), (ended(ENDED + Duration::from_secs(60)), false)]
        {
            put(&place, &record);
            prune_now(root.path());
            assert_eq!(place.exists(), stays);
        }
        assert_eq!(names_in(root.path()), [""; 0]);
    }

    #[test]
    fn what_a_killed_process_has_moved_aside_is_removed_or_comes_back() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join(names::of_login(&key()));
        // It had ended.
        put(&aside(root.path()), &ended(ENDED));
        // Its removal had begun.
        let begun = aside(root.path());
        put(&begun, &active());
        put(&begun, &ended(ENDED));
        fs::remove_file(begun.join("00000000000000000002.json")).unwrap();
        prune_now(root.path());
        assert_eq!(names_in(root.path()), [""; 0]);
        // Somebody had logged in just before it was moved.
        put(&aside(root.path()), &active());
        prune_now(root.path());
        assert_eq!(names_in(root.path()), [names::of_login(&key())]);
        // And again before it came back.
        put(&aside(root.path()), &active());
        let later = active();
        put(&place, &later);
        prune_now(root.path());
        assert_eq!(names_in(root.path()), [names::of_login(&key())]);
        let found = RecordFolder::new(place).peek().unwrap().unwrap().1;
        assert_eq!(found.write, later.write);
    }

    #[test]
    fn what_cannot_be_read_is_left() {
        let root = tempfile::tempdir().unwrap();
        let damaged = aside(root.path());
        put(&damaged, &ended(ENDED));
        fs::write(damaged.join("00000000000000000001.json"), "{").unwrap();
        prune_now(root.path());
        assert!(damaged.exists());
    }
}
