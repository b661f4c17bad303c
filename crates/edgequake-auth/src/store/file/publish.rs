//! Giving a complete file its name, if nobody else has given that name to another.

use std::fs;
use std::io;
use std::path::Path;

/// Makes `complete` appear as `name`. `Ok(false)` if there is one already; then nothing was changed. `complete` is gone
/// afterwards, or is another name of the same file.
///
/// # Errors
///
/// [`Unsupported`](io::ErrorKind::Unsupported) where a file system can do none of this.
pub(super) fn publish(complete: &Path, name: &Path) -> io::Result<bool> {
    let error = match uninterrupted(|| fs::hard_link(complete, name)) {
        Ok(()) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => error,
    };
    // File systems have many ways to say that they have no hard links, so this is tried whatever the error was.
    match uninterrupted(|| rename::new(complete, name)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(other) if other.kind() == io::ErrorKind::Unsupported && !has_no_links(&error) => Err(error),
        Err(other) => Err(other),
    }
}

/// Again as long as a signal comes in between, as on a network share.
fn uninterrupted(mut work: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match work() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Whether a failure of `hard_link` says that there are none here.
fn has_no_links(error: &io::Error) -> bool {
    // EPERM is what Linux and macOS say for FAT and the like, ENOSYS and ENOTSUP what FUSE and network shares say.
    let kinds = [io::ErrorKind::PermissionDenied, io::ErrorKind::Unsupported, io::ErrorKind::TooManyLinks];
    // Windows says ERROR_INVALID_FUNCTION for FAT and exFAT, and ERROR_NOT_SUPPORTED for network shares.
    kinds.contains(&error.kind()) || (cfg!(windows) && matches!(error.raw_os_error(), Some(1 | 50)))
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod rename {
    use std::io;
    use std::path::Path;

    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;

    pub(super) fn new(from: &Path, to: &Path) -> io::Result<()> {
        renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(|error| match error {
            Errno::INVAL | Errno::NOSYS | Errno::NOTSUP => io::ErrorKind::Unsupported.into(),
            error => error.into(),
        })
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod rename {
    use std::io;
    use std::path::Path;

    pub(super) fn new(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
