//! The change from HTTP/1.1 to the WebSocket protocol (RFC 6455, 4.2).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{StatusCode, Version};
use hyper::upgrade::OnUpgrade;

use crate::auth::credential::BEARER_PROTOCOL;
use crate::error::Refusal;

/// What is appended to the key of the client.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const VERSION: HeaderValue = HeaderValue::from_static("13");

/// A request that may be upgraded.
#[derive(Debug)]
pub(crate) struct Handshake {
    accept: HeaderValue,
    with_protocol: bool,
    /// The connection, once the response has been sent.
    pub(crate) upgrade: OnUpgrade,
}

/// Checks a request for an upgrade.
///
/// # Errors
///
/// 400 for a request that asks for none, 426 for another version, and 501 where there is no connection to upgrade: with
/// HTTP/2, and without a socket.
pub(crate) fn accept(parts: &Parts) -> Result<Handshake, Refusal> {
    let has = |name: HeaderName, wanted: &str| {
        let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(wanted))
    };
    if parts.version == Version::HTTP_2 {
        let message = "This server has WebSockets over HTTP/1.1 only";
        return Err(Refusal::text(StatusCode::NOT_IMPLEMENTED, message));
    }
    let key = parts.headers.get(SEC_WEBSOCKET_KEY);
    let Some(key) = key.filter(|_| has(CONNECTION, "upgrade") && has(UPGRADE, "websocket")) else {
        let message = "A WebSocket needs `Connection: upgrade`, `Upgrade: websocket` and `Sec-WebSocket-Key`";
        return Err(Refusal::text(StatusCode::BAD_REQUEST, message));
    };
    if parts.headers.get(SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        let refusal = Refusal::text(StatusCode::UPGRADE_REQUIRED, "`Sec-WebSocket-Version` must be 13");
        return Err(refusal.header(SEC_WEBSOCKET_VERSION, VERSION));
    }
    let Some(upgrade) = parts.extensions.get::<OnUpgrade>().cloned() else {
        let message = "A WebSocket needs a connection, and this server is called without one";
        return Err(Refusal::text(StatusCode::NOT_IMPLEMENTED, message));
    };
    let mut digest = sha1_smol::Sha1::new();
    digest.update(key.as_bytes());
    digest.update(GUID.as_bytes());
    let accept = STANDARD.encode(digest.digest().bytes());
    let accept = HeaderValue::try_from(accept).map_err(|_| Refusal::internal())?;
    let offered = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let with_protocol = offered
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|protocol| protocol.trim() == BEARER_PROTOCOL));
    Ok(Handshake { accept, with_protocol, upgrade })
}

impl Handshake {
    /// The response after which the connection is a WebSocket.
    pub(crate) fn response(&self) -> Response {
        let mut response = (StatusCode::SWITCHING_PROTOCOLS, Body::empty()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        if self.with_protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(BEARER_PROTOCOL));
        }
        response
    }
}
