//! [`Env`]: an API key, or a name and a password, from environment variables and the files that they name.

use super::configured::{API_KEY, Configured, ConfiguredLogin};
use super::key_file::KeyFile;
use super::password::Password;
use super::static_key::StaticKey;
use crate::authorization::{Authorization, Carrier, Generation};
use crate::credentials::{AuthContext, Credentials, Recourse};
use crate::error::{CredentialsError, CredentialsErrorKind};

/// What the environment says about credentials, read once at construction.
///
/// | variable | meaning |
/// |---|---|
/// | `EDGEQUAKE_API_KEY` | the API key this provider hands out |
/// | `EDGEQUAKE_API_KEY_FILE` | the file that holds it, treated as by [`KeyFile`](crate::KeyFile) |
/// | `EDGEQUAKE_USERNAME`, else `EDGEQUAKE_EMAIL` | the name for [`login`](Self::login) |
/// | `EDGEQUAKE_PASSWORD` | the password for [`login`](Self::login) |
/// | `EDGEQUAKE_PASSWORD_FILE` | the file that holds it, read for each login |
///
/// A variable that is empty counts as unset, so that `EDGEQUAKE_API_KEY=` lets the next source of a chain have its
/// turn. A key that is set and malformed is an error, which stops a chain, and so are a variable and its twin with `_FILE` that
/// are both set.
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
    key: Result<Key, CredentialsError>,
    login: Result<ConfiguredLogin, CredentialsError>,
}

#[derive(Debug, Clone)]
enum Key {
    Value(StaticKey),
    File(KeyFile),
}

impl Env {
    /// Reads the process environment, now and never again. Files are read when they are needed.
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
        let key = Configured::find(API_KEY, &lookup).and_then(|found| match found {
            Some(Configured::Value(value)) => StaticKey::from_field(API_KEY, value.expose()).map(Key::Value),
            Some(Configured::File(_, path)) => Ok(Key::File(KeyFile::new(path))),
            None => Err(CredentialsError::new(
                CredentialsErrorKind::NotConfigured,
                format!("{API_KEY} is not set in the environment"),
            )),
        });
        Self { key, login: ConfiguredLogin::find(&lookup) }
    }

    /// Sends the key in another header.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.key = self.key.map(|key| match key {
            Key::Value(key) => Key::Value(key.carrier(carrier)),
            Key::File(file) => Key::File(file.carrier(carrier)),
        });
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

    /// The file that `EDGEQUAKE_API_KEY_FILE` names, if the key is in one.
    pub fn key_file(&self) -> Option<&std::path::Path> {
        match &self.key {
            Ok(Key::File(file)) => Some(file.path()),
            _ => None,
        }
    }

    /// The name and password that the environment holds, when it holds both. A password in a variable is taken as it is, blanks
    /// included; of one in a file, line ends at its end are taken off. That file is read for each login, and not here.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid), naming the variable, when one of them cannot be used.
    pub fn login(&self) -> Result<Option<(&str, Password)>, CredentialsError> {
        Ok(self.user_name()?.zip(self.password()?))
    }

    /// The name to log in with, also without a password.
    ///
    /// # Errors
    ///
    /// Those of [`login`](Self::login).
    pub fn user_name(&self) -> Result<Option<&str>, CredentialsError> {
        Ok(self.login.as_ref().map_err(Clone::clone)?.name.as_deref())
    }

    /// The password to log in with, also without a name.
    ///
    /// # Errors
    ///
    /// Those of [`login`](Self::login).
    pub fn password(&self) -> Result<Option<Password>, CredentialsError> {
        Ok(self.login.as_ref().map_err(Clone::clone)?.password.clone())
    }
}

impl Credentials for Env {
    fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        match self.key.as_ref().ok()? {
            Key::Value(key) => Some(key.authorization().clone()),
            Key::File(file) => file.ready(cx),
        }
    }

    async fn authorize(&self, cx: &AuthContext) -> Result<Authorization, CredentialsError> {
        match self.key.as_ref().map_err(Clone::clone)? {
            Key::Value(key) => Ok(key.authorization().clone()),
            Key::File(file) => file.authorize(cx).await,
        }
    }

    fn rejected(&self, used: Generation) -> Recourse {
        match &self.key {
            Ok(Key::File(file)) => file.rejected(used),
            _ => Recourse::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERNAME: &str = "EDGEQUAKE_USERNAME";
    const EMAIL: &str = "EDGEQUAKE_EMAIL";
    const PASSWORD: &str = "EDGEQUAKE_PASSWORD";

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

    #[tokio::test]
    async fn a_login_needs_a_name_and_a_password() {
        assert!(env(&[(USERNAME, "mona")]).login().unwrap().is_none());
        assert!(env(&[(PASSWORD, "s3cr3t-p")]).login().unwrap().is_none());
        let both = env(&[(EMAIL, "mona@corp.test"), (PASSWORD, " s3cr3t-p ")]);
        let (name, password) = both.login().unwrap().unwrap();
        assert_eq!((name, password.read().await.unwrap().expose()), ("mona@corp.test", " s3cr3t-p "));
        let shown = format!("{both:?}");
        assert!(shown.contains("mona@corp.test") && !shown.contains("s3cr3t"), "{shown}");
        let named = env(&[(EMAIL, "mona@corp.test"), (USERNAME, "mona"), (PASSWORD, "p")]);
        assert_eq!(named.login().unwrap().unwrap().0, "mona");
    }

    #[tokio::test]
    async fn the_twin_of_a_variable_names_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("key"), "\u{FEFF}k1\r\n").unwrap();
        std::fs::write(path("password"), " s3cr3t-p \n").unwrap();
        let env = Env::with(|name| match name {
            "EDGEQUAKE_API_KEY_FILE" => Some(path("key")),
            "EDGEQUAKE_PASSWORD_FILE" => Some(format!("{}\n", path("password"))),
            EMAIL => Some("mona".to_owned()),
            _ => None,
        });
        assert!(env.is_configured().unwrap() && env.key_file().is_some());
        let cx = AuthContext::new("http://localhost".parse().unwrap());
        let first = env.clone().carrier(Carrier::ApiKey).authorize(&cx).await.unwrap();
        assert_eq!(first.header().unwrap().1, "k1");
        let (name, password) = env.login().unwrap().unwrap();
        assert_eq!((name, password.read().await.unwrap().expose()), ("mona", " s3cr3t-p "));

        std::fs::write(path("password"), "\n").unwrap();
        let error = password.read().await.unwrap_err().to_string();
        insta::assert_snapshot!(error.replace(&path("password"), "[file]"), @"the file [file] (EDGEQUAKE_PASSWORD_FILE) is empty");
        std::fs::remove_file(path("key")).unwrap();
        let error = env.authorize(&cx).await.unwrap_err().to_string();
        insta::assert_snapshot!(error.replace(&path("key"), "[file]"), @"the key file [file] cannot be read");
    }

    #[test]
    fn a_variable_and_its_twin_are_an_error() {
        let both = |name: &str| name.starts_with("EDGEQUAKE_").then(|| "s3cr3t".to_owned());
        let env = Env::with(both);
        insta::assert_snapshot!(env.is_configured().unwrap_err(), @"EDGEQUAKE_API_KEY and EDGEQUAKE_API_KEY_FILE are both set; unset one of them");
        insta::assert_snapshot!(env.login().unwrap_err(), @"EDGEQUAKE_PASSWORD and EDGEQUAKE_PASSWORD_FILE are both set; unset one of them");
    }
}
