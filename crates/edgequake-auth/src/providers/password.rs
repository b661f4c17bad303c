//! [`Password`]: what a login is made with, in hand or in a file.

use std::fmt;

use edgequake_types::Secret;

use super::secret_file::SecretFile;
use crate::error::CredentialsError;

/// The password of a login: a text in hand, or a [`SecretFile`] that is read for each login.
///
/// ```
/// use edgequake_auth::{Jwt, JwtBuilder, SecretFile};
///
/// fn mounted(jwt: JwtBuilder) -> JwtBuilder {
///     jwt.login("mona@corp.test", SecretFile::new("/run/secrets/edgequake/password"))
/// }
/// ```
#[derive(Clone)]
pub struct Password(Kind);

#[derive(Clone)]
enum Kind {
    Value(Secret),
    File(SecretFile),
}

impl Password {
    /// Whether another one may be there next time.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self.0, Kind::File(_))
    }

    /// Whether it can be told already that there is none.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.0, Kind::Value(value) if value.is_empty())
    }

    /// The password now. A file is read without blocking this thread.
    ///
    /// # Errors
    ///
    /// Those of [`SecretFile::read`].
    pub async fn read(&self) -> Result<Secret, CredentialsError> {
        match &self.0 {
            Kind::Value(value) => Ok(value.clone()),
            Kind::File(file) => file.read().await,
        }
    }
}

impl From<Secret> for Password {
    fn from(value: Secret) -> Self {
        Self(Kind::Value(value))
    }
}

impl From<String> for Password {
    fn from(value: String) -> Self {
        Secret::from(value).into()
    }
}

impl From<&str> for Password {
    fn from(value: &str) -> Self {
        Secret::from(value).into()
    }
}

impl From<SecretFile> for Password {
    fn from(file: SecretFile) -> Self {
        Self(Kind::File(file))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Value(value) => value.fmt(f),
            Kind::File(file) => file.fmt(f),
        }
    }
}
