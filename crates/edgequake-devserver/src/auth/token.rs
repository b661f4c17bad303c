//! Access tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256 (RFC 7515, `HS256`).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgequake_types::session::Role;
use edgequake_types::{Secret, TenantId, UserId, WorkspaceId};
use hmac_sha256::HMAC;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::digest::{NoRandomness, random_bytes};
use crate::ledger::SessionId;
use crate::place::Place;

/// The encoded header, always the same: `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: UserId,
    pub(crate) role: Role,
    /// Unix seconds.
    iat: i64,
    nbf: i64,
    exp: i64,
    pub(crate) jti: Uuid,
    pub(crate) tenant_id: TenantId,
    pub(crate) workspace_id: WorkspaceId,
    /// What the token may do, as scopes of keys say it. Era C only.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    metadata: Metadata,
}

/// What the standard claims cannot express.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Metadata {
    /// The expiry in Unix milliseconds; `exp` has whole seconds only.
    expires_at_ms: i64,
    /// The session that the token was issued in.
    session: SessionId,
    /// Numbers all tokens of this server, so that all tokens issued before some moment can be rejected.
    serial: u64,
}

impl Claims {
    pub(crate) fn new(
        (sub, role): (UserId, Role),
        scope: Place,
        (session, serial): (SessionId, u64),
        now: Timestamp,
        lifetime: Duration,
    ) -> Self {
        let expires_at_ms = now.saturating_add(lifetime).as_millisecond();
        Self {
            sub,
            role,
            iat: now.as_second(),
            nbf: now.as_second(),
            exp: expires_at_ms.saturating_add(999).div_euclid(1000),
            jti: Uuid::new_v4(),
            tenant_id: scope.tenant,
            workspace_id: scope.workspace,
            scope: None,
            metadata: Metadata { expires_at_ms, session, serial },
        }
    }

    /// The same claims with the scopes of the role.
    pub(crate) fn with_scope(mut self) -> Self {
        let scope = match self.role {
            Role::Admin => "*",
            Role::User => "edgequake:read edgequake:query edgequake:write",
            _ => "edgequake:read edgequake:query",
        };
        self.scope = Some(scope.to_owned());
        self
    }

    pub(crate) fn session(&self) -> SessionId {
        self.metadata.session
    }

    pub(crate) fn serial(&self) -> u64 {
        self.metadata.serial
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.metadata.expires_at_ms)
    }
}

/// Signs tokens with a key that exists as long as the server.
#[derive(Clone)]
pub(crate) struct Signer([u8; 32]);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer([redacted])")
    }
}

impl Signer {
    pub(crate) fn new() -> Result<Self, NoRandomness> {
        random_bytes().map(Self)
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Option<Secret> {
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).ok()?);
        let message = format!("{HEADER}.{claims}");
        let signature = HMAC::mac(&message, self.0);
        Some(Secret::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    /// The claims of a token that was signed here and has not expired.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        self.read(token).filter(|claims| now < claims.expires_at())
    }

    /// The claims of a token that was signed here.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        let (message, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        if !HMAC::verify(message, self.0, &signature) {
            return None;
        }
        // The signature covers the header, so no other algorithm can be smuggled in.
        let claims = message.strip_prefix(HEADER)?.strip_prefix('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claims(lifetime: Duration) -> Claims {
        let user = UserId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
        let now = "2026-03-02T09:00:00.250Z".parse().unwrap();
        Claims::new((user, Role::User), Place::server_default(), (SessionId(Uuid::nil()), 7), now, lifetime)
    }

    #[test]
    fn a_token_is_valid_until_its_last_millisecond() {
        let signer = Signer::new().unwrap();
        let claims = claims(Duration::from_millis(500));
        let token = signer.sign(&claims).unwrap();
        let at = |text: &str| signer.verify(token.expose(), text.parse().unwrap());
        assert_eq!(at("2026-03-02T09:00:00.749Z").as_ref(), Some(&claims));
        assert_eq!(at("2026-03-02T09:00:00.750Z"), None);
        assert_eq!(claims.exp, "2026-03-02T09:00:01Z".parse::<Timestamp>().unwrap().as_second());
    }

    #[test]
    fn the_header_is_that_of_hs256() {
        let header = URL_SAFE_NO_PAD.decode(HEADER).unwrap();
        insta::assert_snapshot!(String::from_utf8(header).unwrap(), @r#"{"alg":"HS256","typ":"JWT"}"#);
    }

    #[test]
    fn claims_on_the_wire() {
        let mut json = serde_json::to_value(claims(Duration::from_secs(60)).with_scope()).unwrap();
        json["jti"] = "jti".into();
        insta::assert_snapshot!(json, @r#"{"exp":1772442061,"iat":1772442000,"jti":"jti","metadata":{"expires_at_ms":1772442060250,"serial":7,"session":"00000000-0000-0000-0000-000000000000"},"nbf":1772442000,"role":"user","scope":"edgequake:read edgequake:query edgequake:write","sub":"7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21","tenant_id":"00000000-0000-0000-0000-000000000002","workspace_id":"00000000-0000-0000-0000-000000000003"}"#);
    }

    #[test]
    fn tokens_of_other_servers_are_rejected_and_the_key_is_not_printed() {
        let (ours, other) = (Signer::new().unwrap(), Signer::new().unwrap());
        let token = other.sign(&claims(Duration::from_secs(60))).unwrap();
        assert_eq!(ours.verify(token.expose(), Timestamp::UNIX_EPOCH), None);
        assert_eq!(format!("{ours:?}"), "Signer([redacted])");
    }

    proptest! {
        #[test]
        fn only_the_signed_token_is_accepted(text in "\\PC{0,60}", at in 0..200usize, letter in "[A-Za-z0-9._-]") {
            let signer = Signer::new().unwrap();
            prop_assert_eq!(signer.verify(&text, Timestamp::UNIX_EPOCH), None);
            let token = signer.sign(&claims(Duration::from_secs(60))).unwrap();
            let mut forged = token.expose().to_owned();
            forged.replace_range(at..=at, &letter);
            prop_assert_eq!(signer.verify(&forged, Timestamp::UNIX_EPOCH).is_some(), forged == token.expose());
        }
    }
}
