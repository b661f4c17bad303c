//! Random secrets and their digests.
//!
//! Generated keys and refresh tokens are long and random, so a fast digest protects them as well as a slow one.

use edgequake_types::Secret;
use hmac_sha256::Hash;

/// The stored digest of a random secret.
pub(crate) type Fingerprint = [u8; 32];

pub(crate) fn fingerprint(secret: &str) -> Fingerprint {
    Hash::hash(secret.as_bytes())
}

/// SHA-256 in lower-case hexadecimal digits.
pub(crate) fn sha256_hex(content: &[u8]) -> String {
    Hash::hash(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The operating system provides no random numbers, so no secret can be generated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoRandomness;

pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A new API key: `eq_` and 32 random letters and digits.
pub(crate) fn new_api_key() -> Result<Secret, NoRandomness> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut key = String::from("eq_");
    while key.len() < 35 {
        for byte in random_bytes::<64>()? {
            // 248 is the largest multiple of 62 in a byte; higher values would make some characters more likely.
            if let (true, true, Some(&letter)) =
                (byte < 248, key.len() < 35, ALPHABET.get(usize::from(byte) % ALPHABET.len()))
            {
                key.push(char::from(letter));
            }
        }
    }
    Ok(Secret::new(key))
}

impl From<NoRandomness> for crate::error::Refusal {
    fn from(_: NoRandomness) -> Self {
        Self::internal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_keys_are_well_formed_and_unique() {
        let (one, other) = (new_api_key().unwrap(), new_api_key().unwrap());
        assert_ne!(one, other);
        let random = one.expose().strip_prefix("eq_").unwrap();
        assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{random}");
    }

    #[test]
    fn digests_are_sha_256() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(fingerprint("abc")[..3], [0xba, 0x78, 0x16]);
    }
}
