//! Sessions: families of refresh tokens, and the revoked access tokens.

use std::collections::HashMap;
use std::time::Duration;

use edgequake_types::{Secret, UserId};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::digest::{Fingerprint, fingerprint};

/// How many entries there may be between two removals of expired ones.
const CLEANUP_INTERVAL: usize = 1024;

/// Why a refresh token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshError {
    Unknown,
    Expired,
    Reused,
    Revoked,
}

#[derive(Debug)]
struct RefreshToken {
    family: Uuid,
    user: UserId,
    expires_at: Timestamp,
    consumed: bool,
    revoked: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    refresh_tokens: HashMap<Fingerprint, RefreshToken>,
    /// Revoked access tokens, each with its expiry.
    revoked_access_tokens: HashMap<Uuid, Timestamp>,
    last_serial: u64,
    /// Access tokens with a lower serial number are rejected.
    oldest_valid_serial: u64,
}

impl Sessions {
    /// The serial number of the next access token.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.last_serial += 1;
        self.last_serial
    }

    /// Opens a session, and returns its first refresh token.
    pub(crate) fn open(&mut self, user: UserId, lifetime: Duration, now: Timestamp) -> Secret {
        self.remove_expired(now);
        self.issue(Uuid::new_v4(), user, lifetime, now)
    }

    fn issue(&mut self, family: Uuid, user: UserId, lifetime: Duration, now: Timestamp) -> Secret {
        let token = Secret::new(Uuid::new_v4().to_string());
        let expires_at = now.saturating_add(lifetime);
        let entry = RefreshToken { family, user, expires_at, consumed: false, revoked: false };
        self.refresh_tokens.insert(fingerprint(token.expose()), entry);
        token
    }

    /// Redeems a refresh token: returns its user, and a successor if tokens rotate. Redeeming a consumed token again
    /// ends the whole session, because the token must have been stolen.
    pub(crate) fn redeem(
        &mut self,
        token: &Secret,
        rotate: bool,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<(UserId, Option<Secret>), RefreshError> {
        let entry = self.refresh_tokens.get_mut(&fingerprint(token.expose())).ok_or(RefreshError::Unknown)?;
        if entry.revoked {
            return Err(RefreshError::Revoked);
        }
        if entry.consumed {
            let family = entry.family;
            self.revoke_where(|other| other.family == family);
            return Err(RefreshError::Reused);
        }
        if now >= entry.expires_at {
            return Err(RefreshError::Expired);
        }
        let user = entry.user.clone();
        if !rotate {
            return Ok((user, None));
        }
        entry.consumed = true;
        let family = entry.family;
        let successor = self.issue(family, user.clone(), lifetime, now);
        Ok((user, Some(successor)))
    }

    /// Ends the session of a refresh token, if the token is known.
    pub(crate) fn close(&mut self, token: &Secret) {
        if let Some(family) = self.refresh_tokens.get(&fingerprint(token.expose())).map(|entry| entry.family)
        {
            self.revoke_where(|other| other.family == family);
        }
    }

    /// Ends all sessions of a user.
    pub(crate) fn close_all_of_user(&mut self, user: &UserId) {
        self.revoke_where(|entry| entry.user == *user);
    }

    /// Ends all sessions, including their access tokens.
    pub(crate) fn close_all(&mut self) {
        self.revoke_where(|_| true);
        self.expire_access_tokens();
    }

    fn revoke_where(&mut self, which: impl Fn(&RefreshToken) -> bool) {
        for entry in self.refresh_tokens.values_mut().filter(|entry| which(entry)) {
            entry.revoked = true;
        }
    }

    /// Rejects every access token issued so far.
    pub(crate) fn expire_access_tokens(&mut self) {
        self.oldest_valid_serial = self.last_serial + 1;
    }

    /// Rejects one access token until it expires.
    pub(crate) fn revoke_access_token(&mut self, jti: Uuid, until: Timestamp) {
        self.revoked_access_tokens.insert(jti, until);
    }

    /// Whether an access token with a valid signature and lifetime has not been revoked.
    pub(crate) fn accepts(&self, jti: Uuid, serial: u64) -> bool {
        serial >= self.oldest_valid_serial && !self.revoked_access_tokens.contains_key(&jti)
    }

    fn remove_expired(&mut self, now: Timestamp) {
        if (self.refresh_tokens.len() + self.revoked_access_tokens.len()) % CLEANUP_INTERVAL
            == CLEANUP_INTERVAL - 1
        {
            self.refresh_tokens.retain(|_, entry| now < entry.expires_at);
            self.revoked_access_tokens.retain(|_, until| now < *until);
        }
    }
}

#[cfg(test)]
mod tests;
