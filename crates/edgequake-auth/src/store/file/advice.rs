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
        io::ErrorKind::ReadOnlyFilesystem => "; choose a folder that can be written, or mount it writable",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room",
        io::ErrorKind::NotADirectory => "; something on the way is no folder: choose another one",
        io::ErrorKind::StaleNetworkFileHandle => "; the network share was mounted anew: start again",
        io::ErrorKind::Unsupported => {
            "; this file system has no hard links and cannot rename without replacing: choose a folder on another one"
        }
        _ => "",
    }
}

/// A file that is no record.
pub(super) fn corrupt(path: &Path, what: &dyn std::fmt::Display) -> StoreError {
    let text = format!(
        "the token file {} {what}; it is left as it is: move it away, then log in again",
        path.display()
    );
    StoreError::new(StoreErrorKind::Corrupt, text)
}
