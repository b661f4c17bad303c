//! Making the name of a new file durable, as far as a file system has such a thing. Blocks.

use std::io;
use std::path::Path;

/// Writes a folder, and its own name in the folder above, to the disk.
///
/// # Errors
///
/// What goes wrong with the disk. A file system that writes no folders, or a folder above that is not ours to open, is none.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    sync(path)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn sync(path: &Path) -> io::Result<()> {
    loop {
        match std::fs::File::open(path).and_then(|folder| folder.sync_all()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if has_no_such_thing(&error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the token folder cannot be synced"
                );
                return Ok(());
            }
            result => return result,
        }
    }
}

#[cfg(unix)]
fn has_no_such_thing(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::InvalidInput
            | Kind::Unsupported
            | Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem
            | Kind::IsADirectory
    )
}

/// Folders are no files here.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
