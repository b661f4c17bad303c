//! [`Ends`]: which failures would hit every file.

use crate::error::{Error, ErrorKind};
use crate::transport::TooManyOpenFiles;

/// After how many files in a row that got no connection, each after all its retries, the server is taken for dead.
const UNREACHED: u32 = 3;

/// What tells whether the failure of a file ends the run.
#[derive(Default)]
pub(super) struct Ends {
    /// How many files in a row got no connection.
    unreached: u32,
}

impl Ends {
    /// The server has answered.
    pub(super) fn reached(&mut self) {
        self.unreached = 0;
    }

    /// Whether the failure of a file ends the run, of which so many files were uploaded.
    pub(super) fn at(&mut self, error: &Error, uploaded: u64) -> bool {
        if is_unreached(error) {
            self.unreached += 1;
        } else if error.status().is_some() {
            self.reached();
        }
        self.unreached >= UNREACHED || ends_the_run(error, uploaded)
    }
}

/// Whether there was no connection, and not for want of something on this side.
fn is_unreached(error: &Error) -> bool {
    error.kind() == ErrorKind::Connect && error.find::<TooManyOpenFiles>().is_none()
}

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

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_server_that_is_not_reached_again_and_again_is_dead() {
        let refused = Error::new(ErrorKind::Connect);
        let busy = Error::new(ErrorKind::Unavailable).with_status(StatusCode::SERVICE_UNAVAILABLE);
        let unreadable = Error::new(ErrorKind::Request);
        let mut ends = Ends::default();
        assert!(!ends.at(&refused, 0) && !ends.at(&refused, 0));
        // It lives.
        assert!(!ends.at(&busy, 0) && !ends.at(&refused, 0) && !ends.at(&refused, 0));
        ends.reached();
        // What is wrong with a file says nothing of the server.
        assert!(!ends.at(&refused, 0) && !ends.at(&unreadable, 0) && !ends.at(&refused, 0));
        assert!(ends.at(&refused, 0));
    }
}
