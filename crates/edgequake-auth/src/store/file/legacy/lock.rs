//! [`LockFile`]: the lock of the former format, which keeps its programs from refreshing a login while it moves. Blocks.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::super::permissions::owner_only;
use super::disk::beside;
use crate::store::{StoreError, StoreErrorKind};

/// An advisory lock on a file of its own. The system releases it if its holder dies.
#[derive(Debug)]
pub(super) struct LockFile(PathBuf);

impl LockFile {
    /// The lock beside a token file.
    pub(super) fn of(path: &Path) -> Self {
        Self(beside(path, "", ".lock"))
    }

    /// Takes the lock until the result is dropped, if nobody has it. It waits for nobody.
    pub(super) fn take_now(&self) -> Taken {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let Ok(open) = owner_only(&mut options).open(&self.0) else { return Taken::Nowhere };
        match open.try_lock() {
            Ok(()) => Taken::Ours(open),
            Err(TryLockError::Error(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no locks on this file system");
                Taken::Nowhere
            }
            Err(TryLockError::WouldBlock) => Taken::BySomebody,
        }
    }

    /// Somebody has it for longer than is waited for.
    pub(super) fn is_held_for_too_long(&self) -> StoreError {
        let text = format!(
            "a program that uses the former token file holds the lock file {} for too long: end it, or log in again",
            self.0.display()
        );
        StoreError::new(StoreErrorKind::Busy, text)
    }
}

/// What became of a lock.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is ours until this is dropped.
    Ours(#[expect(dead_code, reason = "it is held")] File),
    /// It cannot be taken at all, so nobody else has it either.
    Nowhere,
    /// Somebody has it.
    BySomebody,
}
