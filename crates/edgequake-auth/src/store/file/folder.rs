//! One record as numbered files in a folder. All of it blocks.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use edgequake_types::Secret;

use super::advice::{corrupt, unavailable};
use super::list;
use super::names::{is_login, of_revision, revision};
use super::permissions::{make_folder, owner_only, restrict_to_owner};
use super::publish::publish;
use super::sync::{sync_folder, sync_names_above};
use crate::store::{LoginKey, Record, Revision, StoreError, Stored, Swap};

/// How many emptied files stay, so that a writer who was asleep finds its number taken.
const KEPT: u64 = 16;
/// Temporary files of writers that have died are removed after this.
const ABANDONED: Duration = Duration::from_secs(3600);
/// How often a reader begins anew when files disappear under it.
const TRIES: usize = 100;
/// A file of the right size, so that a disk that fills up meanwhile still has room for the successor of a token.
const SPARE: &str = "spare";

/// The folder of one login.
#[derive(Debug)]
pub(super) struct RecordFolder {
    path: PathBuf,
    above: Arc<Above>,
}

/// The folders above those of logins, as one store sees them.
#[derive(Debug)]
pub(super) struct Above {
    /// Their names are known to be on the disk: this process has made sure of it.
    is_durable: AtomicBool,
    sync: fn(&Path) -> io::Result<()>,
}

impl Above {
    /// `sync` makes the name of a folder durable, and those above it.
    pub(super) fn synced_by(sync: fn(&Path) -> io::Result<()>) -> Self {
        Self { is_durable: AtomicBool::new(false), sync }
    }
}

impl Default for Above {
    fn default() -> Self {
        Self::synced_by(sync_names_above)
    }
}

impl RecordFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, above: Arc::default() }
    }

    /// One of those of a store.
    pub(super) fn of_store(path: PathBuf, above: &Arc<Above>) -> Self {
        Self { path, above: Arc::clone(above) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The newest record, which must be `key`'s.
    pub(super) fn read(&self, key: &LoginKey) -> Result<Option<Stored>, StoreError> {
        let Some((number, found, record)) = self.newest()? else { return Ok(None) };
        if found != *key {
            return Err(corrupt(&of_revision(&self.path, number), &crate::store::RecordError::Misplaced));
        }
        Ok(Some(Stored::new(record, Revision(number))))
    }

    /// The newest record, whosever it is.
    pub(super) fn peek(&self) -> Result<Option<(LoginKey, Record)>, StoreError> {
        Ok(self.newest()?.map(|(_, key, record)| (key, record)))
    }

    fn newest(&self) -> Result<Option<(u64, LoginKey, Record)>, StoreError> {
        for _ in 0..TRIES {
            let Some(number) = self.numbers()?.into_iter().max() else { return Ok(None) };
            let path = of_revision(&self.path, number);
            let text = match fs::read_to_string(&path) {
                Ok(text) => Secret::new(text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(corrupt(&path, &"is not UTF-8"));
                }
                Err(error) => return Err(unavailable("read the token file", &path, error)),
            };
            if text.is_empty() && self.numbers()?.into_iter().max() != Some(number) {
                // Replaced and emptied between the look and the read.
                continue;
            }
            restrict_to_owner(&path);
            let (key, record) = Record::from_json(text.expose()).map_err(|error| corrupt(&path, &error))?;
            return Ok(Some((number, key, record)));
        }
        let text = format!("the token folder {} changes faster than it can be read", self.path.display());
        Err(StoreError::new(crate::store::StoreErrorKind::Busy, text))
    }

    /// The revisions that there are, in no order.
    fn numbers(&self) -> Result<Vec<u64>, StoreError> {
        let failed = |error| unavailable("read the token folder", &self.path, error);
        match list::names(&self.path) {
            Ok(names) => Ok(names.iter().filter_map(|name| revision(name.to_str()?)).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) fn compare_and_set(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        let present = self.numbers()?.into_iter().max();
        if present != expected.map(|revision| revision.0) {
            return Ok(Swap::Conflict);
        }
        let number = present.unwrap_or(0).saturating_add(1);
        let failed = |error| unavailable("write the token folder", &self.path, error);
        self.make().map_err(failed)?;
        let text = record.to_json(key).map_err(|error| corrupt(&self.path, &error))?;
        let text = text.expose().as_bytes();
        // Before anything is written: a disk without room for the successor is found out before its token is spent.
        let spare = match record.intent {
            Some(_) => Some(self.make_spare(text.len()).map_err(failed)?),
            None => None,
        };
        let temporary = self.temporary();
        let name = of_revision(&self.path, number);
        let published = self.write(&temporary, text).and_then(|()| publish(&temporary, &name));
        drop(fs::remove_file(&temporary));
        // A network share may tell an error of a thing that it has done.
        let published = match published {
            Ok(true) => Ok(true),
            _ if self.is_ours(&name, record) => Ok(true),
            failed => failed,
        };
        if let Some(spare) = spare {
            // Room for a record that is not there would be missing elsewhere.
            let kept = matches!(published, Ok(true)) && fs::rename(&spare, self.path.join(SPARE)).is_ok();
            if !kept {
                drop(fs::remove_file(spare));
            }
        }
        if !published.map_err(failed)? {
            return Ok(Swap::Conflict);
        }
        // The name is durable once the folder is.
        sync_folder(&self.path).map_err(failed)?;
        let newest = self.numbers()?.into_iter().max().unwrap_or(number);
        if newest > number.saturating_add(KEPT) {
            // We were asleep for so long that our number was given, used and removed meanwhile. Else it was ours, whatever was
            // written on top of it since.
            drop(fs::remove_file(&name));
            return Ok(Swap::Conflict);
        }
        self.tidy(newest);
        Ok(Swap::Done(Revision(number)))
    }

    /// Makes the folder, and those above it. Whoever has made them may have died, or have been told of a disk that fails, before
    /// their names were on it: so the first write of a process takes care of that.
    fn make(&self) -> io::Result<()> {
        if self.path.parent().is_some_and(|store| !store.exists()) {
            self.above.is_durable.store(false, Ordering::Release);
        }
        make_folder(&self.path.join(SPARE))?;
        if !self.above.is_durable.load(Ordering::Acquire) {
            if let Some(store) = self.path.parent() {
                (self.above.sync)(store)?;
            }
            self.above.is_durable.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// A name of its own for each try, also if the same record is written again.
    fn temporary(&self) -> PathBuf {
        self.path.join(format!("{}.tmp", crate::store::RandomId::random()))
    }

    #[cfg(test)]
    pub(super) fn leave_temporary(&self, key: &LoginKey, record: &Record) {
        let text = record.to_json(key).unwrap_or_default();
        drop(self.write(&self.temporary(), text.expose().as_bytes()));
    }

    /// Writes a complete file, in the room that was kept for it if there is any.
    fn write(&self, path: &Path, text: &[u8]) -> io::Result<()> {
        let spare = fs::rename(self.path.join(SPARE), path).is_ok();
        let mut options = OpenOptions::new();
        options.write(true).create_new(!spare);
        let mut file = owner_only(&mut options).open(path)?;
        file.write_all(text)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()
    }

    fn is_ours(&self, name: &Path, record: &Record) -> bool {
        let text = fs::read_to_string(name).map(Secret::new).ok();
        let found = text.and_then(|text| Record::from_json(text.expose()).ok());
        found.is_some_and(|(_, found)| found.write == record.write)
    }

    /// A complete file with room for twice as much: the next tokens may be longer. It is not used before it has its name.
    fn make_spare(&self, length: usize) -> io::Result<PathBuf> {
        let path = self.temporary();
        let mut options = OpenOptions::new();
        let mut file = owner_only(options.write(true).create_new(true)).open(&path)?;
        let written = file.write_all(&vec![b' '; length.saturating_mul(2)]).and_then(|()| file.sync_all());
        if let Err(error) = written {
            drop(fs::remove_file(&path));
            return Err(error);
        }
        Ok(path)
    }

    /// Empties what was replaced, and removes what is older. None of it may fail a write.
    fn tidy(&self, number: u64) {
        for old in self.numbers().unwrap_or_default() {
            let path = of_revision(&self.path, old);
            if old.saturating_add(KEPT) < number {
                drop(fs::remove_file(&path));
            } else if old < number && fs::metadata(&path).is_ok_and(|found| found.len() > 0) {
                drop(OpenOptions::new().write(true).truncate(true).open(&path));
            }
        }
        self.remove_abandoned();
    }

    fn remove_abandoned(&self) {
        for name in list::names(&self.path).unwrap_or_default() {
            let path = self.path.join(name);
            if path.extension().is_none_or(|extension| extension != "tmp") {
                continue;
            }
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            if has_its_name(&found) || age.is_some_and(|age| age > ABANDONED) {
                drop(fs::remove_file(path));
            }
        }
    }
}

/// Whether a temporary file is another name of a record: its writer died right before removing it, or is about to.
#[cfg(unix)]
fn has_its_name(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) > 1
}

#[cfg(not(unix))]
fn has_its_name(_: &fs::Metadata) -> bool {
    false
}

/// The folders of all logins below `path`.
pub(super) fn all(path: &Path) -> Result<Vec<RecordFolder>, StoreError> {
    let failed = |error| unavailable("read the token folder", path, error);
    let names = match list::names(path) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory && path.is_file() => {
            let text = format!(
                "{} is a file, and logins are kept in a folder: name another place, and take over a token file of the former format with `adopting`",
                path.display()
            );
            return Err(StoreError::new(crate::store::StoreErrorKind::Unavailable, text).with_source(error));
        }
        Err(error) => return Err(failed(error)),
    };
    let logins = names.into_iter().filter(|name| name.to_str().is_some_and(is_login));
    let folders = logins.map(|name| path.join(name)).filter(|path| may_be_folder(path));
    Ok(folders.map(RecordFolder::new).collect())
}

/// Whether there is a folder, as far as can be told: one that cannot be looked at is not taken for none.
fn may_be_folder(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(found) => found.is_dir(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}
