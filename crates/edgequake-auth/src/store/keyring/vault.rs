//! The three calls that are made of a keyring, and the keyring of the system. All of them block.

use std::error::Error as StdError;
use std::fmt;

use edgequake_types::Secret;
use keyring::{Entry, Error};

/// How a call of a keyring fails, as far as it matters what to do next.
#[derive(Debug)]
pub(super) enum VaultError {
    /// There is no such entry: nobody is logged in.
    NoEntry,
    /// There is no keyring, or it is locked or broken.
    Unavailable(Box<dyn StdError + Send + Sync>),
    /// The entry is not text.
    Unreadable,
}

/// A keyring.
pub(super) trait Vault: fmt::Debug + Send + Sync + 'static {
    fn get(&self, service: &str, user: &str) -> Result<Secret, VaultError>;
    fn set(&self, service: &str, user: &str, secret: &[u8]) -> Result<(), VaultError>;
    fn delete(&self, service: &str, user: &str) -> Result<(), VaultError>;
}

/// The keyring of the operating system.
#[derive(Debug)]
pub(super) struct SystemVault;

impl SystemVault {
    fn entry(service: &str, user: &str) -> Result<Entry, VaultError> {
        match Entry::store_status() {
            Ok(()) => Entry::new(service, user).map_err(VaultError::from),
            // The crate keeps the reason to itself; its text is all there is to hand on.
            Err(error) => Err(VaultError::Unavailable(error.to_string().into())),
        }
    }
}

impl Vault for SystemVault {
    fn get(&self, service: &str, user: &str) -> Result<Secret, VaultError> {
        Ok(Self::entry(service, user)?.get_password().map(Secret::new)?)
    }

    fn set(&self, service: &str, user: &str, secret: &[u8]) -> Result<(), VaultError> {
        Ok(Self::entry(service, user)?.set_secret(secret)?)
    }

    fn delete(&self, service: &str, user: &str) -> Result<(), VaultError> {
        Ok(Self::entry(service, user)?.delete_credential()?)
    }
}

impl From<Error> for VaultError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoEntry => Self::NoEntry,
            // These two carry what they could not read.
            Error::BadEncoding(_) | Error::BadDataFormat(..) => Self::Unreadable,
            error => Self::Unavailable(error.into()),
        }
    }
}
