//! [`EncryptionKey`]: what is stored is read by those who hold the key, and by nobody who can read Redis or its backups.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::RedisStoreError;

/// What encrypted bytes begin with; a record in plain text begins with a brace.
const MARK: &[u8] = b"eqs1";
const NONCE: usize = 24;

/// A key of 256 bits for records at rest: XChaCha20-Poly1305, with a nonce drawn for each write. The name of the Redis key is
/// authenticated with it, so a record cannot be put in another's place.
///
/// ```
/// use edgequake_redis::EncryptionKey;
///
/// // As of `openssl rand -base64 32`.
/// let key = EncryptionKey::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// assert_eq!(format!("{key:?}"), "EncryptionKey(..)");
/// # Ok::<(), edgequake_redis::RedisStoreError>(())
/// ```
#[derive(Clone)]
pub struct EncryptionKey(XChaCha20Poly1305);

impl EncryptionKey {
    /// A key of 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(XChaCha20Poly1305::new((&*bytes).into()))
    }

    /// A key in base64. Blanks and line ends around it do not count.
    ///
    /// # Errors
    ///
    /// [`RedisStoreError::InvalidEncryptionKey`] if it is not 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, RedisStoreError> {
        let bytes =
            Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| RedisStoreError::InvalidEncryptionKey)?);
        let bytes: Zeroizing<[u8; 32]> =
            Zeroizing::new(bytes.as_slice().try_into().map_err(|_| RedisStoreError::InvalidEncryptionKey)?);
        Ok(Self::from_bytes(*bytes))
    }

    /// Encrypts `text` for the Redis key `name`. `None` if the system gives no random numbers.
    pub(crate) fn encrypt(&self, name: &str, text: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: text.as_bytes(), aad: name.as_bytes() };
        let encrypted = self.0.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([MARK, &nonce, &encrypted].concat())
    }

    /// The text that was encrypted with this key for this name.
    pub(crate) fn decrypt(&self, name: &str, encrypted: &[u8]) -> Option<Zeroizing<String>> {
        let (nonce, encrypted) = encrypted.strip_prefix(MARK)?.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: encrypted, aad: name.as_bytes() };
        let text = self.0.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(text).ok().map(Zeroizing::new)
    }

    pub(crate) fn is_encrypted(bytes: &[u8]) -> bool {
        bytes.starts_with(MARK)
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> EncryptionKey {
        EncryptionKey::from_bytes([byte; 32])
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        let good = STANDARD.encode([7; 32]);
        assert!(EncryptionKey::from_base64(&format!(" {good}\n")).is_ok());
        for bad in ["", "s3cr3t", &STANDARD.encode([7; 31]), &STANDARD.encode([7; 33])] {
            let error = EncryptionKey::from_base64(bad).unwrap_err();
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"an encryption key is 32 random bytes in base64, such as `openssl rand -base64 32` prints");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_encrypted_can_be_read_with_its_key_and_name_only(text in ".*", name in ".*", flip in any::<usize>()) {
            let encrypted = key(1).encrypt(&name, &text).unwrap();
            prop_assert!(EncryptionKey::is_encrypted(&encrypted));
            let decrypted = key(1).decrypt(&name, &encrypted);
            prop_assert_eq!(decrypted.as_deref().map(String::as_str), Some(text.as_str()));
            prop_assert!(key(2).decrypt(&name, &encrypted).is_none());
            prop_assert!(key(1).decrypt(&(name.clone() + "x"), &encrypted).is_none());
            prop_assert_ne!(&key(1).encrypt(&name, &text).unwrap(), &encrypted, "a nonce is used once");
            let mut damaged = encrypted;
            let place = flip % damaged.len();
            damaged[place] ^= 1;
            prop_assert!(key(1).decrypt(&name, &damaged).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            key(1).decrypt("n", &bytes);
            key(1).decrypt("n", &[MARK, &bytes].concat());
        }
    }
}
