//! [`ends_the_run`]: which failures would hit every file.

use crate::error::{Error, ErrorKind};

/// Whether an error would hit every other file as well. A 403 that no server of this API wrote, such as that of a gateway which dislikes one
/// content, does only where nothing has been taken yet.
pub(super) fn ends_the_run(error: &Error, uploaded: u64) -> bool {
    match error.kind() {
        ErrorKind::Config | ErrorKind::Insecure | ErrorKind::ForeignOrigin => true,
        ErrorKind::Credentials | ErrorKind::Unauthorized { .. } | ErrorKind::Locked => true,
        ErrorKind::Forbidden => error.code().is_some() || uploaded == 0,
        _ => false,
    }
}
