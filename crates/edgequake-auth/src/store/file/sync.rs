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

/// Makes the name of a folder durable, and those of the folders above it, up to where its file system begins.
///
/// # Errors
///
/// Those of [`sync_folder`].
#[cfg(unix)]
pub(super) fn sync_names_above(folder: &Path) -> io::Result<()> {
    above(folder).into_iter().try_for_each(sync)
}

/// The folders above on the same file system, the next one first.
#[cfg(unix)]
fn above(folder: &Path) -> Vec<&Path> {
    let device = |folder: &Path| {
        std::fs::metadata(folder).ok().map(|found| std::os::unix::fs::MetadataExt::dev(&found))
    };
    let own = device(folder);
    let above = folder.ancestors().skip(1);
    let above = above.map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    above.take_while(|above| own.is_some() && device(above) == own).collect()
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
pub(super) fn sync_names_above(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn every_folder_above_is_known_up_to_where_the_file_system_begins() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state/logins");
        std::fs::create_dir_all(&path).unwrap();
        let found = above(&path);
        assert_eq!(found[..2], [root.path().join("state"), root.path().to_owned()]);
        sync_names_above(&path).unwrap();
        assert_eq!(above(Path::new("src")), [Path::new(".")]);
        // Another file system is mounted there.
        if Path::new("/proc/self").exists() {
            assert_eq!(above(Path::new("/proc/sys/fs")), [Path::new("/proc/sys"), Path::new("/proc")]);
        }
        assert!(above(Path::new("/nowhere/logins")).is_empty());
    }
}
