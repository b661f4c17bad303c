//! [`Sources`]: the files of folders and lists, one after the other and a few at a time, looked at where blocking is allowed.

use std::collections::VecDeque;
use std::error::Error as _;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, Walk};

use super::event::SkipReason;
use super::rules::{Rules, Wanted};
use crate::body::FileUploadError;
use crate::error::{Error, ErrorKind};

/// How many files are looked at before others are.
const BATCH: usize = 64;

/// Where the files of a run come from.
pub(super) struct Sources(VecDeque<Source>);

/// A folder, or a list of files.
pub(super) enum Source {
    /// A folder that is still to be opened.
    Folder(PathBuf),
    Walk(Box<Walking>),
    Files(Box<dyn Iterator<Item = PathBuf> + Send>),
}

/// A folder that is being walked.
pub(super) struct Walking {
    root: PathBuf,
    walk: Walk,
    wanted: Wanted,
    barred: Barred,
}

/// Folders with rules that cannot be read: what they were to hold back is not known, so nothing below them is taken.
#[derive(Default)]
struct Barred(Vec<PathBuf>);

impl Barred {
    /// Folders come one after the other, each with all that is below it.
    fn has(&mut self, path: &Path) -> bool {
        self.0.retain(|folder| path.starts_with(folder));
        !self.0.is_empty()
    }
}

/// A file as it was found.
pub(super) enum Item {
    /// With the title that it gets where its name alone would not tell it from others.
    File {
        path: PathBuf,
        size: u64,
        title: Option<String>,
    },
    Skip {
        path: PathBuf,
        size: u64,
        reason: SkipReason,
    },
    Failed {
        path: PathBuf,
        error: Error,
    },
}

impl Sources {
    pub(super) fn new(first: Source) -> Self {
        Self(VecDeque::from([first]))
    }

    pub(super) fn add(&mut self, source: Source) {
        self.0.push_back(source);
    }

    /// The first folder, if there is one.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.0.iter().find_map(|source| match source {
            Source::Folder(root) => Some(root.as_path()),
            Source::Walk(walking) => Some(walking.root.as_path()),
            Source::Files(_) => None,
        })
    }

    /// Looks at the next files. Blocks. Without sources, they were the last.
    pub(super) fn next(mut self, rules: &Rules) -> (Option<Self>, Vec<Item>) {
        let Some(source) = self.0.pop_front() else { return (None, Vec::new()) };
        let (source, items) = source.next(rules);
        if let Some(source) = source {
            self.0.push_front(source);
        }
        (Some(self).filter(|sources| !sources.0.is_empty()), items)
    }
}

impl Source {
    /// Looks at the next files. Without a source, they were its last.
    fn next(self, rules: &Rules) -> (Option<Self>, Vec<Item>) {
        let mut source = match self {
            Self::Folder(root) => match rules.walk(&root) {
                Ok((walk, wanted)) => {
                    Self::Walk(Box::new(Walking { root, walk, wanted, barred: Barred::default() }))
                }
                Err(error) => {
                    let error = Error::new(ErrorKind::Request).because(error);
                    return (None, vec![Item::Failed { path: root, error }]);
                }
            },
            other => other,
        };
        let mut items = Vec::with_capacity(BATCH);
        // Also what is left out counts, or a folder of nothing else would be walked at once.
        for _ in 0..BATCH {
            let item = match &mut source {
                Self::Walk(walking) => match walking.walk.next() {
                    Some(entry) => walking.walked(entry, rules),
                    None => return (None, items),
                },
                Self::Files(paths) => match paths.next() {
                    Some(path) => Some(listed(path, rules)),
                    None => return (None, items),
                },
                Self::Folder(_) => return (None, items),
            };
            items.extend(item);
        }
        (Some(source), items)
    }
}

impl Walking {
    /// What the walk came upon; `None` for a folder, and for what is not wanted.
    fn walked(&mut self, entry: Result<DirEntry, ignore::Error>, rules: &Rules) -> Option<Item> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = path_of(&error).unwrap_or_default();
                // Of a folder above: its rules are for all.
                if error.is_partial() {
                    self.barred.0.push(PathBuf::new());
                }
                return Some(failed(path, io_error(error)));
            }
        };
        if self.barred.has(entry.path()) {
            return None;
        }
        if let Some(error) = entry.error() {
            let path = entry.path().to_owned();
            self.barred.0.push(path.clone());
            let note =
                format!("the rules of this folder cannot be read, so nothing in it was uploaded: {error}");
            return Some(Item::Failed { path, error: Error::new(ErrorKind::Request).note(note) });
        }
        let kind = entry.file_type()?;
        // The walk follows a root that is a link.
        let is_root = entry.depth() == 0 && kind.is_symlink() && entry.path().is_dir();
        if kind.is_dir() || is_root || !self.wanted.has(entry.path()) {
            return None;
        }
        let metadata = entry.metadata();
        let path = entry.into_path();
        Some(match metadata {
            Ok(_) if kind.is_symlink() => Item::Skip { path, size: 0, reason: SkipReason::Link },
            Ok(metadata) => self.item(path, &metadata, rules),
            Err(error) => failed(path, io_error(error)),
        })
    }

    fn item(&self, path: PathBuf, metadata: &Metadata, rules: &Rules) -> Item {
        let size = metadata.len();
        let reason = if !metadata.is_file() {
            SkipReason::NotAFile
        } else if !rules.takes_extension(&path) {
            SkipReason::Extension
        } else if !rules.takes_size(size) {
            SkipReason::TooLarge
        } else {
            // The path below the folder, where the name alone would not tell one `README.md` from another.
            let title = relative(&path, &self.root).filter(|relative| relative.contains('/'));
            return Item::File { path, size, title };
        };
        Item::Skip { path, size, reason }
    }
}

/// A file that was named is wanted, whatever its extension.
fn listed(path: PathBuf, rules: &Rules) -> Item {
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() && rules.takes_size(metadata.len()) => {
            Item::File { path, size: metadata.len(), title: None }
        }
        Ok(metadata) if metadata.is_file() => {
            Item::Skip { path, size: metadata.len(), reason: SkipReason::TooLarge }
        }
        Ok(_) => {
            let error = FileUploadError::NotAFile { path: path.clone() };
            Item::Failed { path, error: Error::of_failure(error.into()) }
        }
        Err(error) => failed(path, error),
    }
}

fn failed(path: PathBuf, source: io::Error) -> Item {
    let error = FileUploadError::Read { path: path.clone(), source };
    Item::Failed { path, error: Error::of_failure(error.into()) }
}

/// The path that an error of the walk is about.
fn path_of(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        ignore::Error::WithLineNumber { err, .. } | ignore::Error::WithDepth { err, .. } => path_of(err),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}

/// What the system says, without the path, which is told already.
fn io_error(error: ignore::Error) -> io::Error {
    match error {
        ignore::Error::Io(error) => {
            let mut cause = error.source();
            while let Some(inner) = cause {
                if let Some(code) = inner.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
                    return io::Error::from_raw_os_error(code);
                }
                cause = inner.source();
            }
            error
        }
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => io_error(*err),
        ignore::Error::Loop { .. } => io::Error::other("it is a link to a folder that it is in"),
        other => io::Error::other(other),
    }
}

/// The path below the folder, with slashes; `None` for one that is not below it.
fn relative(path: &Path, root: &Path) -> Option<String> {
    let below = path.strip_prefix(root).ok()?;
    let names: Vec<_> = below.iter().map(|name| name.to_string_lossy()).collect();
    (!names.is_empty()).then(|| names.join("/"))
}
