//! An access token with its header and its two limits in time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgequake_types::Secret;
use serde::Deserialize;

use crate::authorization::{Authorization, Carrier, Generation};
use crate::clock::Now;
use crate::error::{CredentialsError, CredentialsErrorKind};

/// A token is renewed early, but not before this share of its lifetime is over: a 60-second token works too.
const EARLY_SHARE: f64 = 0.2;
/// How much of the early span the jitter may take away, so that many clients do not refresh in step.
const JITTER_SHARE: f64 = 0.2;
/// Lifetimes beyond this are nonsense (or would overflow a clock) and count as this.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// An access token that can be sent.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) token: Secret,
    pub(crate) authorization: Authorization,
    limits: Option<Limits>,
}

/// Points in time on both clocks. Before `soft`: use. Until `hard`: use, and renew meanwhile. After: renew first.
#[derive(Debug, Clone, Copy)]
struct Limits {
    issued: Now,
    soft: Now,
    hard: Now,
}

impl Access {
    /// Builds the header, once. Without a lifetime the token lives until the server refuses it.
    ///
    /// # Errors
    ///
    /// [`Unexpected`](CredentialsErrorKind::Unexpected) when the token is no token: empty, or with characters that no
    /// header takes.
    pub(crate) fn new(token: Secret) -> Result<Self, CredentialsError> {
        let text = token.expose();
        if text.is_empty() || !text.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
            return Err(CredentialsError::new(
                CredentialsErrorKind::Unexpected,
                "the answer's access_token is not a token: it must be visible ASCII without blanks",
            ));
        }
        let authorization = Carrier::Bearer.authorization(&token, Generation::next())?;
        Ok(Self { token, authorization, limits: None })
    }

    /// Sets the limits: `lifetime` from `now`, to be renewed `early` before the end. `jitter` is drawn from 0 to 1.
    #[must_use]
    pub(crate) fn with_lifetime(
        mut self,
        lifetime: Option<Duration>,
        now: Now,
        early: Duration,
        jitter: f64,
    ) -> Self {
        self.limits = lifetime.map(|lifetime| {
            let lifetime = lifetime.min(LONGEST);
            let early = early.min(lifetime.mul_f64(EARLY_SHARE));
            let early = early.mul_f64(1.0 - JITTER_SHARE * jitter.clamp(0.0, 1.0));
            Limits { issued: now, soft: now.after(lifetime.saturating_sub(early)), hard: now.after(lifetime) }
        });
        self
    }

    pub(crate) fn generation(&self) -> Generation {
        self.authorization.generation()
    }

    /// Whether it is time to renew.
    pub(crate) fn is_stale(&self, now: Now) -> bool {
        self.limits.is_some_and(|limits| now.reached(limits.soft))
    }

    /// Whether it had to be renewed from the beginning, however fast it was taken in.
    pub(crate) fn began_stale(&self) -> bool {
        self.limits.is_some_and(|limits| limits.issued.reached(limits.soft))
    }

    /// Whether the token is over by either clock.
    pub(crate) fn is_expired(&self, now: Now) -> bool {
        self.limits.is_some_and(|limits| now.reached(limits.hard))
    }

    /// How long the token still lives; `None` when nobody knows.
    pub(crate) fn remaining(&self, now: Now) -> Option<Duration> {
        let hard = self.limits?.hard;
        Some(hard.wall.saturating_sub(now.wall).min(hard.mono.saturating_sub(now.mono)))
    }
}

impl Now {
    fn after(self, span: Duration) -> Self {
        Self { wall: self.wall.saturating_add(span), mono: self.mono.saturating_add(span) }
    }

    fn reached(self, limit: Self) -> bool {
        self.wall >= limit.wall || self.mono >= limit.mono
    }
}

/// The lifetime of a token that was just issued. `expires_in` rules; without it, or when it is zero, the
/// payload of a JWT is looked at; else the lifetime is unknown.
pub(crate) fn lifetime(expires_in: Option<Duration>, token: &Secret, now: Now) -> Option<Duration> {
    match expires_in.filter(|lifetime| !lifetime.is_zero()) {
        Some(lifetime) => Some(lifetime.min(LONGEST)),
        None => claimed_lifetime(token.expose(), now),
    }
}

/// Reads `exp` (RFC 7519, 4.1.4) without checking the signature: the token is the server's business, only its end
/// is ours. With `iat` the lifetime does not depend on our clock being right. Anything odd is "unknown".
fn claimed_lifetime(token: &str, now: Now) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
        iat: Option<f64>,
    }

    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let from = claims.iat.filter(|iat| *iat < claims.exp).unwrap_or(now.wall.as_secs_f64());
    let seconds = (claims.exp - from).min(LONGEST.as_secs_f64());
    Duration::try_from_secs_f64(seconds).ok().filter(|lifetime| *lifetime >= Duration::from_secs(1))
}

#[cfg(test)]
mod tests;
