//! What to say when no connection can be made, or something else than a server of HTTP is at its other end.

use std::io;

use super::tls::{self, Peer};
use crate::boxed::BoxError;
use crate::fault::{Causes, find};
use crate::transport::{
    ConnectTimedOut, ConnectionLimitReached, TlsError, TooManyOpenFiles, TunnelError, Unresolved,
};

/// What is wrong and what to do about it, where that is known.
pub(super) fn note(failure: &BoxError) -> Option<String> {
    if let Some(error) = find::<TooManyOpenFiles>(&**failure) {
        return Some(format!(
            "{error}: raise the limit (ulimit -n), or limit the connections (max_connections)"
        ));
    }
    if find::<ConnectionLimitReached>(&**failure).is_some() {
        return Some("allow more connections (max_connections), or more time".to_owned());
    }
    // Of a proxy that is spoken to in TLS: for servers, it is told when the transport is built.
    if let Some(error) = find::<TlsError>(&**failure) {
        return Some(error.to_string());
    }
    // Through a tunnel, TLS with the server is no matter of the proxy's, and its errors are none of the tunnel.
    let peer = if find::<TunnelError>(&**failure).is_some() { Peer::Proxy } else { Peer::Server };
    if let Some(error) = find(&**failure) {
        return tls::note(error, peer);
    }
    // A proxy's own failures say enough.
    if peer == Peer::Server
        && let Some(unresolved) = find::<Unresolved>(&**failure)
    {
        return Some(match unresolved.failure() {
            None => "there is no such host: is the base URL right?".to_owned(),
            Some(why) => format!("the name of the host could not be looked up: {why}"),
        });
    }
    text(failure).map(str::to_owned).or_else(|| find::<ConnectTimedOut>(&**failure).map(ToString::to_string))
}

fn text(failure: &BoxError) -> Option<&'static str> {
    // A proxy's own failures say enough.
    if find::<TunnelError>(&**failure).is_some() {
        return None;
    }
    if find::<hyper::Error>(&**failure).is_some_and(hyper::Error::is_parse) {
        return Some("what came back is not HTTP: is the scheme of the base URL right?");
    }
    let kind = |error: &io::Error| error.kind();
    Causes::of(&**failure).filter_map(|cause| cause.downcast_ref().map(kind)).find_map(|kind| match kind {
        io::ErrorKind::ConnectionRefused => Some("nothing listens there: is the server running?"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some("there is no way to that host: is the network up?")
        }
        _ => None,
    })
}
