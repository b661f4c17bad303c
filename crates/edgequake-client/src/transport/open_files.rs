//! [`TooManyOpenFiles`]: a connection that cannot be opened because too many files are.

use std::io;

/// No connection could be made because this process, or the whole machine, has as many files open as it may; connections are files.
/// Nothing was sent.
///
/// Raise the limit (`ulimit -n` in a shell, `LimitNOFILE` of a systemd unit), or set
/// [`max_connections`](super::HttpTransportBuilder::max_connections).
#[derive(Debug, thiserror::Error)]
#[error("{}", text(self))]
#[non_exhaustive]
pub struct TooManyOpenFiles {
    /// How many files this process may have open. `None` where it is not its own limit that was reached, or that is unknown.
    pub limit: Option<u64>,
    #[source]
    source: io::Error,
}

fn text(error: &TooManyOpenFiles) -> String {
    match (error.limit, is_of_machine(&error.source)) {
        (_, true) => "too many files are open on this machine".to_owned(),
        (Some(limit), _) => format!("too many files are open: this process may have {limit}"),
        (None, _) => "too many files are open in this process".to_owned(),
    }
}

#[cfg(unix)]
const PROCESS: i32 = rustix::io::Errno::MFILE.raw_os_error();
#[cfg(unix)]
const MACHINE: i32 = rustix::io::Errno::NFILE.raw_os_error();
/// `WSAEMFILE`
#[cfg(not(unix))]
const PROCESS: i32 = 10_024;
#[cfg(not(unix))]
const MACHINE: i32 = i32::MIN;

fn is_of_machine(error: &io::Error) -> bool {
    error.raw_os_error() == Some(MACHINE)
}

#[cfg(unix)]
fn limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

/// Whether an error of the system's is one of both limits.
pub(super) fn is_limit(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(PROCESS | MACHINE))
}

/// Says so of an error that is this one.
pub(super) fn named(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(PROCESS) => io::Error::new(error.kind(), TooManyOpenFiles { limit: limit(), source: error }),
        Some(MACHINE) => io::Error::new(error.kind(), TooManyOpenFiles { limit: None, source: error }),
        _ => error,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn both_limits_are_named_and_nothing_else() {
        let text = |code| named(io::Error::from_raw_os_error(code)).to_string();
        let own = text(PROCESS);
        let limit = limit().unwrap();
        assert_eq!(own, format!("too many files are open: this process may have {limit}"));
        assert_eq!(text(MACHINE), "too many files are open on this machine");
        let other = named(io::ErrorKind::ConnectionRefused.into());
        assert!(other.get_ref().is_none());
    }
}
