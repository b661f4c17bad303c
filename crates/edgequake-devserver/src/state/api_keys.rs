//! API keys: shown once, stored as digests.

use std::collections::HashMap;
use std::time::Duration;

use edgequake_types::api_keys::KeyScope;
use edgequake_types::{KeyId, Secret, UserId};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::Era;
use crate::digest::{Fingerprint, NoRandomness, fingerprint, new_api_key};

/// A key as it is stored: everything but the key itself.
#[derive(Debug, Clone)]
pub(crate) struct StoredKey {
    pub(crate) key_id: KeyId,
    pub(crate) user: UserId,
    pub(crate) name: Option<String>,
    /// The first 11 characters, by which users recognise the key.
    pub(crate) prefix: String,
    pub(crate) scopes: Vec<KeyScope>,
    pub(crate) is_active: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl StoredKey {
    fn is_valid(&self, now: Timestamp) -> bool {
        self.is_active && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// The scopes that a key gets for the requested ones: unknown ones are dropped, and if none are left, the default
/// applies.
pub(crate) fn granted_scopes(era: Era, requested: Vec<KeyScope>) -> Vec<KeyScope> {
    let mut scopes: Vec<KeyScope> = Vec::new();
    for scope in requested {
        let unknown = matches!(&scope, KeyScope::Other(word) if !word.starts_with("edgequake:"));
        if !unknown && !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    match (scopes.is_empty(), era) {
        (false, _) => scopes,
        (true, Era::C) => vec![KeyScope::Read, KeyScope::Query],
        (true, Era::B) => vec![KeyScope::Other("read".into()), KeyScope::Other("write".into())],
    }
}

/// How many keys are kept, revoked ones included.
const CAPACITY: usize = 10_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct ApiKeys {
    by_id: HashMap<KeyId, StoredKey>,
    by_fingerprint: HashMap<Fingerprint, KeyId>,
}

impl ApiKeys {
    /// Creates a key. The second value is the key itself, which is not stored.
    pub(crate) fn create(
        &mut self,
        user: UserId,
        name: Option<String>,
        scopes: Vec<KeyScope>,
        expires_in_days: Option<u64>,
        now: Timestamp,
    ) -> Result<(StoredKey, Secret), NoRandomness> {
        let secret = new_api_key()?;
        let expires_at = expires_in_days
            .map(|days| now.saturating_add(Duration::from_secs(days.saturating_mul(24 * 60 * 60))));
        let key = StoredKey {
            key_id: KeyId::new(Uuid::new_v4().to_string()),
            user,
            name,
            prefix: secret.expose().chars().take(11).collect(),
            scopes,
            is_active: true,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        self.by_fingerprint.insert(fingerprint(secret.expose()), key.key_id.clone());
        self.by_id.insert(key.key_id.clone(), key.clone());
        Ok((key, secret))
    }

    /// Whether another key may be created. Revoked and expired ones are forgotten when there are too many.
    pub(crate) fn has_room(&mut self, now: Timestamp) -> bool {
        if self.by_id.len() >= CAPACITY {
            self.by_id.retain(|_, key| key.is_valid(now));
            self.by_fingerprint.retain(|_, id| self.by_id.contains_key(id));
        }
        self.by_id.len() < CAPACITY
    }

    /// Finds the key of a token, if it is active and has not expired.
    pub(crate) fn authenticate(&self, token: &str, now: Timestamp) -> Option<&StoredKey> {
        let key = self.by_id.get(self.by_fingerprint.get(&fingerprint(token))?)?;
        key.is_valid(now).then_some(key)
    }

    pub(crate) fn mark_used(&mut self, key_id: &KeyId, now: Timestamp) {
        if let Some(key) = self.by_id.get_mut(key_id) {
            key.last_used_at = Some(now);
        }
    }

    /// The keys of a user including revoked ones, newest first.
    pub(crate) fn of_user(&self, user: &UserId) -> Vec<StoredKey> {
        let mut keys: Vec<StoredKey> = self.by_id.values().filter(|key| key.user == *user).cloned().collect();
        keys.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.key_id.cmp(&b.key_id)));
        keys
    }

    /// Revokes a key of `user`, or of any user if `None`; false if there is no such key.
    pub(crate) fn revoke(&mut self, key_id: &KeyId, user: Option<&UserId>) -> bool {
        match self.by_id.get_mut(key_id) {
            Some(key) if user.is_none_or(|user| key.user == *user) => {
                key.is_active = false;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
