//! [`StaticKey`]: an API key given by the program.

use edgequake_types::Secret;

use super::key;
use crate::authorization::{Authorization, Carrier, Generation};
use crate::credentials::{AuthContext, Credentials};
use crate::error::CredentialsError;

/// An API key that the program gave. It has no expiry and nothing is done about a refusal.
///
/// White space around the key and a pasted `Bearer ` are taken off.
///
/// ```
/// use edgequake_auth::{AuthContext, Carrier, Credentials, StaticKey};
///
/// let key = StaticKey::new("eq_0123456789\n")?.carrier(Carrier::ApiKey);
/// let cx = AuthContext::new("http://localhost:8080".parse().unwrap());
/// let authorization = key.ready(&cx).unwrap();
/// assert_eq!(authorization.header().unwrap().1, "eq_0123456789");
/// assert_eq!(format!("{key:?}"), r#"StaticKey { header: "x-api-key", .. }"#);
/// # Ok::<(), edgequake_auth::CredentialsError>(())
/// ```
#[derive(Clone)]
pub struct StaticKey {
    key: Secret,
    authorization: Authorization,
}

impl StaticKey {
    /// Checks the key and builds its header, `Authorization: Bearer`.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::CredentialsErrorKind::Invalid) when the key is empty, or has a control or non-ASCII
    /// character; the error tells its position and never shows the key.
    pub fn new(key: impl Into<Secret>) -> Result<Self, CredentialsError> {
        Self::from_field("the API key", key.into().expose())
    }

    /// [`new`](Self::new), with errors that name the place the key came from.
    pub(crate) fn from_field(field: &str, text: &str) -> Result<Self, CredentialsError> {
        let key = key::clean(field, text)?;
        let authorization = Carrier::Bearer.authorization(&key, Generation::next())?;
        Ok(Self { key, authorization })
    }

    /// Sends the key in another header.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        // The key was checked by the same rule, so the header can be built.
        if let Ok(authorization) = carrier.authorization(&self.key, self.authorization.generation()) {
            self.authorization = authorization;
        }
        self
    }

    pub(crate) fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    pub(crate) fn same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl std::fmt::Debug for StaticKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.authorization.header().map_or("none", |(name, _)| name.as_str());
        f.debug_struct("StaticKey").field("header", &name).finish_non_exhaustive()
    }
}

impl Credentials for StaticKey {
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        Some(self.authorization.clone())
    }

    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        Ok(self.authorization.clone())
    }

    fn can_renew(&self) -> bool {
        false
    }
}
