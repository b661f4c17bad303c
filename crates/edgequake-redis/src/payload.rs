//! What stands in the field `record`: a record as JSON, or encrypted.

use edgequake_auth::{LoginKey, Record, StoreError, StoreErrorKind};
use zeroize::Zeroizing;

#[cfg(feature = "encryption")]
use crate::encryption::EncryptionKey;

/// How records are written, and which can be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Payloads {
    /// For what is written.
    #[cfg(feature = "encryption")]
    pub(crate) key: Option<EncryptionKey>,
    /// For what was written before.
    #[cfg(feature = "encryption")]
    pub(crate) former: Vec<EncryptionKey>,
}

fn corrupt(text: impl Into<std::borrow::Cow<'static, str>>) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, text)
}

impl Payloads {
    pub(crate) fn is_encrypted(&self) -> bool {
        #[cfg(feature = "encryption")]
        let encrypted = self.key.is_some();
        #[cfg(not(feature = "encryption"))]
        let encrypted = false;
        encrypted
    }

    /// The bytes for the Redis key `name`.
    #[cfg_attr(
        not(feature = "encryption"),
        expect(unused_variables, reason = "encryption binds a record to its name")
    )]
    pub(crate) fn write(
        &self,
        name: &str,
        key: &LoginKey,
        record: &Record,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let text =
            record.to_json(key).map_err(|error| corrupt("the login cannot be written").with_source(error))?;
        #[cfg(feature = "encryption")]
        if let Some(encryption) = &self.key {
            let encrypted = encryption.encrypt(name, text.expose());
            return encrypted.map(Zeroizing::new).ok_or_else(|| {
                StoreError::new(
                    StoreErrorKind::Unavailable,
                    "the login cannot be encrypted: the system gives no random numbers",
                )
            });
        }
        Ok(Zeroizing::new(text.expose().as_bytes().to_vec()))
    }

    /// The record in these bytes of the Redis key `name`.
    pub(crate) fn read(&self, name: &str, key: &LoginKey, bytes: &[u8]) -> Result<Record, StoreError> {
        let decrypted = self.decrypt(name, bytes)?;
        let text = match &decrypted {
            Some(text) => text.as_str(),
            None => std::str::from_utf8(bytes)
                .map_err(|_| corrupt(format!("the login under {name} in Redis is not ours")))?,
        };
        let (owner, record) = Record::from_json(text).map_err(|error| {
            corrupt(format!("the login under {name} in Redis cannot be read")).with_source(error)
        })?;
        if owner == *key {
            Ok(record)
        } else {
            Err(corrupt(format!("the login under {name} in Redis belongs to somebody else")))
        }
    }

    /// The text of encrypted bytes; `None` for plain ones where those are expected.
    #[cfg(feature = "encryption")]
    fn decrypt(&self, name: &str, bytes: &[u8]) -> Result<Option<Zeroizing<String>>, StoreError> {
        let mut keys = self.key.iter().chain(&self.former).peekable();
        if !EncryptionKey::is_encrypted(bytes) {
            return match self.key {
                None => Ok(None),
                // Whoever can write to Redis could otherwise put a login of theirs in place of an encrypted one.
                Some(_) => Err(corrupt(format!(
                    "the login under {name} in Redis is not encrypted, although this store has a key: delete it and log in again"
                ))),
            };
        }
        if keys.peek().is_none() {
            return Err(corrupt(format!(
                "the login under {name} in Redis is encrypted: give the store its key"
            )));
        }
        keys.find_map(|key| key.decrypt(name, bytes)).map(Some).ok_or_else(|| {
            corrupt(format!("the login under {name} in Redis is encrypted with another key, or damaged"))
        })
    }

    #[cfg(not(feature = "encryption"))]
    #[expect(clippy::unused_self, reason = "the keys are behind the feature")]
    fn decrypt(&self, name: &str, bytes: &[u8]) -> Result<Option<Zeroizing<String>>, StoreError> {
        if bytes.starts_with(b"eqs1") {
            return Err(corrupt(format!(
                "the login under {name} in Redis is encrypted: reading it needs the feature `encryption` and its key"
            )));
        }
        Ok(None)
    }
}
