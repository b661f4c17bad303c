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
/// 128 KiB together: nothing longer is a token.
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

/// `None`, which makes a login without tokens, if somebody has removed or damaged it: the next login writes another.
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
        Ok(_) => {
            damaged();
            return Ok(None);
        }
        Err(_) => bytes,
    };
    // The text of serde's error might quote a token.
    let entry = serde_json::from_slice(&bytes).ok();
    if entry.is_none() {
        damaged();
    }
    Ok(entry)
}

fn damaged() {
    tracing::warn!("the keyring's entry for a login is damaged and not used: log in again");
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
        _ => {
            let text = "the keyring does not give back what was written to it: keep logins in a file";
            Err(StoreError::new(StoreErrorKind::Corrupt, text))
        }
    }
}

/// The parts first, so that whoever finds the entry finds them.
fn write_parts(vault: &dyn Vault, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let parts: Vec<_> = bytes.chunks(PART).collect();
    let split = Split { parts: parts.len() };
    if split.parts > MOST_PARTS {
        return Err(failed(VaultError::TooLarge));
    }
    let split = serde_json::to_vec(&split).map_err(|_| failed(VaultError::Unreadable))?;
    (1..)
        .zip(&parts)
        .try_for_each(|(number, bytes)| vault.set(SERVICE, &part(name, number), bytes))
        .and_then(|()| vault.set(SERVICE, name, &split))
        .map_err(failed)
}

/// Removes an entry, or what an interrupted write has left of it. What tells of the parts goes last, so that whoever is interrupted
/// can go on.
pub(super) fn remove(vault: &dyn Vault, name: &str) -> Result<(), StoreError> {
    let split = get(vault, name)?.and_then(|bytes| serde_json::from_slice::<Split>(&bytes).ok());
    let mut parts = split.map_or(0, |split| split.parts.min(MOST_PARTS));
    while parts < MOST_PARTS && get(vault, &part(name, parts + 1))?.is_some() {
        parts += 1;
    }
    for number in (1..=parts).rev() {
        delete(vault, &part(name, number))?;
    }
    delete(vault, name)
}

fn get(vault: &dyn Vault, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    match vault.get(SERVICE, name) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(VaultError::NoEntry) => Ok(None),
        // Neither text nor tokens, which is for the reader to tell.
        Err(VaultError::Unreadable) => Ok(Some(Zeroizing::default())),
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
        VaultError::NameTooLong => StoreError::new(
            StoreErrorKind::Unavailable,
            "the name of the login, its server and its user, is too long for the keyring: keep logins in a file",
        ),
        VaultError::NoEntry | VaultError::Unreadable => StoreError::new(
            StoreErrorKind::Unavailable,
            "the keyring cannot write its entry for this login: keep logins in a file",
        ),
    }
}
