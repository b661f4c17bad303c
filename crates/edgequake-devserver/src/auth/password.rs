//! Passwords: stored as argon2id hashes, at a cost that a test suite can bear.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use edgequake_types::Secret;

use super::digest::random;
use crate::error::Refusal;

/// The smallest length that a user may choose.
const MIN_LENGTH: usize = 8;

/// 256 KiB and one pass: a few milliseconds even without optimisation. A server for real accounts takes a hundred times
/// that, but here every account is made up.
fn hasher() -> Option<Argon2<'static>> {
    Params::new(256, 1, 1, None).ok().map(Argon2::from)
}

/// The hash to store, in PHC string form.
pub(crate) fn hash(password: &Secret) -> Result<String, Refusal> {
    let salt = random::<16>()?;
    let hash =
        hasher().and_then(|hasher| hasher.hash_password_with_salt(password.expose().as_bytes(), &salt).ok());
    Ok(hash.ok_or_else(Refusal::internal)?.to_string())
}

/// Whether `password` is the one that was hashed.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    hasher().is_some_and(|hasher| hasher.verify_password(password.expose().as_bytes(), hash).is_ok())
}

/// The rule for passwords that users choose.
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
