//! [`Entry`]: the tokens as an entry of a keyring holds them, or as several where one is too small.

use edgequake_types::{Secret, secret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::vault::{Vault, VaultError};
use crate::store::{StoreError, StoreErrorKind};

/// The name under which the entries appear in the keyring.
pub(super) const SERVICE: &str = "edgequake";
/// What every keyring takes: Windows' takes 2,560 bytes.
const PART: usize = 2_048;
/// Longer tokens are none: 128 KiB.
const MOST_PARTS: usize = 64;

/// What an entry of the keyring holds.
#[derive(Serialize, Deserialize, PartialEq)]
pub(super) struct Entry {
    #[serde(default, serialize_with = "secret::expose_option", skip_serializing_if = "Option::is_none")]
    pub(super) access_token: Option<Secret>,
    #[serde(default, serialize_with = "secret::expose_option", skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<Secret>,
}

/// What stands in place of an entry that is split.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    parts: usize,
}

fn part(name: &str, number: usize) -> String {
    format!("{name} part {number}")
}

/// `None` if somebody removed it, which leaves a login without tokens.
pub(super) fn read(vault: &dyn Vault, name: &str) -> Result<Option<Entry>, StoreError> {
    let Some(bytes) = get(vault, name)? else { return Ok(None) };
    let bytes = match serde_json::from_slice::<Split>(&bytes) {
        Ok(Split { parts }) if parts <= MOST_PARTS => {
            let mut whole = Zeroizing::new(Vec::with_capacity(parts * PART));
            for number in 1..=parts {
                let Some(bytes) = get(vault, &part(name, number))? else { return Ok(None) };
                whole.extend_from_slice(&bytes);
            }
            whole
        }
        _ => bytes,
    };
    // The text of serde's error might quote a token.
    serde_json::from_slice(&bytes).map(Some).map_err(|_| corrupt("is damaged"))
}

/// Writes the entry and reads it back. Where it is too large for one, it is split.
pub(super) fn write(vault: &dyn Vault, name: &str, entry: &Entry) -> Result<(), StoreError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
    serde_json::to_writer(&mut *bytes, entry).map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, "the tokens cannot be written as JSON")
            .with_source(error)
    })?;
    match vault.set(SERVICE, name, &bytes) {
        Err(VaultError::TooLarge) => write_parts(vault, name, &bytes)?,
        done => done.map_err(failed)?,
    }
    match read(vault, name)? {
        Some(found) if found == *entry => Ok(()),
        _ => Err(corrupt("is not what was written")),
    }
}

/// The parts first, so that whoever finds the entry finds them.
fn write_parts(vault: &dyn Vault, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let parts: Vec<_> = bytes.chunks(PART).collect();
    let split = Split { parts: parts.len() };
    if split.parts > MOST_PARTS {
        return Err(failed(VaultError::TooLarge));
    }
    let split = serde_json::to_vec(&split).map_err(|_| corrupt("cannot be written"))?;
    let written = (1..)
        .zip(&parts)
        .try_for_each(|(number, bytes)| vault.set(SERVICE, &part(name, number), bytes))
        .and_then(|()| vault.set(SERVICE, name, &split));
    written.map_err(|error| {
        // Tokens that nothing points to would stay for ever. What cannot be removed now could not be removed later.
        for number in 1..=parts.len() {
            let _ = vault.delete(SERVICE, &part(name, number));
        }
        failed(error)
    })
}

pub(super) fn remove(vault: &dyn Vault, name: &str) -> Result<(), StoreError> {
    let parts = match get(vault, name)? {
        Some(bytes) => serde_json::from_slice::<Split>(&bytes).map_or(0, |split| split.parts.min(MOST_PARTS)),
        None => 0,
    };
    for number in 1..=parts {
        delete(vault, &part(name, number))?;
    }
    delete(vault, name)
}

fn get(vault: &dyn Vault, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    match vault.get(SERVICE, name) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(VaultError::NoEntry) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn delete(vault: &dyn Vault, name: &str) -> Result<(), StoreError> {
    match vault.delete(SERVICE, name) {
        Ok(()) | Err(VaultError::NoEntry) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: VaultError) -> StoreError {
    match error {
        VaultError::Unavailable(cause) => {
            let text = "the keyring is unavailable: start a keyring service (on Linux a Secret Service such as \
                        gnome-keyring, in a session with D-Bus), or keep logins in a file";
            StoreError::new(StoreErrorKind::Unavailable, text).with_source(cause)
        }
        VaultError::Denied(cause) => {
            let text = "the keyring is locked or access to it was denied: unlock it or allow this program to use it, or \
                        keep logins in a file";
            StoreError::new(StoreErrorKind::Unavailable, text).with_source(cause)
        }
        VaultError::TooLarge => StoreError::new(
            StoreErrorKind::Unavailable,
            "the tokens are too large for the keyring: keep logins in a file",
        ),
        VaultError::NoEntry | VaultError::Unreadable => corrupt("cannot be read or written"),
    }
}

fn corrupt(what: &'static str) -> StoreError {
    let text = format!("the keyring's entry for this login {what}: log in again");
    StoreError::new(StoreErrorKind::Corrupt, text)
}
