//! [`ApiKeys`]: keys of the calling user.

use edgequake_types::KeyId;
use edgequake_types::api_keys::{
    ApiKey, CreateApiKey, CreatedApiKey, ListApiKeys, RevokeApiKey, RevokedApiKey,
};

use super::resource;
use crate::call::Call;
use crate::error::Error;

resource! {
    /// API keys of the calling user: `/api/v1/api-keys`.
    ///
    /// ```no_run
    /// # async fn run(admin: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::api_keys::{CreateApiKey, KeyScope};
    ///
    /// let key = admin.api_keys().create(CreateApiKey::new().name("Analytics").scopes([KeyScope::Read])).await?;
    /// std::fs::write("analytics.key", key.api_key.expose()).expect("a place to keep it");
    ///
    /// for unused in admin.api_keys().unused().await? {
    ///     admin.api_keys().revoke(unused.key_id).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ApiKeys, api_keys
}

/// What became of a [rotation](ApiKeys::rotate).
#[derive(Debug)]
#[must_use = "it holds the new key, which is shown only once"]
#[non_exhaustive]
pub struct Rotation {
    /// The new key. It is shown only once: store it now.
    pub created: CreatedApiKey,
    /// Whether the old key was revoked. If not, both keys work.
    pub revoked: Result<RevokedApiKey, Error>,
}

impl ApiKeys<'_> {
    /// `POST /api/v1/api-keys`: makes a key, which is shown only once.
    pub fn create(&self, key: CreateApiKey) -> Call<CreateApiKey> {
        self.client.send(key)
    }

    /// `GET /api/v1/api-keys`: the caller's keys, revoked ones included.
    pub fn list(&self, list: ListApiKeys) -> Call<ListApiKeys> {
        self.client.send(list)
    }

    /// `DELETE /api/v1/api-keys/{key_id}`: revokes a key. It stays listed as inactive.
    pub fn revoke(&self, key: impl Into<KeyId>) -> Call<RevokeApiKey> {
        self.client.send(RevokeApiKey::new(key))
    }

    /// Makes a new key, then revokes the old one, so that there is a key at any moment. The two are separate operations:
    /// [`Rotation`] has both outcomes, and the new key is never lost.
    ///
    /// # Errors
    ///
    /// When no new key could be made; the old one is untouched then. If the future is dropped after the new key was made, both
    /// keys work.
    #[inline]
    pub async fn rotate(&self, old: impl Into<KeyId>, new: CreateApiKey) -> Result<Rotation, Error> {
        let old = old.into();
        let created = self.create(new).await?;
        let revoked = self.revoke(old).await;
        Ok(Rotation { created, revoked })
    }

    /// The active keys that were never used: candidates to be revoked.
    ///
    /// # Errors
    ///
    /// Those of [`list`](Self::list).
    #[inline]
    pub async fn unused(&self) -> Result<Vec<ApiKey>, Error> {
        let mut keys = self.list(ListApiKeys::new()).items();
        let mut unused = Vec::new();
        while let Some(key) = keys.next().await {
            let key = key?;
            if key.is_active != Some(false) && key.last_used_at.is_none() {
                unused.push(key);
            }
        }
        Ok(unused)
    }
}
