//! What an error of the file system means here, in one line.

use std::io;
use std::path::Path;

use crate::store::{StoreError, StoreErrorKind};

/// The error of doing `what` with `path`: what failed, why, and what to do.
pub(super) fn unavailable(what: &str, path: &Path, error: io::Error) -> StoreError {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => format!("; {}", who_denies(path)),
        _ => advice(&error).to_owned(),
    };
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
        io::ErrorKind::NotFound => {
            "; it cannot be made there, or was removed meanwhile: try again, or choose another folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; choose a folder that can be written, or mount it writable",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room",
        io::ErrorKind::NotADirectory => "; something on the way is no folder: choose another one",
        io::ErrorKind::AlreadyExists => {
            "; something else has this name, perhaps a link that leads nowhere: choose another folder"
        }
        io::ErrorKind::IsADirectory => "; a folder has the name of a file: move it away, then log in again",
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

/// Whose permissions are in the way of `path`, and what to do.
#[cfg(unix)]
fn who_denies(path: &Path) -> String {
    denial(path, rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn who_denies(_: &Path) -> String {
    "choose another folder, or change its permissions".to_owned()
}

/// For the user `me`. A folder on the way comes before what is in it, which cannot be reached as long as that is closed.
#[cfg(unix)]
fn denial(path: &Path, me: u32) -> String {
    use std::os::unix::fs::MetadataExt as _;

    // Of the last thing that exists it takes all rights, of the folders on the way there the right to go through.
    let (mut folder, mut last) = (0o700, true);
    let mut text =
        "not by its mode, but by an attribute, an access list or a policy: choose another folder".to_owned();
    for place in path.ancestors() {
        let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
        let Ok(found) = std::fs::metadata(place) else { continue };
        let needed = if found.is_dir() { folder } else { 0o600 };
        // Modes do not hold up root.
        if found.uid() == me && me != 0 && found.mode() & needed != needed {
            let rights = if found.is_dir() { "u+rwx" } else { "u+rw" };
            text = format!("run `chmod {rights} {}`", as_argument(place));
        } else if found.uid() != me && last {
            text = match place == path {
                true => "it belongs to another user: choose another folder".to_owned(),
                false => format!("{} belongs to another user: choose another folder", place.display()),
            };
        }
        (folder, last) = (0o100, false);
    }
    text
}

/// As a shell takes it.
#[cfg(unix)]
fn as_argument(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+@,:=".contains(letter);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    const NOBODY: u32 = 65_534;

    /// A folder of somebody for whom modes count, and who that is.
    fn own() -> (tempfile::TempDir, u32) {
        let folder = tempfile::tempdir().unwrap();
        let me = rustix::process::geteuid().as_raw();
        if me != 0 {
            return (folder, me);
        }
        chown(folder.path(), Some(NOBODY), None).unwrap();
        (folder, NOBODY)
    }

    #[test]
    fn a_folder_of_ones_own_is_to_be_opened_and_not_taken_for_somebody_elses() {
        let (folder, me) = own();
        let told = |path: &Path| denial(path, me).replace(&folder.path().display().to_string(), "F");
        for mode in [0o500, 0o000, 0o600] {
            fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(told(&folder.path().join("new")), "run `chmod u+rwx F`");
        }
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        assert_eq!(
            told(folder.path()),
            "not by its mode, but by an attribute, an access list or a policy: choose another folder"
        );
        let file = folder.path().join("it's a file");
        fs::write(&file, "").unwrap();
        chown(&file, Some(me), None).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
        assert_eq!(told(&file), r"run `chmod u+rw 'F/it'\''s a file'`");
        // What is in a closed folder comes second.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o600)).unwrap();
        assert_eq!(told(&file), "run `chmod u+rwx F`");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn what_belongs_to_somebody_else_is_told_as_that() {
        let (folder, me) = own();
        assert_eq!(denial(folder.path(), me + 1), "it belongs to another user: choose another folder");
        let within = folder.path().join("a/b");
        let told = denial(&within, me + 1);
        assert_eq!(
            told,
            format!("{} belongs to another user: choose another folder", folder.path().display())
        );
        assert!(denial(folder.path(), 0).starts_with(if me == 0 { "not by" } else { "it belongs" }));
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = fs::read_to_string(folder.path()).unwrap_err();
        let text = unavailable("read the token file", folder.path(), error).to_string();
        assert!(
            text.ends_with(
                ": is a directory; a folder has the name of a file: move it away, then log in again"
            ),
            "{text}"
        );
    }
}
