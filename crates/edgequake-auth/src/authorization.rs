//! [`Authorization`]: the one header that authorizes a request, built once per credential.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use edgequake_types::Secret;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::error::{CredentialsError, CredentialsErrorKind};

/// The header that carries an API key instead of `Authorization`.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Tells one issue of a credential from the next, so that a refusal (401) can be matched to what was sent.
///
/// Numbers are drawn from one counter of the process: a later credential has a greater number, whichever
/// provider made it. They say nothing about the secret and may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Generation(u64);

impl Generation {
    /// The generation of "no credential at all".
    pub const NONE: Self = Self(0);

    /// A number greater than every one drawn before.
    pub fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which header carries a key. Exactly one is sent, never both: the server looks at one credential only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Carrier {
    /// `Authorization: Bearer <key>` (RFC 6750, 2.1).
    #[default]
    Bearer,
    /// `X-API-Key: <key>`, for gateways that use `Authorization` themselves.
    ApiKey,
}

impl Carrier {
    /// Builds the header for a key that is already clean.
    pub(crate) fn authorization(
        self,
        key: &Secret,
        generation: Generation,
    ) -> Result<Authorization, CredentialsError> {
        match self {
            Self::Bearer => {
                let value = Zeroizing::new(format!("Bearer {}", key.expose()));
                Authorization::new(AUTHORIZATION, &value, generation)
            }
            Self::ApiKey => Authorization::new(X_API_KEY, key.expose(), generation),
        }
    }
}

/// One header, its value marked sensitive, and the [`Generation`] it belongs to; or nothing, for servers with
/// authentication turned off. A clone shares the value's bytes.
///
/// ```
/// use edgequake_auth::{Authorization, Generation};
/// use http::{HeaderMap, header};
///
/// let authorization = Authorization::new(header::AUTHORIZATION, "Bearer k1", Generation::next())?;
/// let mut headers = HeaderMap::new();
/// authorization.apply(&mut headers);
/// assert_eq!(headers[header::AUTHORIZATION], "Bearer k1");
/// assert!(headers[header::AUTHORIZATION].is_sensitive());
/// assert!(!format!("{authorization:?}").contains("k1"));
/// # Ok::<(), edgequake_auth::CredentialsError>(())
/// ```
#[derive(Clone)]
pub struct Authorization {
    header: Option<(HeaderName, HeaderValue)>,
    generation: Generation,
}

impl Authorization {
    /// Builds the header and marks its value sensitive.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid) when `value` has a character that is not visible ASCII or a
    /// blank (RFC 9110, 5.5). The error names the header, not the value.
    pub fn new(name: HeaderName, value: &str, generation: Generation) -> Result<Self, CredentialsError> {
        let clean = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let value = HeaderValue::from_str(value).ok().filter(|_| clean);
        let Some(mut value) = value else {
            return Err(CredentialsError::new(
                CredentialsErrorKind::Invalid,
                format!("the value for header {name} has a character outside visible ASCII"),
            ));
        };
        value.set_sensitive(true);
        Ok(Self { header: Some((name, value)), generation })
    }

    /// No header at all.
    pub fn anonymous() -> Self {
        Self { header: None, generation: Generation::NONE }
    }

    /// Puts the header in, replacing one of the same name. Does nothing when there is none.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if let Some((name, value)) = &self.header {
            headers.insert(name, value.clone());
        }
    }

    /// The header, `None` for an anonymous request.
    pub fn header(&self) -> Option<(&HeaderName, &HeaderValue)> {
        self.header.as_ref().map(|(name, value)| (name, value))
    }

    /// Which issue of the credential this is; to be given to [`Credentials::rejected`] after a 401.
    ///
    /// [`Credentials::rejected`]: crate::Credentials::rejected
    pub fn generation(&self) -> Generation {
        self.generation
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("header", &self.header.as_ref().map(|(name, _)| name))
            .field("generation", &self.generation.0)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_carrier_writes_its_own_header_only() {
        let key = Secret::new("k1");
        for (carrier, name, value) in
            [(Carrier::Bearer, "authorization", "Bearer k1"), (Carrier::ApiKey, "x-api-key", "k1")]
        {
            let mut headers = HeaderMap::new();
            carrier.authorization(&key, Generation::next()).unwrap().apply(&mut headers);
            assert_eq!(headers.len(), 1);
            assert_eq!(headers[name], value);
            assert!(headers[name].is_sensitive());
        }
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_header() {
        for value in ["s3cr3t\nx", "s3cr3t\u{201d}", "s3cr3t\u{7f}", "s3cr3t\t"] {
            let error = Authorization::new(AUTHORIZATION, value, Generation::NONE).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(!text.contains("s3cr3t") && text.contains("authorization"), "{text}");
        }
    }

    #[test]
    fn debug_shows_name_and_generation_only() {
        let authorization = Authorization::new(AUTHORIZATION, "Bearer s3cr3t", Generation(7)).unwrap();
        insta::assert_snapshot!(
            format!("{authorization:?}"),
            @r#"Authorization { header: Some("authorization"), generation: 7 }"#
        );
    }

    #[test]
    fn later_generations_are_greater() {
        let first = Generation::next();
        assert!(Generation::NONE < first && first < Generation::next());
    }
}
