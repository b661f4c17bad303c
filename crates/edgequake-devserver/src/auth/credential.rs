//! The one token of a request, wherever it stands.

use edgequake_types::Secret;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::log::CredentialKind;
use crate::options::Options;

/// A token and the header that it came in.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) token: Secret,
    pub(crate) carrier: Carrier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// `Authorization: Bearer ...` (RFC 6750, 2.1).
    Bearer,
    /// `X-API-Key: ...`.
    ApiKey,
}

impl Credential {
    /// The token of the request. `Authorization` goes first; its scheme is compared with case and exactly one blank, and
    /// `X-API-Key` is looked at only when that gives nothing. A wrong token never falls back to the other header.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        let candidates = [(bearer, Carrier::Bearer), (text("x-api-key"), Carrier::ApiKey)];
        candidates.into_iter().find_map(|(token, carrier)| {
            let token = token?.trim();
            (!token.is_empty()).then(|| Self { token: token.into(), carrier })
        })
    }

    /// What the token looks like. Says nothing about whether it is valid.
    pub(crate) fn kind(&self, options: &Options) -> CredentialKind {
        let token = self.token.expose();
        if options.master_key.as_ref().is_some_and(|key| key.matches(token)) {
            CredentialKind::MasterKey
        } else if options.static_keys.iter().any(|key| key.matches(token)) {
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
            (Some("Bearer a"), None, Some(("a", Carrier::Bearer))),
            (Some("Bearer a"), Some("k"), Some(("a", Carrier::Bearer))),
            (Some("Bearer   a "), Some("k"), Some(("a", Carrier::Bearer))),
            (Some("bearer a"), Some(" k "), Some(("k", Carrier::ApiKey))),
            (Some("Basic a"), Some("k"), Some(("k", Carrier::ApiKey))),
            (Some("Bearer"), Some("k"), Some(("k", Carrier::ApiKey))),
            (Some("Bearer "), Some("k"), Some(("k", Carrier::ApiKey))),
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
            let found = Credential::of(&headers);
            let found = found.as_ref().map(|credential| (credential.token.expose(), credential.carrier));
            assert_eq!(found, expected, "{authorization:?} {api_key:?}");
        }
    }
}
