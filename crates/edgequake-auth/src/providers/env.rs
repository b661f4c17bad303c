//! [`Env`]: an API key, or a name and a password, from environment variables.

use edgequake_types::Secret;

use super::static_key::StaticKey;
use crate::authorization::{Authorization, Carrier};
use crate::credentials::{AuthContext, Credentials};
use crate::error::{CredentialsError, CredentialsErrorKind};

pub(crate) const API_KEY: &str = "EDGEQUAKE_API_KEY";
const USERNAME: &str = "EDGEQUAKE_USERNAME";
const EMAIL: &str = "EDGEQUAKE_EMAIL";
const PASSWORD: &str = "EDGEQUAKE_PASSWORD";

/// What the environment says about credentials, read once at construction.
///
/// | variable | meaning |
/// |---|---|
/// | `EDGEQUAKE_API_KEY` | the API key this provider hands out |
/// | `EDGEQUAKE_USERNAME`, else `EDGEQUAKE_EMAIL` | the name for [`login`](Self::login) |
/// | `EDGEQUAKE_PASSWORD` | the password for [`login`](Self::login) |
///
/// A variable that is empty counts as unset, so that `EDGEQUAKE_API_KEY=` lets the next source of a chain have its
/// turn. A key that is set and malformed is an error, which stops a chain.
///
/// ```
/// use edgequake_auth::{AuthContext, Credentials, Env};
///
/// let env = Env::with(|name| (name == "EDGEQUAKE_API_KEY").then(|| "eq_0123456789".to_owned()));
/// let cx = AuthContext::new("http://localhost:8080".parse().unwrap());
/// assert_eq!(env.ready(&cx).unwrap().header().unwrap().1, "Bearer eq_0123456789");
/// assert!(Env::with(|_| None).ready(&cx).is_none());
/// ```
#[derive(Debug, Clone)]
pub struct Env {
    key: Result<StaticKey, CredentialsError>,
    login: Result<Option<(String, Secret)>, CredentialsError>,
}

impl Env {
    /// Reads the process environment, now and never again.
    pub fn from_process() -> Self {
        Self::read(Self::variable)
    }

    /// A variable of the process environment; `None` if it is not set.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid), naming the variable, when its value is not UTF-8.
    ///
    /// ```
    /// use edgequake_auth::Env;
    ///
    /// let url = Env::variable("EDGEQUAKE_BASE_URL")?.unwrap_or_else(|| "http://localhost:8080".to_owned());
    /// # Ok::<(), edgequake_auth::CredentialsError>(())
    /// ```
    pub fn variable(name: &str) -> Result<Option<String>, CredentialsError> {
        match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(CredentialsError::new(
                CredentialsErrorKind::Invalid,
                format!("{name} is not valid UTF-8; set it again"),
            )),
        }
    }

    /// Reads from `lookup` instead of the process environment: another source of variables, or a test.
    pub fn with(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Self::read(|name| Ok(lookup(name)))
    }

    fn read(lookup: impl Fn(&str) -> Result<Option<String>, CredentialsError>) -> Self {
        let get = |name| lookup(name).map(|value| value.filter(|value| !value.is_empty()).map(Secret::new));
        let key = get(API_KEY).and_then(|value| match value {
            Some(value) if !value.expose().trim().is_empty() => {
                StaticKey::from_field(API_KEY, value.expose())
            }
            _ => Err(CredentialsError::new(
                CredentialsErrorKind::NotConfigured,
                format!("{API_KEY} is not set in the environment"),
            )),
        });
        let login = || {
            let name = match get(USERNAME)? {
                Some(name) => Some(name),
                None => get(EMAIL)?,
            };
            let both = name.zip(get(PASSWORD)?);
            Ok(both.map(|(name, password)| (name.expose().trim().to_owned(), password)))
        };
        Self { key, login: login() }
    }

    /// Sends the key in another header.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.key = self.key.map(|key| key.carrier(carrier));
        self
    }

    /// Whether the environment holds a key.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid) when it holds one that cannot be sent.
    pub fn is_configured(&self) -> Result<bool, CredentialsError> {
        match &self.key {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CredentialsErrorKind::NotConfigured => Ok(false),
            Err(error) => Err(error.clone()),
        }
    }

    /// The name and password that the environment holds, when it holds both. The password is taken as it is,
    /// blanks included.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid), naming the variable, when one of them is not UTF-8.
    pub fn login(&self) -> Result<Option<(&str, &Secret)>, CredentialsError> {
        let login = self.login.as_ref().map_err(Clone::clone)?;
        Ok(login.as_ref().map(|(name, password)| (name.as_str(), password)))
    }
}

impl Credentials for Env {
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        self.key.as_ref().ok().map(|key| key.authorization().clone())
    }

    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        self.key.as_ref().map(|key| key.authorization().clone()).map_err(Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&str, &str)]) -> Env {
        Env::with(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn kind(env: &Env) -> CredentialsErrorKind {
        env.key.as_ref().unwrap_err().kind()
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        for value in [&[][..], &[(API_KEY, "")], &[(API_KEY, "  \n")]] {
            let env = env(value);
            assert_eq!(kind(&env), CredentialsErrorKind::NotConfigured);
            assert!(env.ready(&AuthContext::new("http://localhost".parse().unwrap())).is_none());
        }
    }

    #[test]
    fn a_malformed_key_is_an_error_that_names_the_variable() {
        let env = env(&[(API_KEY, "s3cr3t\n\nx")]);
        assert_eq!(kind(&env), CredentialsErrorKind::Invalid);
        let text = format!("{env:?} {}", env.key.as_ref().unwrap_err());
        assert!(text.contains(API_KEY) && !text.contains("s3cr3t"), "{text}");
    }

    #[test]
    fn a_login_needs_a_name_and_a_password() {
        assert!(env(&[(USERNAME, "mona")]).login().unwrap().is_none());
        assert!(env(&[(PASSWORD, "s3cr3t-p")]).login().unwrap().is_none());
        let both = env(&[(EMAIL, "mona@corp.test"), (PASSWORD, " s3cr3t-p ")]);
        let (name, password) = both.login().unwrap().unwrap();
        assert_eq!((name, password.expose()), ("mona@corp.test", " s3cr3t-p "));
        let shown = format!("{both:?}");
        assert!(shown.contains("mona@corp.test") && !shown.contains("s3cr3t"), "{shown}");
        let named = env(&[(EMAIL, "mona@corp.test"), (USERNAME, "mona"), (PASSWORD, "p")]);
        assert_eq!(named.login().unwrap().unwrap().0, "mona");
    }
}
