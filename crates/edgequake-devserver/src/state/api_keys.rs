//! API keys: generated here, shown once, kept as digests.

use std::collections::HashMap;

use edgequake_types::api_keys::KeyScope;
use edgequake_types::{KeyId, Secret, UserId};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::auth::digest::{Fingerprint, NoRandomness, fingerprint, new_api_key};
use crate::auth::permission::Grants;
use crate::options::Era;

/// A key as it is remembered: everything but the key.
#[derive(Debug, Clone)]
pub(crate) struct StoredKey {
    pub(crate) key_id: KeyId,
    pub(crate) user: UserId,
    pub(crate) name: Option<String>,
    /// The first 11 characters, for people to recognise the key by.
    pub(crate) prefix: String,
    pub(crate) scopes: Vec<KeyScope>,
    pub(crate) is_active: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl StoredKey {
    /// What the scopes allow. Middle-aged servers look only for `admin` and let every key write.
    pub(crate) fn grants(&self, era: Era) -> Grants {
        match era {
            Era::C => Grants::of(&self.scopes),
            Era::B if self.scopes.contains(&KeyScope::All) => Grants::ALL,
            Era::B => Grants::of(&[KeyScope::Read, KeyScope::Query, KeyScope::Write]),
        }
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        self.is_active && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// The scopes that a key gets when these are asked for: strange ones are dropped, and none at all mean the default.
pub(crate) fn granted_scopes(era: Era, asked: Vec<KeyScope>) -> Vec<KeyScope> {
    let mut scopes: Vec<KeyScope> = Vec::new();
    for scope in asked {
        let strange = matches!(&scope, KeyScope::Other(word) if !word.starts_with("edgequake:"));
        if !strange && !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    match (scopes.is_empty(), era) {
        (false, _) => scopes,
        (true, Era::C) => vec![KeyScope::Read, KeyScope::Query],
        (true, Era::B) => vec![KeyScope::Read, KeyScope::Write],
    }
}

#[derive(Debug, Default)]
pub(crate) struct ApiKeys {
    by_id: HashMap<KeyId, StoredKey>,
    by_fingerprint: HashMap<Fingerprint, KeyId>,
}

impl ApiKeys {
    /// Makes a key. The second value is the key itself, which nobody sees again.
    pub(crate) fn create(
        &mut self,
        user: UserId,
        name: Option<String>,
        scopes: Vec<KeyScope>,
        expires_in_days: Option<u64>,
        now: Timestamp,
    ) -> Result<(StoredKey, Secret), NoRandomness> {
        let secret = new_api_key()?;
        let expires_at = expires_in_days.map(|days| {
            let hours = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(24);
            let lifetime = SignedDuration::try_from_hours(hours).unwrap_or(SignedDuration::MAX);
            now.checked_add(lifetime).unwrap_or(Timestamp::MAX)
        });
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

    /// The key behind a token, if it is active and has not expired.
    pub(crate) fn authenticate(&self, token: &str, now: Timestamp) -> Option<&StoredKey> {
        let key = self.by_id.get(self.by_fingerprint.get(&fingerprint(token))?)?;
        key.is_valid(now).then_some(key)
    }

    pub(crate) fn mark_used(&mut self, key_id: &KeyId, now: Timestamp) {
        if let Some(key) = self.by_id.get_mut(key_id) {
            key.last_used_at = Some(now);
        }
    }

    /// The keys of a user, the newest first, revoked ones among them.
    pub(crate) fn of(&self, user: &UserId) -> Vec<StoredKey> {
        let mut keys: Vec<StoredKey> = self.by_id.values().filter(|key| key.user == *user).cloned().collect();
        keys.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.key_id.cmp(&b.key_id)));
        keys
    }

    /// Revokes a key of `user`, or of anybody where the server does not look; false when there is none.
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
