//! The one word that a span says of a failure.

use std::error::Error as StdError;

use edgequake_auth::CredentialsError;

use crate::fault::{Fault, NoRuntime, find};
use crate::layers::guard::OriginViolation;
use crate::layers::timeout::TimedOut;

/// What the field `fault` of a span says of an error:
///
/// | word | what happened |
/// |---|---|
/// | `credentials` | no credential could be had: there is none, or a login or refresh failed |
/// | `guard` | the request was not let out, see [`guard`](crate::layers::guard) |
/// | `timeout` | a time limit of this client ended |
/// | `no_runtime` | there is no Tokio runtime for it, or none any more |
/// | `connect`, `certificate`, `tls`, `proxy`, `not_sent`, `interrupted` | a [`Fault`] |
/// | `other` | something else, such as a failure of a layer of your own |
///
/// A span whose future was dropped before there was an answer says `dropped`.
pub fn fault_name(error: &(dyn StdError + 'static)) -> &'static str {
    if find::<CredentialsError>(error).is_some() {
        return "credentials";
    }
    if find::<OriginViolation>(error).is_some() {
        return "guard";
    }
    if find::<TimedOut>(error).is_some() {
        return "timeout";
    }
    if find::<NoRuntime>(error).is_some() {
        return "no_runtime";
    }
    match Fault::of(error) {
        Some(Fault::Connect) => "connect",
        Some(Fault::Certificate) => "certificate",
        Some(Fault::Tls) => "tls",
        Some(Fault::Proxy) => "proxy",
        Some(Fault::NotSent) => "not_sent",
        Some(Fault::Interrupted) => "interrupted",
        None => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_that_is_missing_has_a_word_of_its_own() {
        for error in [NoRuntime::ABSENT, NoRuntime::BARE, NoRuntime::GONE] {
            assert_eq!(fault_name(&error), "no_runtime");
            assert_eq!(fault_name(&Fault::Connect.mark(std::io::Error::other(error))), "no_runtime");
        }
    }
}
