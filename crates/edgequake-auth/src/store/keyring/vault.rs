//! The three calls that are made of a keyring, and the keyring of the system. All of them block.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

/// How a call of a keyring fails, as far as it matters what to do next.
#[derive(Debug)]
pub(super) enum VaultError {
    /// There is no such entry: nobody is logged in.
    NoEntry,
    /// There is no keyring, or it is broken.
    Unavailable(Box<dyn StdError + Send + Sync>),
    /// It is locked, or somebody has said no.
    Denied(Box<dyn StdError + Send + Sync>),
    /// It takes no entry of that many bytes.
    TooLarge,
    /// It takes no name of that many characters.
    NameTooLong,
    /// The entry cannot be read or written as what it is.
    Unreadable,
}

/// A keyring, whose entries are bytes.
pub(super) trait Vault: fmt::Debug + Send + Sync + 'static {
    fn get(&self, service: &str, user: &str) -> Result<Zeroizing<Vec<u8>>, VaultError>;
    fn set(&self, service: &str, user: &str, secret: &[u8]) -> Result<(), VaultError>;
    fn delete(&self, service: &str, user: &str) -> Result<(), VaultError>;
}

/// The keyring of the operating system. It is looked for until it is there, and again once it cannot be reached: a Secret
/// Service may start after this process, or anew.
#[derive(Debug, Default)]
pub(super) struct SystemVault {
    store: Mutex<Option<Arc<CredentialStore>>>,
}

impl SystemVault {
    /// Bytes are written and read as such: some platforms have another form for texts, with less room.
    fn entry<T>(
        &self,
        service: &str,
        user: &str,
        call: impl FnOnce(&Entry) -> keyring_core::Result<T>,
    ) -> Result<T, VaultError> {
        let store = self.store()?;
        let done = store.build(service, user, None).and_then(|entry| call(&entry)).map_err(VaultError::from);
        if matches!(done, Err(VaultError::Unavailable(_) | VaultError::Denied(_))) {
            *self.store.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        done
    }

    fn store(&self) -> Result<Arc<CredentialStore>, VaultError> {
        let mut known = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &*known {
            return Ok(Arc::clone(store));
        }
        let store = open()?;
        *known = Some(Arc::clone(&store));
        Ok(store)
    }
}

fn open() -> Result<Arc<CredentialStore>, VaultError> {
    #[cfg(target_os = "macos")]
    let store: Arc<CredentialStore> = apple_native_keyring_store::keychain::Store::new()?;
    #[cfg(windows)]
    let store: Arc<CredentialStore> = windows_native_keyring_store::Store::new()?;
    #[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
    let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
    #[cfg(any(target_os = "ios", target_os = "android", not(any(unix, windows))))]
    let store: Arc<CredentialStore> =
        return Err(VaultError::Unavailable("this platform has no keyring that is supported".into()));
    Ok(store)
}

impl Vault for SystemVault {
    fn get(&self, service: &str, user: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.entry(service, user, Entry::get_secret).map(Zeroizing::new)
    }

    fn set(&self, service: &str, user: &str, secret: &[u8]) -> Result<(), VaultError> {
        self.entry(service, user, |entry| entry.set_secret(secret))
    }

    fn delete(&self, service: &str, user: &str) -> Result<(), VaultError> {
        self.entry(service, user, Entry::delete_credential)
    }
}

impl From<Error> for VaultError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoEntry => Self::NoEntry,
            // Windows says which attribute, and has two ways to write a secret.
            Error::TooLong(attribute, _) if matches!(attribute.as_str(), "user" | "target") => {
                Self::NameTooLong
            }
            Error::TooLong(..) => Self::TooLarge,
            Error::NoStorageAccess(error) => Self::Denied(error),
            // These two carry what they could not read.
            Error::BadEncoding(_) | Error::BadDataFormat(..) => Self::Unreadable,
            error => Self::Unavailable(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
