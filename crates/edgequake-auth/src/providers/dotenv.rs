//! [`DotEnv`]: variables from one named `.env` file.

mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use edgequake_types::Secret;

use super::configured::{API_KEY, Configured, ConfiguredLogin};
use super::password::Password;
use super::reload::{Found, ReloadingKey};
use super::secret_file::SecretFile;
use super::static_key::StaticKey;
use crate::authorization::{Authorization, Carrier, Generation};
use crate::credentials::{AuthContext, Credentials, Recourse};
use crate::error::{CredentialsError, CredentialsErrorKind};

/// The variables of one `.env` file.
///
/// The file is named by the program: nothing is searched for in parent folders, and nothing is written to the process
/// environment. The dialect:
///
/// * one leading byte-order mark is ignored; lines end in `\n` or `\r\n`; the last one needs no end;
/// * `export ` before a name and blanks around `=` are allowed; the last of several equal names counts;
/// * a bare value runs to the end of the line without blanks around it; a `#` opens a comment only after white space, so
///   `ab#cd` and `#ab` are values;
/// * `'...'` is taken literally; in `"..."` a backslash escapes `n`, `r`, `t`, `"`, `\` and `$`; both may span lines and may
///   be followed by a comment only;
/// * `$NAME` is not expanded: a `$` in a password is a `$`;
/// * files that variables name (`EDGEQUAKE_API_KEY_FILE`) are relative to the working folder of the process;
/// * anything else is an error with the file's name and the line's number, never with the line's text.
///
/// ```
/// use edgequake_auth::DotEnv;
///
/// let file = DotEnv::parse(".env", "export EDGEQUAKE_API_KEY='ab#cd' # ours\nEDGEQUAKE_TENANT_ID=\n")?;
/// assert_eq!(file.get("EDGEQUAKE_API_KEY"), Some("ab#cd"));
/// assert_eq!(file.get("EDGEQUAKE_TENANT_ID"), None);
/// let shown = format!("{file:?}");
/// assert!(shown.contains("EDGEQUAKE_API_KEY") && !shown.contains("ab#cd"));
///
/// let error = DotEnv::parse(".env", "A=1\nB='2\n").unwrap_err();
/// assert_eq!(error.to_string(), ".env, line 2: the quote ' is never closed");
/// # Ok::<(), edgequake_auth::CredentialsError>(())
/// ```
#[derive(Clone)]
pub struct DotEnv {
    name: String,
    path: Option<PathBuf>,
    variables: BTreeMap<String, Secret>,
}

impl DotEnv {
    /// Reads a file, on a blocking thread.
    ///
    /// # Errors
    ///
    /// [`NotConfigured`](CredentialsErrorKind::NotConfigured) when there is no such file;
    /// [`Invalid`](CredentialsErrorKind::Invalid) when it cannot be read, is longer than 64 KiB, neither UTF-8 nor UTF-16 with a byte-order
    /// mark, or has a malformed line; also when it is a pipe that does not end within 10 s.
    pub async fn load(path: impl Into<PathBuf>) -> Result<Self, CredentialsError> {
        let path = path.into();
        crate::blocking::run("reading the .env file", move || Self::read(&path)).await?
    }

    /// Reads from text; `name` stands for the file in errors.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid) for a malformed line.
    pub fn parse(name: impl Into<String>, text: &str) -> Result<Self, CredentialsError> {
        let name = name.into();
        let variables = parse::variables(text).map_err(|malformed| {
            CredentialsError::new(CredentialsErrorKind::Invalid, format!("{name}, {malformed}"))
        })?;
        Ok(Self { name, path: None, variables })
    }

    fn read(path: &Path) -> Result<Self, CredentialsError> {
        let name = path.display().to_string();
        let read = SecretFile::new(path).named(name.as_str()).read_text().map_err(|error| {
            let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<io::Error>());
            if cause.is_none_or(|cause| cause.kind() != io::ErrorKind::NotFound) {
                return error;
            }
            let text = format!("{name} does not exist");
            CredentialsError::new(CredentialsErrorKind::NotConfigured, text).with_source(error)
        })?;
        let file = Self::parse(name, read.text.expose())?;
        // A pipe gives its content once.
        Ok(Self { path: read.is_regular.then(|| path.to_owned()), ..file })
    }

    /// The value of a variable; `None` when it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(Secret::expose).filter(|value| !value.is_empty())
    }

    /// The names of all variables, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// Whether it has an API key, or names the file that holds one (`EDGEQUAKE_API_KEY_FILE`).
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid) if it does both.
    pub fn is_configured(&self) -> Result<bool, CredentialsError> {
        Configured::find(API_KEY, &self.lookup())
            .map(|found| found.is_some())
            .map_err(|error| self.named(&error))
    }

    /// The name and password that it holds, when it holds both: the variables of [`Env`](crate::Env). The file that
    /// `EDGEQUAKE_PASSWORD_FILE` names is read for each login, and not here.
    ///
    /// # Errors
    ///
    /// [`Invalid`](CredentialsErrorKind::Invalid), naming the variable, when one of them cannot be used.
    pub fn login(&self) -> Result<Option<(String, Password)>, CredentialsError> {
        let login = self.configured_login()?;
        Ok(login.name.zip(login.password))
    }

    /// The name to log in with, also without a password.
    ///
    /// # Errors
    ///
    /// Those of [`login`](Self::login).
    pub fn user_name(&self) -> Result<Option<String>, CredentialsError> {
        Ok(self.configured_login()?.name)
    }

    /// The password to log in with, also without a name.
    ///
    /// # Errors
    ///
    /// Those of [`login`](Self::login).
    pub fn password(&self) -> Result<Option<Password>, CredentialsError> {
        Ok(self.configured_login()?.password)
    }

    fn configured_login(&self) -> Result<ConfiguredLogin, CredentialsError> {
        ConfiguredLogin::find(&self.lookup()).map_err(|error| self.named(&error))
    }

    fn lookup(&self) -> impl Fn(&str) -> Result<Option<String>, CredentialsError> {
        |name| Ok(self.get(name).map(str::to_owned))
    }

    /// The same error, with the name of the file.
    fn named(&self, error: &CredentialsError) -> CredentialsError {
        CredentialsError::new(error.kind(), format!("{}: {error}", self.name))
    }

    /// A provider for `EDGEQUAKE_API_KEY` of this file, or for the key in the file that its `EDGEQUAKE_API_KEY_FILE` names, sent as
    /// `Authorization: Bearer`. After a refusal the file is read once more, if there is one.
    pub fn credentials(&self) -> DotEnvKey {
        DotEnvKey::new(self.clone(), Carrier::Bearer)
    }

    /// The key, unless it is in a file of its own.
    fn key_at_hand(&self, carrier: Carrier) -> Option<StaticKey> {
        match Configured::find(API_KEY, &self.lookup()) {
            Ok(Some(Configured::Value(_))) => self.key(carrier).ok().map(|found| found.key),
            _ => None,
        }
    }

    fn key(&self, carrier: Carrier) -> Result<Found, CredentialsError> {
        let found = Configured::find(API_KEY, &self.lookup()).map_err(|error| self.named(&error))?;
        let (field, text, again) = match found {
            Some(Configured::Value(value)) => (format!("{API_KEY} in {}", self.name), value, true),
            Some(Configured::File(_, path)) => {
                let field = format!("the key file {}", path.display());
                let read = SecretFile::new(path).named(field.as_str()).read_text()?;
                (field, read.text, read.is_regular)
            }
            None => {
                let text = format!("{API_KEY} is not set in {}", self.name);
                return Err(CredentialsError::new(CredentialsErrorKind::NotConfigured, text));
            }
        };
        let key = StaticKey::from_field(&field, text.expose())?.carrier(carrier);
        Ok(Found { key, again })
    }
}

impl fmt::Debug for DotEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DotEnv").field("name", &self.name).field("variables", &self.variables).finish()
    }
}

/// The API key of a [`DotEnv`] file. Made by [`DotEnv::credentials`].
#[derive(Clone)]
pub struct DotEnvKey {
    file: DotEnv,
    key: ReloadingKey,
}

impl DotEnvKey {
    fn new(file: DotEnv, carrier: Carrier) -> Self {
        let first = file.key_at_hand(carrier);
        let again = file.clone();
        let key = ReloadingKey::new(first, move || match &again.path {
            Some(path) => DotEnv::read(path)?.key(carrier),
            None => again.key(carrier),
        });
        Self { file, key }
    }

    /// Sends the key in another header.
    #[must_use]
    pub fn carrier(self, carrier: Carrier) -> Self {
        Self::new(self.file, carrier)
    }
}

impl fmt::Debug for DotEnvKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DotEnvKey").field("file", &self.file.name).finish_non_exhaustive()
    }
}

impl Credentials for DotEnvKey {
    fn ready(&self, _: &AuthContext) -> Option<Authorization> {
        self.key.ready()
    }

    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        self.key.authorize().await
    }

    fn rejected(&self, used: Generation) -> Recourse {
        if self.file.path.is_some() { self.key.rejected(used) } else { Recourse::None }
    }
}

#[cfg(test)]
mod tests;
