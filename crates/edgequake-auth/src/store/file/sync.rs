//! Making the name of a new file durable, as far as a file system has such a thing. Blocks.

use std::io;
use std::path::{Path, PathBuf};

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

/// The folders of a path that are not there yet, the last one first.
pub(super) fn missing(path: &Path) -> Vec<PathBuf> {
    let folders = path.ancestors().filter(|folder| !folder.as_os_str().is_empty());
    folders.take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Makes the names of folders durable that were just made.
#[cfg(unix)]
pub(super) fn sync_names(made: &[PathBuf]) -> io::Result<()> {
    let above = made.iter().filter_map(|folder| folder.parent());
    let mut above = above.map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    above.try_for_each(sync)
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
pub(super) fn sync_names(_: &[PathBuf]) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_that_is_to_be_made_is_known() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state/logins/mona");
        let expected = ["state/logins/mona", "state/logins", "state"].map(|name| root.path().join(name));
        assert_eq!(missing(&path), expected);
        std::fs::create_dir_all(&path).unwrap();
        assert!(missing(&path).is_empty());
        sync_names(&expected).unwrap();
        assert_eq!(missing(Path::new("nowhere/logins")), ["nowhere/logins", "nowhere"].map(PathBuf::from));
    }
}
