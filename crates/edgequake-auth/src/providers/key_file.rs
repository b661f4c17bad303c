//! [`KeyFile`]: an API key that is the content of a file.

use std::fmt;
use std::path::{Path, PathBuf};

use super::reload::{Found, ReloadingKey};
use super::secret_file::SecretFile;
use super::static_key::StaticKey;
use crate::authorization::{Authorization, Carrier, Generation};
use crate::credentials::{AuthContext, Credentials, Recourse};
use crate::error::CredentialsError;

/// An API key in a file of its own, such as a mounted secret.
///
/// The file is read when a key is first needed, and once more each time the server refuses the key it held: a
/// rotated secret is picked up without a restart. If it cannot be read then, the last good key stays in use.
/// White space around the key is taken off, and a byte-order mark; UTF-16 is read as well, as Windows' editors write it. A named
/// pipe is read once, and has to end within 10 seconds.
///
/// ```
/// use edgequake_auth::{Carrier, KeyFile, SharedCredentials};
///
/// let file = KeyFile::new("/run/secrets/edgequake").carrier(Carrier::ApiKey);
/// assert_eq!(format!("{file:?}"), r#"KeyFile { path: "/run/secrets/edgequake", .. }"#);
/// let credentials = SharedCredentials::from(file);
/// ```
#[derive(Clone)]
pub struct KeyFile {
    path: PathBuf,
    key: ReloadingKey,
}

impl KeyFile {
    /// A key in the file at `path`, sent as `Authorization: Bearer`. Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { key: reader(path.clone(), Carrier::Bearer), path }
    }

    /// Sends the key in another header.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.key = reader(self.path.clone(), carrier);
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn reader(path: PathBuf, carrier: Carrier) -> ReloadingKey {
    let name = format!("the key file {}", path.display());
    let file = SecretFile::new(path).named(name);
    ReloadingKey::new(None, move || {
        let read = file.read_text()?;
        let key = StaticKey::from_field(file.name(), read.text.expose())?.carrier(carrier);
        Ok(Found { key, again: read.is_regular })
    })
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Credentials for KeyFile {
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        self.key.ready()
    }

    /// # Errors
    ///
    /// [`Invalid`](crate::CredentialsErrorKind::Invalid) when the file cannot be read or holds no key, and no key was
    /// read before.
    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        self.key.authorize().await
    }

    fn rejected(&self, used: Generation) -> Recourse {
        self.key.rejected(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CredentialsErrorKind;

    fn cx() -> AuthContext {
        AuthContext::new("http://localhost:8080".parse().unwrap())
    }

    fn value(authorization: &Authorization) -> &str {
        authorization.header().unwrap().1.to_str().unwrap()
    }

    #[tokio::test]
    async fn a_rotated_key_file_is_read_again_after_a_refusal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "k1\n").unwrap();
        let file = KeyFile::new(&path);
        assert!(file.ready(&cx()).is_none());

        let first = file.authorize(&cx()).await.unwrap();
        assert_eq!(value(&first), "Bearer k1");
        std::fs::write(&path, "k2\r\n").unwrap();
        assert_eq!(value(&file.ready(&cx()).unwrap()), "Bearer k1");

        assert_eq!(file.rejected(first.generation()), Recourse::Retry);
        assert!(file.ready(&cx()).is_none());
        let second = file.authorize(&cx()).await.unwrap();
        assert_eq!(value(&second), "Bearer k2");
        assert!(second.generation() > first.generation());
        // A late refusal of the old key: somebody has read the file already.
        assert_eq!(file.rejected(first.generation()), Recourse::Retry);
        assert_eq!(value(&file.ready(&cx()).unwrap()), "Bearer k2");
    }

    #[tokio::test]
    async fn an_unchanged_key_keeps_its_generation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "k1").unwrap();
        let file = KeyFile::new(&path);
        let first = file.authorize(&cx()).await.unwrap();
        file.rejected(first.generation());
        assert_eq!(file.authorize(&cx()).await.unwrap().generation(), first.generation());
    }

    #[tokio::test]
    async fn an_unreadable_file_keeps_the_last_good_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "k1").unwrap();
        let file = KeyFile::new(&path);
        let first = file.authorize(&cx()).await.unwrap();
        for broken in [None, Some("s3cr3t\n\nx"), Some("")] {
            match broken {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            file.rejected(first.generation());
            assert_eq!(value(&file.authorize(&cx()).await.unwrap()), "Bearer k1");
        }
    }

    #[tokio::test]
    async fn a_missing_or_malformed_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let error = KeyFile::new(&path).authorize(&cx()).await.unwrap_err();
        assert_eq!(error.kind(), CredentialsErrorKind::Invalid);
        std::fs::write(&path, "s3cr3t\n\nx").unwrap();
        let error = KeyFile::new(&path).authorize(&cx()).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("key file") && !text.contains("s3cr3t"), "{text}");
    }
}
