//! [`Settings`]: the environment, and the `.env` file for what it does not set.

use std::path::{Path, PathBuf};

use edgequake_auth::{CredentialsError, CredentialsErrorKind, DotEnv, Env, Password, SecretFile};

use crate::failure::{Exit, Failure};

/// The variable for an API key.
pub(crate) const API_KEY: &str = "EDGEQUAKE_API_KEY";
/// The variables for the name to log in with, in this order.
pub(crate) const USER_NAMES: [&str; 2] = ["EDGEQUAKE_USERNAME", "EDGEQUAKE_EMAIL"];
/// The variable for the password.
pub(crate) const PASSWORD: &str = "EDGEQUAKE_PASSWORD";
/// The variable for the file that holds the password.
const PASSWORD_FILE: &str = "EDGEQUAKE_PASSWORD_FILE";

/// The environment, and the `.env` file for what it does not set.
pub(crate) struct Settings {
    env_file: Option<(PathBuf, DotEnv)>,
}

impl Settings {
    /// Reads the `.env` file, if one is named.
    pub(crate) async fn load(env_file: Option<&Path>) -> Result<Self, Failure> {
        let env_file = match env_file {
            Some(path) => {
                let file = DotEnv::load(path).await.map_err(|error| Failure::Other {
                    text: error.to_string(),
                    source: Some(error.into()),
                    exit: Exit::Usage,
                })?;
                Some((path.to_owned(), file))
            }
            None => None,
        };
        Ok(Self { env_file })
    }

    /// The `.env` file, if one is named.
    pub(crate) fn env_file(&self) -> Option<(&Path, &DotEnv)> {
        self.env_file.as_ref().map(|(path, file)| (path.as_path(), file))
    }

    /// The value of a variable; empty counts as unset.
    pub(crate) fn get(&self, name: &str) -> Result<Option<String>, CredentialsError> {
        let from_file = || self.env_file()?.1.get(name).map(str::to_owned);
        let from_env = Env::variable(name)?.filter(|value| !value.trim().is_empty());
        Ok(from_env.or_else(from_file))
    }

    /// The password to log in with, or its file.
    pub(crate) fn password(&self) -> Result<Option<Password>, CredentialsError> {
        match (self.get(PASSWORD)?, self.get(PASSWORD_FILE)?) {
            (Some(_), Some(_)) => Err(CredentialsError::new(
                CredentialsErrorKind::Invalid,
                format!("{PASSWORD} and {PASSWORD_FILE} are both set; unset one of them"),
            )),
            (Some(password), None) => Ok(Some(password.into())),
            (None, Some(path)) => {
                let name = format!("the file {} ({PASSWORD_FILE})", path.trim());
                Ok(Some(SecretFile::new(path.trim()).named(name).into()))
            }
            (None, None) => Ok(None),
        }
    }

    /// The name to log in with.
    pub(crate) fn identifier(&self) -> Result<Option<String>, CredentialsError> {
        for name in USER_NAMES {
            if let Some(value) = self.get(name)? {
                return Ok(Some(value.trim().to_owned()));
            }
        }
        Ok(None)
    }
}
