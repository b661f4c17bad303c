//! What an error of the file system means here, in one line.

use std::io;
use std::path::Path;

use crate::store::{StoreError, StoreErrorKind};

/// The error of doing `what` with `path`: what failed, why, and what to do.
pub(super) fn unavailable(what: &str, path: &Path, error: io::Error) -> StoreError {
    let advice = advice(&error);
    let text = format!("cannot {what} {}: {}{advice}", path.display(), reason(&error));
    StoreError::new(StoreErrorKind::Unavailable, text).with_source(error)
}

/// The system's own words, without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or_default();
    let mut letters = plain.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; it belongs to another user: choose another folder",
        io::ErrorKind::NotFound => {
            "; it cannot be made there, or was removed meanwhile: try again, or choose another folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; choose a folder that can be written, or mount it writable",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room",
        io::ErrorKind::NotADirectory => "; something on the way is no folder: choose another one",
        io::ErrorKind::AlreadyExists => {
            "; something else has this name, perhaps a link that leads nowhere: choose another folder"
        }
        io::ErrorKind::InvalidFilename => "; choose a folder with a shorter name",
        io::ErrorKind::StaleNetworkFileHandle => "; the network share was mounted anew: start again",
        io::ErrorKind::FileTooLarge => "; raise the limit for the size of files (`ulimit -f`)",
        // What `publish` says, and not the system.
        io::ErrorKind::Unsupported if error.raw_os_error().is_none() => {
            "; this file system has no hard links and cannot rename without replacing: choose a folder on another one"
        }
        io::ErrorKind::Unsupported => "; choose a folder on another file system",
        _ => advice_by_number(error.raw_os_error()),
    }
}

/// For what has no name in the standard library.
#[cfg(unix)]
fn advice_by_number(error: Option<i32>) -> &'static str {
    use rustix::io::Errno;

    match error.map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE) => "; close some, or raise the limit (`ulimit -n`)",
        Some(Errno::IO) => "; the disk or its connection is broken: look at the system's log",
        Some(Errno::LOOP) => "; a link on the way leads back to itself: choose another folder",
        _ => "",
    }
}

#[cfg(not(unix))]
fn advice_by_number(_: Option<i32>) -> &'static str {
    ""
}

/// A file that is no record.
pub(super) fn corrupt(path: &Path, what: &dyn std::fmt::Display) -> StoreError {
    let text = format!(
        "the token file {} {what}; it is left as it is: move it away, then log in again",
        path.display()
    );
    StoreError::new(StoreErrorKind::Corrupt, text)
}
