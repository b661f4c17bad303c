//! [`Resolve`]: names to addresses.
//!
//! `localhost` and the names below it are this machine, on both families, without asking anybody (RFC 6761, 6.3). Plain `http` is
//! allowed to those names, so nobody else's answer may decide where they are; and a server that listens on one family only is
//! found on either.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::open_files;
use crate::boxed::BoxFuture;

/// Finds the addresses of a host, the best ones first.
pub(super) trait Resolve: fmt::Debug + Send + Sync {
    fn resolve(&self, host: String) -> BoxFuture<io::Result<Vec<IpAddr>>>;
}

/// Resolves by the system, but for `localhost`.
#[derive(Debug, Clone, Copy)]
pub(super) struct System;

/// The system gives no address for the name of a host.
#[derive(Debug, thiserror::Error)]
#[error("the name of the host cannot be resolved")]
pub(crate) struct Unresolved(#[source] io::Error);

/// What systems say of a name that does not exist (`EAI_NONAME`): glibc; musl and FreeBSD; Apple, Android and older BSDs. The standard
/// library keeps no more than this text.
const UNKNOWN: [&str; 4] = [
    "Name or service not known",
    "Name does not resolve",
    "nodename nor servname provided, or not known",
    "hostname nor servname provided, or not known",
];

/// `WSAHOST_NOT_FOUND` of Windows, which comes as a number.
const HOST_NOT_FOUND: i32 = 11_001;

impl Unresolved {
    pub(crate) fn new(error: io::Error) -> Self {
        Self(error)
    }

    /// What kept the system from finding out; `None` if the name does not exist.
    pub(crate) fn failure(&self) -> Option<String> {
        let text = self.0.to_string();
        let is_unknown = UNKNOWN.iter().any(|unknown| text.ends_with(unknown))
            || (cfg!(windows) && self.0.raw_os_error() == Some(HOST_NOT_FOUND));
        let why = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        (!is_unknown).then(|| why.to_owned())
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

impl Resolve for System {
    fn resolve(&self, host: String) -> BoxFuture<io::Result<Vec<IpAddr>>> {
        if is_localhost(&host) {
            let both = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Box::pin(async move { Ok(both) });
        }
        Box::pin(async move {
            let unresolved = |error: io::Error| {
                // Looking a name up takes a file, too; that there are too many of them says nothing about the name.
                if open_files::is_limit(&error) {
                    return error;
                }
                io::Error::new(error.kind(), Unresolved::new(error))
            };
            // On a thread for what blocks; the system sorts by RFC 6724.
            let found = tokio::net::lookup_host((host, 0)).await.map_err(unresolved)?;
            Ok(found.map(|address: SocketAddr| address.ip()).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_this_machine_on_both_families() {
        for name in ["localhost", "LOCALHOST", "eq.localhost", "localhost."] {
            let addresses = System.resolve(name.to_owned()).await.unwrap();
            assert!(addresses.iter().all(IpAddr::is_loopback), "{name}");
            assert!(addresses.iter().any(IpAddr::is_ipv4) && addresses.iter().any(IpAddr::is_ipv6), "{name}");
        }
    }

    #[test]
    fn a_name_that_does_not_exist_is_told_from_one_that_nobody_could_look_up() {
        let failure = |why: &str| {
            Unresolved(io::Error::other(format!("failed to lookup address information: {why}"))).failure()
        };
        for unknown in UNKNOWN {
            assert_eq!(failure(unknown), None);
        }
        for why in ["Temporary failure in name resolution", "System error", "Name or service not known yet"] {
            assert_eq!(failure(why).as_deref(), Some(why));
        }
        let denied = Unresolved(io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(denied.failure().as_deref(), Some("permission denied"));
    }

    #[test]
    fn names_that_only_look_like_it_are_asked_for() {
        for name in ["localhost.example.com", "notlocalhost", "local"] {
            assert!(!is_localhost(name), "{name}");
        }
    }
}
