//! The file itself: private from its first instant, replaced in one step. All of it blocks.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use edgequake_types::Secret;

use super::super::advice::{corrupt, unavailable};
use super::super::permissions::{make_folder, owner_only, restrict_to_owner};
use super::format::Logins;
use crate::store::StoreError;

/// The logins of a file; none if there is no file.
pub(super) fn read(path: &Path) -> Result<Logins, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Secret::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Logins::default()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(corrupt(path, &"is not UTF-8"));
        }
        Err(error) => return Err(unavailable("read the token file", path, error)),
    };
    restrict_to_owner(path);
    Logins::parse(text.expose()).map_err(|error| corrupt(path, &error))
}

/// Puts a new file in place of the old one. The caller holds the lock, so that the temporary name is ours.
pub(super) fn replace(path: &Path, logins: &Logins) -> Result<(), StoreError> {
    make_folder(path).map_err(|error| unavailable("make the folder of the token file", path, error))?;
    // A link is followed, not replaced.
    let path = &real(path);
    let temporary = temporary(path);
    let text = logins.render().map_err(|error| unavailable("write the token file", path, error.into()))?;
    let written = write_new(&temporary, &text).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        fs::remove_file(&temporary).ok();
        return Err(unavailable("write the token file", path, error));
    }
    // The new name is durable once the folder is.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| unavailable("write the token file", path, error))?;
    }
    Ok(())
}

/// What is written before it takes the place of the file at `path`. It has the secrets of that.
pub(super) fn temporary(path: &Path) -> PathBuf {
    beside(&real(path), ".", ".tmp")
}

/// Removes what a process has left that was killed. The caller holds the lock.
pub(super) fn remove_temporary(path: &Path) -> Result<(), StoreError> {
    let temporary = temporary(path);
    remove(&temporary).map_err(|error| unavailable("remove the temporary file", &temporary, error))
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    // Left by a process that was killed.
    remove(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = owner_only(&mut options).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// A name in the same folder.
pub(super) fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = OsString::from(before);
    name.push(path.file_name().unwrap_or_default());
    name.push(after);
    path.with_file_name(name)
}
