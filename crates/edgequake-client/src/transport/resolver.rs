//! [`Resolver`]: names to addresses.
//!
//! `localhost` and the names below it are this machine, on both families, without asking anybody (RFC 6761, 6.3). Plain `http` is
//! allowed to those names, so nobody else's answer may decide where they are; and a server that listens on one family only is
//! found on either.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::boxed::BoxFuture;

/// Resolves by the system, but for `localhost`.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    system: GaiResolver,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self { system: GaiResolver::new() }
    }
}

/// The system knows no address for the name of a host.
#[derive(Debug, thiserror::Error)]
#[error("the name of the host cannot be resolved")]
pub(crate) struct Unresolved(#[source] io::Error);

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<io::Result<Self::Response>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if is_localhost(name.as_str()) {
            let both = vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
            return Box::pin(async move { Ok(both.into_iter()) });
        }
        let resolving = self.system.call(name);
        Box::pin(async move {
            let found = resolving.await.map_err(|error| io::Error::new(error.kind(), Unresolved(error)))?;
            Ok(found.collect::<Vec<_>>().into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_this_machine_on_both_families() {
        for name in ["localhost", "LOCALHOST", "eq.localhost", "localhost."] {
            let addresses: Vec<_> = Resolver::new().call(name.parse().unwrap()).await.unwrap().collect();
            assert!(addresses.iter().all(|address| address.ip().is_loopback()), "{name}");
            assert!(
                addresses.iter().any(SocketAddr::is_ipv4) && addresses.iter().any(SocketAddr::is_ipv6),
                "{name}"
            );
        }
    }

    #[test]
    fn names_that_only_look_like_it_are_asked_for() {
        for name in ["localhost.example.com", "notlocalhost", "local"] {
            assert!(!is_localhost(name), "{name}");
        }
    }
}
