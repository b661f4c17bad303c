//! Passwords, stored as argon2id hashes at a cost that suits tests.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use edgequake_types::Secret;

use crate::digest::random_bytes;
use crate::error::Refusal;

/// The minimum length of a password that a user chooses.
const MIN_LENGTH: usize = 8;

/// 256 KiB and one pass: a few milliseconds even in a debug build. Real accounts need a hundred times as much, but
/// these are test accounts.
fn hasher() -> Option<Argon2<'static>> {
    Params::new(256, 1, 1, None).ok().map(Argon2::from)
}

/// The hash to store, as a PHC string.
pub(crate) fn hash(password: &Secret) -> Result<String, Refusal> {
    let salt = random_bytes::<16>()?;
    let hash =
        hasher().and_then(|hasher| hasher.hash_password_with_salt(password.expose().as_bytes(), &salt).ok());
    Ok(hash.ok_or_else(Refusal::internal)?.to_string())
}

/// Whether `password` is the one that was hashed.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    hasher().is_some_and(|hasher| hasher.verify_password(password.expose().as_bytes(), hash).is_ok())
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
        let hash = hash(&password).unwrap();
        assert!(hash.starts_with("$argon2id$") && !hash.contains("horse"), "{hash}");
        assert!(verify(&password, &hash));
        for (guess, stored) in
            [("correct horsf", hash.as_str()), ("", &hash), ("correct horse", ""), ("x", "$x$")]
        {
            assert!(!verify(&Secret::new(guess), stored), "{guess:?} {stored:?}");
        }
        assert!(check_policy(&password).is_ok() && check_policy(&Secret::new("seven 7")).is_err());
    }
}
