//! [`Anonymous`]: no credential, on purpose.

use crate::authorization::Authorization;
use crate::credentials::{AuthContext, Credentials, SharedCredentials};
use crate::error::CredentialsError;

/// Sends requests without a credential, for public endpoints and servers with authentication turned off.
///
/// ```
/// use edgequake_auth::{Anonymous, AuthContext, Credentials};
///
/// let cx = AuthContext::new("http://localhost:8080".parse().unwrap());
/// assert!(Anonymous.ready(&cx).unwrap().header().is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Anonymous;

impl Credentials for Anonymous {
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        Some(Authorization::anonymous())
    }

    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        Ok(Authorization::anonymous())
    }
}

impl SharedCredentials {
    /// Requests without any credential, for public endpoints and servers with authentication turned off.
    pub fn anonymous() -> Self {
        Self::from(Anonymous)
    }
}
