//! The token of a request, whichever header it is in.

use edgequake_types::Secret;
use http::HeaderMap;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};

use crate::config::{Config, Era};
use crate::log::CredentialKind;

/// A token and the header that it was in.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) token: Secret,
    pub(crate) header: CredentialHeader,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialHeader {
    /// `Authorization: Bearer ...` (RFC 6750, 2.1).
    Authorization,
    /// `X-API-Key: ...`.
    ApiKey,
    /// `Sec-WebSocket-Protocol: edgequake.bearer, ...`, as browsers open WebSockets.
    WebSocketProtocol,
}

/// The subprotocol that carries a token.
pub(crate) const BEARER_PROTOCOL: &str = "edgequake.bearer";

impl Credential {
    /// The token of the request. `Authorization` takes precedence; its scheme is case-sensitive and needs a space
    /// after it. `X-API-Key` is used only when `Authorization` has no token, and the subprotocol of a WebSocket only when
    /// neither has one; an invalid token does not fall back to another.
    pub(crate) fn from_headers(headers: &HeaderMap, era: Era) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        let protocol = text(SEC_WEBSOCKET_PROTOCOL.as_str()).filter(|_| era == Era::C).and_then(|value| {
            let token = value.trim().strip_prefix(BEARER_PROTOCOL)?.trim_start();
            token.strip_prefix([',', '.'])
        });
        let candidates = [
            (bearer, CredentialHeader::Authorization),
            (text("x-api-key"), CredentialHeader::ApiKey),
            (protocol, CredentialHeader::WebSocketProtocol),
        ];
        candidates.into_iter().find_map(|(token, header)| {
            let token = token?.trim();
            (!token.is_empty()).then(|| Self { token: token.into(), header })
        })
    }

    /// The kind that the token looks like, valid or not.
    pub(crate) fn kind(&self, config: &Config) -> CredentialKind {
        let token = self.token.expose();
        if config.master_key.as_ref().is_some_and(|key| key.matches(token)) {
            CredentialKind::MasterKey
        } else if config.static_keys.iter().any(|key| key.matches(token)) {
            CredentialKind::StaticKey
        } else if token.starts_with("eq_") && token.len() >= 12 {
            CredentialKind::ApiKey
        } else if token.split('.').count() == 3 {
            CredentialKind::AccessToken
        } else {
            CredentialKind::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_and_spelling() {
        for (authorization, api_key, expected) in [
            (None, None, None),
            (Some("Bearer a"), None, Some(("a", CredentialHeader::Authorization))),
            (Some("Bearer a"), Some("k"), Some(("a", CredentialHeader::Authorization))),
            (Some("Bearer   a "), Some("k"), Some(("a", CredentialHeader::Authorization))),
            (Some("bearer a"), Some(" k "), Some(("k", CredentialHeader::ApiKey))),
            (Some("Basic a"), Some("k"), Some(("k", CredentialHeader::ApiKey))),
            (Some("Bearer"), Some("k"), Some(("k", CredentialHeader::ApiKey))),
            (Some("Bearer "), Some("k"), Some(("k", CredentialHeader::ApiKey))),
            (Some("bearer a"), None, None),
            (None, Some("  "), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = authorization {
                headers.insert(AUTHORIZATION, value.parse().unwrap());
            }
            if let Some(value) = api_key {
                headers.insert("x-api-key", value.parse().unwrap());
            }
            let found = Credential::from_headers(&headers, Era::C);
            let found = found.as_ref().map(|credential| (credential.token.expose(), credential.header));
            assert_eq!(found, expected, "{authorization:?} {api_key:?}");
        }
    }

    #[test]
    fn browsers_send_the_token_as_a_subprotocol() {
        for (protocol, expected) in [
            ("edgequake.bearer, a.b.c", Some("a.b.c")),
            ("edgequake.bearer,a", Some("a")),
            ("edgequake.bearer.a.b.c", Some("a.b.c")),
            ("edgequake.bearer", None),
            ("edgequake.bearer, ", None),
            ("graphql-ws, a", None),
        ] {
            let headers = HeaderMap::from_iter([(SEC_WEBSOCKET_PROTOCOL, protocol.parse().unwrap())]);
            let found = Credential::from_headers(&headers, Era::C);
            assert_eq!(found.as_ref().map(|credential| credential.token.expose()), expected, "{protocol}");
            assert!(Credential::from_headers(&headers, Era::B).is_none());
        }
    }
}
