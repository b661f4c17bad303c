//! Passwords, kept as salted digests.
//!
//! They live in the memory of this process alone, and whoever started it chose them, or was shown them: a fast digest
//! is enough here, where a server that stores passwords needs a slow one such as Argon2.

use std::fmt;

use edgequake_types::Secret;
use hmac_sha256::HMAC;

use crate::digest::{NoRandomness, random_bytes};
use crate::error::Refusal;

/// The minimum length of a password that a user chooses.
const MIN_LENGTH: usize = 8;

/// What is kept of a password.
#[derive(Clone)]
pub(crate) struct PasswordHash {
    salt: [u8; 16],
    digest: [u8; 32],
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

impl PasswordHash {
    pub(crate) fn new(password: &Secret) -> Result<Self, NoRandomness> {
        let salt = random_bytes()?;
        Ok(Self { salt, digest: HMAC::mac(password.expose(), salt) })
    }

    /// Whether `password` is the one that was hashed, in constant time.
    pub(crate) fn verify(&self, password: &Secret) -> bool {
        HMAC::verify(password.expose(), self.salt, &self.digest)
    }
}

/// Checks a password that a user has chosen.
pub(crate) fn check_policy(password: &Secret) -> Result<(), Refusal> {
    if password.expose().chars().count() < MIN_LENGTH {
        return Err(Refusal::bad_request(format!("password must have at least {MIN_LENGTH} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let password = Secret::new("correct horse");
        let hash = PasswordHash::new(&password).unwrap();
        assert!(hash.verify(&password));
        for guess in ["correct horsf", "correct horse ", ""] {
            assert!(!hash.verify(&Secret::new(guess)), "{guess:?}");
        }
        assert_eq!(format!("{hash:?}"), "PasswordHash([redacted])");
        assert!(check_policy(&password).is_ok() && check_policy(&Secret::new("seven 7")).is_err());
    }

    #[test]
    fn the_same_password_is_kept_differently_each_time() {
        let password = Secret::new("correct horse");
        let (one, other) = (PasswordHash::new(&password).unwrap(), PasswordHash::new(&password).unwrap());
        assert_ne!(one.digest, other.digest);
    }
}
