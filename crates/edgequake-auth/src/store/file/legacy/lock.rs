//! [`LockFile`]: the lock of version 0.1, which keeps its programs from refreshing a login while it moves. Blocks.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::permissions::owner_only;
use super::disk::beside;
use crate::store::{StoreError, StoreErrorKind};

/// How long a program of version 0.1 may need for its refresh, at the most that is waited for here.
const LIMIT: Duration = Duration::from_secs(8);
/// Pauses between two tries; there is no event for the release of an advisory lock.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// An advisory lock on a file of its own. The system releases it if its holder dies.
#[derive(Debug)]
pub(super) struct LockFile(PathBuf);

impl LockFile {
    /// The lock beside a token file.
    pub(super) fn of(path: &Path) -> Self {
        Self(beside(path, "", ".lock"))
    }

    /// Takes the lock until the result is dropped. `None` where it cannot be taken at all, so that nobody else has it either.
    pub(super) fn take(&self) -> Result<Option<File>, StoreError> {
        self.take_within(LIMIT)
    }

    /// The same, unless somebody has it.
    pub(super) fn take_now(&self) -> Result<Option<File>, StoreError> {
        self.take_within(Duration::ZERO)
    }

    fn take_within(&self, limit: Duration) -> Result<Option<File>, StoreError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let Ok(open) = owner_only(&mut options).open(&self.0) else { return Ok(None) };
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match open.try_lock() {
                Ok(()) => return Ok(Some(open)),
                Err(TryLockError::Error(error)) => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "no locks on this file system");
                    return Ok(None);
                }
                Err(TryLockError::WouldBlock) if start.elapsed() < limit => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    let text = format!(
                        "a program that uses the former token file holds the lock file {} for too long: end it, or log in again",
                        self.0.display()
                    );
                    return Err(StoreError::new(StoreErrorKind::Busy, text));
                }
            }
        }
    }
}
