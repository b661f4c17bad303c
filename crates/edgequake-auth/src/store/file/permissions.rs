//! Files and folders for their owner only.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

/// Makes the folder of a file, mode 0700. One that exists is left as it is.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file that is made gets mode 0600 from its first instant.
#[cfg(unix)]
pub(super) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
pub(super) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Takes the rights of group and others away from a file that has them. Tells it once for each folder: there are file systems
/// whose files belong to everybody.
#[cfg(unix)]
pub(super) fn restrict_to_owner(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    let Ok(found) = fs::metadata(path) else { return };
    if found.permissions().mode() & 0o077 != 0 {
        let done = fs::set_permissions(path, fs::Permissions::from_mode(0o600)).is_ok();
        if is_new(path.parent().unwrap_or(path)) {
            tracing::warn!(path = %path.display(), done, "the token file was readable by others");
        }
    }
}

/// Whether nothing was told of a folder so far.
#[cfg(unix)]
fn is_new(folder: &Path) -> bool {
    static TOLD: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let new = !told.iter().any(|told| told == folder);
    if new {
        told.push(folder.to_owned());
    }
    new
}

#[cfg(not(unix))]
pub(super) fn restrict_to_owner(_: &Path) {}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::jwt::tests::log::Log;

    #[test]
    fn a_file_that_others_may_read_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::default();
        tracing::subscriber::with_default(log.clone(), || {
            for name in ["1.json", "1.json", "2.json"] {
                let path = folder.path().join(name);
                fs::write(&path, "").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
                restrict_to_owner(&path);
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        });
        assert_eq!(log.text().matches("readable by others").count(), 1, "{}", log.text());
    }
}
