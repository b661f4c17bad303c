//! Sessions: each a login and the refresh tokens that follow from it, and the denied access tokens.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use edgequake_types::{Secret, UserId};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::digest::{Fingerprint, fingerprint};
use crate::ledger::{SessionId, TokenOf};

/// How many refresh tokens are kept, spent ones included, and how many denied access tokens; the oldest are forgotten.
const CAPACITY: usize = if cfg!(test) { 1_000 } else { 100_000 };

/// Why a refresh token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshError {
    Unknown,
    Expired,
    Reused,
    Revoked,
}

/// A refresh token that is rejected, and whose it is, if it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) error: RefreshError,
    pub(crate) token: Option<TokenOf>,
}

/// A refresh token that is accepted, and its successor if tokens rotate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redeemed {
    pub(crate) token: TokenOf,
    pub(crate) successor: Option<Secret>,
}

#[derive(Debug, Clone)]
struct RefreshToken {
    session: SessionId,
    generation: u64,
    expires_at: Timestamp,
    consumed: bool,
}

#[derive(Debug, Clone)]
struct Session {
    user: UserId,
    ended: bool,
    /// How many of its refresh tokens are kept.
    tokens: usize,
    /// The generation of its latest refresh token.
    generation: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions {
    sessions: HashMap<SessionId, Session>,
    refresh_tokens: HashMap<Fingerprint, RefreshToken>,
    /// The refresh tokens, oldest first.
    order: VecDeque<Fingerprint>,
    /// Denied access tokens, each with its expiry.
    denied: HashMap<Uuid, Timestamp>,
    last_serial: u64,
    /// Access tokens with a lower serial number are rejected.
    oldest_valid_serial: u64,
}

impl Sessions {
    /// No sessions, where every access token issued so far is rejected.
    pub(crate) fn renewed(&self) -> Self {
        let mut renewed = Self { last_serial: self.last_serial, ..Self::default() };
        renewed.expire_access_tokens();
        renewed
    }

    /// The serial number of the next access token.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.last_serial += 1;
        self.last_serial
    }

    /// Opens a session, and returns it with its first refresh token.
    pub(crate) fn open(&mut self, user: UserId, lifetime: Duration, now: Timestamp) -> (TokenOf, Secret) {
        let id = SessionId(Uuid::new_v4());
        self.sessions.insert(id, Session { user: user.clone(), ended: false, tokens: 0, generation: 0 });
        let secret = self.issue(id, 0, lifetime, now);
        (TokenOf { session: id, user, generation: 0 }, secret)
    }

    fn issue(&mut self, session: SessionId, generation: u64, lifetime: Duration, now: Timestamp) -> Secret {
        let token = Secret::new(Uuid::new_v4().to_string());
        let expires_at = now.saturating_add(lifetime);
        let key = fingerprint(token.expose());
        self.refresh_tokens.insert(key, RefreshToken { session, generation, expires_at, consumed: false });
        self.order.push_back(key);
        if let Some(session) = self.sessions.get_mut(&session) {
            session.tokens += 1;
            session.generation = generation;
        }
        self.forget(now);
        token
    }

    /// Forgets refresh tokens that have expired, and the oldest ones above the limit.
    fn forget(&mut self, now: Timestamp) {
        while let Some(key) = self.order.front() {
            let expired = self.refresh_tokens.get(key).is_none_or(|token| token.expires_at <= now);
            if !expired && self.order.len() <= CAPACITY {
                break;
            }
            let token = self.order.pop_front().and_then(|key| self.refresh_tokens.remove(&key));
            let Some(id) = token.map(|token| token.session) else { continue };
            if let Some(session) = self.sessions.get_mut(&id) {
                session.tokens -= 1;
                if session.tokens == 0 {
                    self.sessions.remove(&id);
                }
            }
        }
    }

    /// Whose refresh token this is, if it can be redeemed. Presenting a spent token again ends the whole session, because
    /// the token must have been stolen.
    pub(crate) fn check(&mut self, token: &Secret, now: Timestamp) -> Result<TokenOf, Rejected> {
        let unknown = Rejected { error: RefreshError::Unknown, token: None };
        let Some(found) = self.refresh_tokens.get(&fingerprint(token.expose())) else {
            return Err(unknown);
        };
        let Some(session) = self.sessions.get_mut(&found.session) else { return Err(unknown) };
        let token =
            TokenOf { session: found.session, user: session.user.clone(), generation: found.generation };
        let rejected = |error| Rejected { error, token: Some(token.clone()) };
        if session.ended {
            return Err(rejected(RefreshError::Revoked));
        }
        if found.consumed {
            session.ended = true;
            return Err(rejected(RefreshError::Reused));
        }
        if now >= found.expires_at {
            return Err(rejected(RefreshError::Expired));
        }
        Ok(token)
    }

    /// Redeems a refresh token that passes the [`check`](Self::check), and issues a successor if tokens rotate.
    pub(crate) fn redeem(
        &mut self,
        secret: &Secret,
        rotate: bool,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<Redeemed, Rejected> {
        let token = self.check(secret, now)?;
        if let Some(found) = self.refresh_tokens.get_mut(&fingerprint(secret.expose())) {
            found.consumed = rotate;
        }
        let successor = rotate.then(|| self.issue(token.session, token.generation + 1, lifetime, now));
        Ok(Redeemed { token, successor })
    }

    /// The session of a refresh token, if it is known.
    pub(crate) fn of_token(&self, token: &str) -> Option<TokenOf> {
        let found = self.refresh_tokens.get(&fingerprint(token))?;
        let user = self.sessions.get(&found.session)?.user.clone();
        Some(TokenOf { session: found.session, user, generation: found.generation })
    }

    /// Ends the session of a refresh token, and returns it if it was alive.
    pub(crate) fn close(&mut self, token: &Secret) -> Option<TokenOf> {
        let token = self.of_token(token.expose())?;
        let session = self.sessions.get_mut(&token.session).filter(|session| !session.ended)?;
        session.ended = true;
        Some(token)
    }

    /// Ends all sessions of a user, and returns those that were alive.
    pub(crate) fn close_all_of_user(&mut self, user: &UserId) -> Vec<TokenOf> {
        self.end_where(|session| session.user == *user)
    }

    /// Ends all sessions, including their access tokens, and returns those that were alive.
    pub(crate) fn close_all(&mut self) -> Vec<TokenOf> {
        self.expire_access_tokens();
        self.end_where(|_| true)
    }

    fn end_where(&mut self, which: impl Fn(&Session) -> bool) -> Vec<TokenOf> {
        let alive = self.sessions.iter_mut().filter(|(_, session)| !session.ended && which(session));
        let mut ended: Vec<TokenOf> = alive
            .map(|(id, session)| {
                session.ended = true;
                TokenOf { session: *id, user: session.user.clone(), generation: session.generation }
            })
            .collect();
        ended.sort_by_key(|token| token.session);
        ended
    }

    /// Rejects every access token issued so far.
    pub(crate) fn expire_access_tokens(&mut self) {
        self.oldest_valid_serial = self.last_serial + 1;
        self.denied.clear();
    }

    /// Rejects one access token until it expires.
    pub(crate) fn deny_access_token(&mut self, jti: Uuid, until: Timestamp, now: Timestamp) {
        if self.denied.len() >= CAPACITY {
            self.denied.retain(|_, until| now < *until);
        }
        // With so many tokens that are valid still, the ones that were denied first cannot be told apart.
        if self.denied.len() >= CAPACITY {
            self.expire_access_tokens();
        }
        self.denied.insert(jti, until);
    }

    /// Whether an access token with a valid signature and lifetime has not been denied.
    pub(crate) fn accepts(&self, jti: Uuid, serial: u64) -> bool {
        serial >= self.oldest_valid_serial && !self.denied.contains_key(&jti)
    }
}

#[cfg(test)]
mod tests;
