//! [`Legacy`]: the one token file of version 0.1, from which logins move into folders of their own. All of it blocks.

mod disk;
pub(crate) mod format;
mod lock;

use std::path::PathBuf;

use self::lock::LockFile;
use super::folder::RecordFolder;
use crate::store::{LoginKey, ServerKey, StoreError, StoreErrorKind, Stored};

/// A token file of version 0.1 and the lock beside it.
#[derive(Debug)]
pub(super) struct Legacy {
    path: PathBuf,
}

impl Legacy {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Moves a login into `folder`, where nothing is yet. Programs of version 0.1 do not find it any more, since two that do
    /// not know of each other would spend each other's tokens.
    pub(super) fn adopt(&self, key: &LoginKey, folder: &RecordFolder) -> Result<Option<Stored>, StoreError> {
        let origin = key.server().origin().to_string();
        let wanted = |logins: &format::Logins| logins.find(&origin, key.account());
        if !key.server().prefix().is_empty() || wanted(&disk::read(&self.path)?).is_none() {
            return Ok(None);
        }
        let _lock = LockFile::of(&self.path).take()?;
        // Somebody else may have been faster.
        if let Some(stored) = folder.read(key)? {
            return Ok(Some(stored));
        }
        let mut logins = disk::read(&self.path)?;
        let Some(record) = wanted(&logins) else { return Ok(None) };
        let _ = folder.compare_and_set(key, None, &record).map_err(|error| {
            let text = format!("cannot take over the login in {}: {error}", self.path.display());
            StoreError::new(error.kind(), text).with_source(error)
        })?;
        // Taken out of the old file only once it is here, or another login is.
        let Some(stored) = folder.read(key)? else {
            let text = "a login of the former token file could not be taken over just now: try again";
            return Err(StoreError::new(StoreErrorKind::Busy, text));
        };
        logins.remove(&origin, key.account());
        if let Err(error) = disk::replace(&self.path, &logins) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a login that was taken over stays in the old token file"
            );
        }
        Ok(Some(stored))
    }

    /// The account that was saved last.
    pub(super) fn latest(&self, server: &ServerKey) -> Result<Option<String>, StoreError> {
        if !server.prefix().is_empty() {
            return Ok(None);
        }
        Ok(disk::read(&self.path)?.latest(&server.origin().to_string()))
    }
}
