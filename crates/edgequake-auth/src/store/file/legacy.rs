//! [`Legacy`]: the one token file of the former format, from which logins move into folders of their own. All of it blocks.

mod disk;
pub(crate) mod format;
mod lock;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use self::lock::{LockFile, Taken};
use super::folder::RecordFolder;
use crate::store::{
    LoginKey, RandomId, Record, ServerKey, Status, StoreError, StoreErrorKind, Stored, fingerprint,
};

/// A token file of the former format and the lock beside it.
#[derive(Debug)]
pub(super) struct Legacy {
    path: PathBuf,
    /// The logins that are known to have left it.
    moved: Mutex<Vec<LoginKey>>,
    /// The sessions in it whose place another has taken.
    replaced: Mutex<Vec<(LoginKey, RandomId)>>,
}

/// Where a login is.
#[derive(Debug)]
pub(super) enum Found {
    Nowhere,
    /// It has moved, now or just before.
    Here(Box<Stored>),
    /// It is in the old file, whose lock somebody has.
    There(Box<Record>),
}

impl Legacy {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, moved: Mutex::default(), replaced: Mutex::default() }
    }

    /// Moves a login into `folder`, where nothing is yet. Programs that use the former format do not find it any more, since two that do
    /// not know of each other would spend each other's tokens.
    pub(super) fn adopt(&self, key: &LoginKey, folder: &RecordFolder) -> Result<Found, StoreError> {
        let Some(there) = self.find(key)? else { return Ok(Found::Nowhere) };
        let _lock = match LockFile::of(&self.path).take_now() {
            Taken::BySomebody => return Ok(Found::There(Box::new(there))),
            taken => taken,
        };
        // Somebody else may have been faster.
        if let Some(stored) = folder.read(key)? {
            return Ok(Found::Here(Box::new(stored)));
        }
        let mut logins = disk::read(&self.path)?;
        let Some(record) = find(&logins, key) else { return Ok(Found::Nowhere) };
        let _ = folder.compare_and_set(key, None, &record).map_err(|error| {
            let text = format!("cannot take over the login in {}: {error}", self.path.display());
            StoreError::new(error.kind(), text).with_source(error)
        })?;
        // Taken out of the old file only once it is here, or another login is.
        let Some(stored) = folder.read(key)? else {
            let text = "a login of the former token file could not be taken over just now: try again";
            return Err(StoreError::new(StoreErrorKind::Busy, text));
        };
        logins.remove(&key.server().origin().to_string(), key.account());
        match disk::replace(&self.path, &logins) {
            Ok(()) => self.is_moved(key),
            Err(error) => stays(&error),
        }
        Ok(Found::Here(Box::new(stored)))
    }

    /// The login in the old file.
    pub(super) fn find(&self, key: &LoginKey) -> Result<Option<Record>, StoreError> {
        if !key.server().prefix().is_empty() {
            return Ok(None);
        }
        Ok(find(&disk::read(&self.path)?, key))
    }

    /// Another session, or the end of this one, is stored here in the place of one that is in the old file. It leaves that with the
    /// next look.
    pub(super) fn is_replaced(&self, key: &LoginKey, session: RandomId) {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner).push((key.clone(), session));
        self.moved().retain(|moved| moved != key);
    }

    fn was_replaced(&self, key: &LoginKey, session: RandomId) -> bool {
        let replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        replaced.iter().any(|(owner, replaced)| owner == key && *replaced == session)
    }

    /// What to tell whoever has waited for the lock for too long.
    pub(super) fn is_held_for_too_long(&self) -> StoreError {
        LockFile::of(&self.path).is_held_for_too_long()
    }

    /// Removes what is left in the old file of a login that is stored here: whoever took it over may have been killed before it
    /// was taken out, or while it was. Looks once in a run of the program; nothing of it may fail a read.
    pub(super) fn finish(&self, key: &LoginKey, stored: &Record) {
        if !key.server().prefix().is_empty() || self.moved().contains(key) {
            return;
        }
        match self.remove_rest(key, stored) {
            Ok(true) => {}
            // A program that uses the former format is at it: next time.
            Ok(false) => return,
            Err(error) => stays(&error),
        }
        self.is_moved(key);
    }

    /// Whether nothing is left; not if somebody has the lock.
    fn remove_rest(&self, key: &LoginKey, stored: &Record) -> Result<bool, StoreError> {
        let origin = key.server().origin().to_string();
        let is_left = |logins: &format::Logins| {
            find(logins, key)
                .is_some_and(|left| is_same_login(&left, stored) || self.was_replaced(key, left.session))
        };
        if !is_left(&disk::read(&self.path)?) && !disk::temporary(&self.path).exists() {
            return Ok(true);
        }
        let _lock = match LockFile::of(&self.path).take_now() {
            Taken::BySomebody => return Ok(false),
            taken => taken,
        };
        disk::remove_temporary(&self.path)?;
        let mut logins = disk::read(&self.path)?;
        if is_left(&logins) {
            logins.remove(&origin, key.account());
            disk::replace(&self.path, &logins)?;
        }
        Ok(true)
    }

    fn is_moved(&self, key: &LoginKey) {
        self.moved().push(key.clone());
    }

    fn moved(&self) -> std::sync::MutexGuard<'_, Vec<LoginKey>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account that was saved last.
    pub(super) fn latest(&self, server: &ServerKey) -> Result<Option<String>, StoreError> {
        if !server.prefix().is_empty() {
            return Ok(None);
        }
        Ok(disk::read(&self.path)?.latest(&server.origin().to_string()))
    }
}

/// A login of the old file as a record, which is the same session each time it is looked at.
fn find(logins: &format::Logins, key: &LoginKey) -> Option<Record> {
    let mut record = logins.find(&key.server().origin().to_string(), key.account())?;
    if let Status::Active(tokens) = &mut record.status {
        // By this it is known again, also once it was refreshed, if it could not be taken out of the old file.
        record.began_with = tokens.refresh_token.as_ref().map(fingerprint);
        record.session = tokens.access_token.as_ref().map_or(record.session, fingerprint);
        tokens.version.nonce = record.session;
    }
    Some(record)
}

fn stays(error: &StoreError) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "a login that was taken over may still be in the old token file"
    );
}

/// Whether what is left in the old file is what the stored session began with. A login that a program has saved there
/// since is another one.
fn is_same_login(left: &Record, stored: &Record) -> bool {
    let (Some(left), tokens) = (left.tokens(), stored.tokens()) else { return false };
    match &left.refresh_token {
        Some(token) => {
            let token = fingerprint(token);
            stored.began_with == Some(token) || stored.spent.contains(&token)
        }
        None => tokens.is_some_and(|tokens| tokens.access_token == left.access_token),
    }
}
