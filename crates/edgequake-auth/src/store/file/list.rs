//! The names in a folder.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// All names in the folder at `path`, in no order.
///
/// Not by [`std::fs::read_dir`], which panics where a folder cannot be closed and gives up when a signal arrives.
#[cfg(unix)]
pub(super) fn names(path: &Path) -> io::Result<Vec<OsString>> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use rustix::fs::{Dir, Mode, OFlags};
    use rustix::io::{Errno, retry_on_intr};

    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    'anew: loop {
        let folder = Dir::new(retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?)?;
        let mut names = Vec::new();
        for entry in folder {
            match entry {
                Ok(entry) => names.push(OsStr::from_bytes(entry.file_name().to_bytes()).to_owned()),
                Err(Errno::INTR) => continue 'anew,
                Err(error) => return Err(error.into()),
            }
        }
        return Ok(names);
    }
}

/// All names in the folder at `path`, in no order.
#[cfg(not(unix))]
pub(super) fn names(path: &Path) -> io::Result<Vec<OsString>> {
    std::fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect()
}
