//! Sessions: families of refresh tokens, and the access tokens that no longer count.

use std::collections::HashMap;
use std::time::Duration;

use edgequake_types::{Secret, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::auth::digest::{Fingerprint, fingerprint};
use crate::auth::token::Claims;
use crate::clock::later;

/// How many dead entries may pile up before they are looked through.
const SWEEP_EVERY: usize = 1024;

/// Why a refresh token gives no new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshRefusal {
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
    /// Access tokens that were logged out, until they would have expired.
    denied: HashMap<Uuid, Timestamp>,
    next_serial: u64,
    /// Access tokens issued before this one are refused.
    oldest_serial: u64,
}

impl Sessions {
    /// The number of the next access token.
    pub(crate) fn serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    /// Begins a session: its first refresh token.
    pub(crate) fn open(&mut self, user: UserId, lifetime: Duration, now: Timestamp) -> Secret {
        self.sweep(now);
        self.issue(Uuid::new_v4(), user, lifetime, now)
    }

    fn issue(&mut self, family: Uuid, user: UserId, lifetime: Duration, now: Timestamp) -> Secret {
        let token = Secret::new(Uuid::new_v4().to_string());
        let expires_at = later(now, lifetime);
        let entry = RefreshToken { family, user, expires_at, consumed: false, revoked: false };
        self.refresh_tokens.insert(fingerprint(token.expose()), entry);
        token
    }

    /// Uses a refresh token: the user it stands for, and its successor if tokens rotate. A second use of a consumed
    /// token ends the whole session, because one of the two users is a thief.
    pub(crate) fn redeem(
        &mut self,
        token: &Secret,
        rotate: bool,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<(UserId, Option<Secret>), RefreshRefusal> {
        let entry =
            self.refresh_tokens.get_mut(&fingerprint(token.expose())).ok_or(RefreshRefusal::Unknown)?;
        if entry.revoked {
            return Err(RefreshRefusal::Revoked);
        }
        if entry.consumed {
            let family = entry.family;
            self.revoke_where(|other| other.family == family);
            return Err(RefreshRefusal::Reused);
        }
        if now >= entry.expires_at {
            return Err(RefreshRefusal::Expired);
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

    /// Ends the session that a refresh token belongs to, if it is known.
    pub(crate) fn close(&mut self, token: &Secret) {
        if let Some(family) = self.refresh_tokens.get(&fingerprint(token.expose())).map(|entry| entry.family)
        {
            self.revoke_where(|other| other.family == family);
        }
    }

    /// Ends all sessions of a user.
    pub(crate) fn close_all_of(&mut self, user: &UserId) {
        self.revoke_where(|entry| entry.user == *user);
    }

    /// Ends all sessions, with their access tokens.
    pub(crate) fn close_all(&mut self) {
        self.revoke_where(|_| true);
        self.expire_access_tokens();
    }

    fn revoke_where(&mut self, which: impl Fn(&RefreshToken) -> bool) {
        for entry in self.refresh_tokens.values_mut().filter(|entry| which(entry)) {
            entry.revoked = true;
        }
    }

    /// Refuses every access token issued so far.
    pub(crate) fn expire_access_tokens(&mut self) {
        self.oldest_serial = self.next_serial + 1;
    }

    /// Refuses one access token, until it would have expired anyway.
    pub(crate) fn deny(&mut self, jti: Uuid, until: Timestamp) {
        self.denied.insert(jti, until);
    }

    /// Whether an access token that is genuine and fresh still counts.
    pub(crate) fn accepts(&self, claims: &Claims) -> bool {
        claims.serial() >= self.oldest_serial && !self.denied.contains_key(&claims.jti)
    }

    fn sweep(&mut self, now: Timestamp) {
        if (self.refresh_tokens.len() + self.denied.len()) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.refresh_tokens.retain(|_, entry| now < entry.expires_at);
            self.denied.retain(|_, until| now < *until);
        }
    }
}

#[cfg(test)]
mod tests;
