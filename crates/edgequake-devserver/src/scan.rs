//! The files of a directory, for a scan. Everything here blocks the thread.

use std::fs::{self, DirEntry, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// The maximum number of files that a scan looks at.
const MAX_ENTRIES: usize = 10_000;

/// The maximum size of a file, in bytes.
const FILE_LIMIT: u64 = 50 * 1024 * 1024;

/// Why a directory is not scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanError {
    /// It is not below a folder that may be scanned, whether it exists or not.
    Forbidden,
    /// There is no such directory.
    Missing,
}

/// What is in a directory, by paths below it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) files: Vec<PathBuf>,
    /// With the reasons.
    pub(crate) skipped: Vec<(PathBuf, &'static str)>,
}

/// The directory without links, if it may be scanned: one of the `roots`, which have no links, or below one.
pub(crate) fn resolve(roots: &[PathBuf], path: &Path) -> Result<PathBuf, ScanError> {
    let is_below = |real: &Path| roots.iter().any(|root| real.starts_with(root));
    if let Ok(real) = path.canonicalize() {
        return match is_below(&real) {
            true if real.is_dir() => Ok(real),
            true => Err(ScanError::Missing),
            false => Err(ScanError::Forbidden),
        };
    }
    // What does not exist is looked for only where the caller may look.
    let existing = path.ancestors().find_map(|ancestor| Some((ancestor, ancestor.canonicalize().ok()?)));
    let may_look = existing.is_some_and(|(ancestor, real)| {
        let rest = path.strip_prefix(ancestor).unwrap_or(path);
        is_below(&real) && rest.components().all(|part| matches!(part, Component::Normal(_)))
    });
    Err(if may_look { ScanError::Missing } else { ScanError::Forbidden })
}

/// The files of a directory, in the order of their names, those of a folder in its place. `choose` says why a file is left out, if it
/// is; of the others `max` are taken. Links are not followed.
pub(crate) fn files(
    directory: &Path,
    recursive: bool,
    max: usize,
    choose: impl Fn(&Path) -> Result<(), &'static str>,
) -> Found {
    let mut found = Found::default();
    // The next one is last.
    let mut waiting = vec![(PathBuf::new(), true)];
    while let Some((path, is_folder)) = waiting.pop() {
        if is_folder {
            match entries(&directory.join(&path)) {
                Ok(entries) => waiting.extend(entries.into_iter().rev().filter_map(|entry| {
                    let kind = entry.file_type().ok()?;
                    let is_top = path.as_os_str().is_empty();
                    let is_wanted = !kind.is_dir() || recursive;
                    let path = if is_top { entry.file_name().into() } else { path.join(entry.file_name()) };
                    is_wanted.then_some((path, kind.is_dir()))
                })),
                Err(_) => found.skipped.push((path, "the folder cannot be read")),
            }
            continue;
        }
        let kept = found.files.len();
        let reason = if kept + found.skipped.len() >= MAX_ENTRIES {
            found.skipped.push((path, "there are too many files"));
            return found;
        } else if !directory.join(&path).symlink_metadata().is_ok_and(|kind| kind.is_file()) {
            Err("it is not a regular file")
        } else if path.to_str().is_none() {
            Err("its name is not UTF-8")
        } else {
            choose(&path).and(if kept < max { Ok(()) } else { Err("max_files is reached") })
        };
        match reason {
            Ok(()) => found.files.push(path),
            Err(reason) => found.skipped.push((path, reason)),
        }
    }
    found
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<DirEntry>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// The content of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, &'static str> {
    let unreadable = |_| "it cannot be read";
    let mut content = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_LIMIT + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > FILE_LIMIT { Err("it is larger than 50 MiB") } else { Ok(content) }
}

#[cfg(test)]
mod tests;
