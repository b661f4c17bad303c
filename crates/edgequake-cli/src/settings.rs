//! [`Settings`]: the environment, and the `.env` file for what it does not set.

use std::path::{Path, PathBuf};

use edgequake_auth::{CredentialsError, DotEnv, Env, Password};

use crate::failure::{Exit, Failure, with_causes};

/// The environment, and the `.env` file for what it does not set.
pub(crate) struct Settings {
    env: Env,
    env_file: Option<(PathBuf, DotEnv)>,
}

impl Settings {
    /// Reads the `.env` file, if one is named.
    pub(crate) async fn load(env_file: Option<&Path>) -> Result<Self, Failure> {
        let env_file = match env_file {
            Some(path) => {
                let file = DotEnv::load(path).await.map_err(|error| Failure::Other {
                    text: if path.exists() { with_causes(&error) } else { error.to_string() },
                    source: Some(error.into()),
                    exit: Exit::Usage,
                })?;
                Some((path.to_owned(), file))
            }
            None => None,
        };
        Ok(Self { env: Env::from_process(), env_file })
    }

    /// The environment.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// The `.env` file, if one is named.
    pub(crate) fn env_file(&self) -> Option<(&Path, &DotEnv)> {
        self.env_file.as_ref().map(|(path, file)| (path.as_path(), file))
    }

    /// The name to log in with and its password, from the first source that has both. They are never of two sources: one user's
    /// password must not be sent under another's name.
    pub(crate) fn login(&self) -> Result<Option<(String, Password)>, CredentialsError> {
        if let Some((name, password)) = self.env.login()? {
            return Ok(Some((name.to_owned(), password)));
        }
        self.env_file().map_or(Ok(None), |(_, file)| file.login())
    }

    /// The name to log in with, also where there is no password for it.
    pub(crate) fn user_name(&self) -> Result<Option<String>, CredentialsError> {
        if let Some((name, _)) = self.login()? {
            return Ok(Some(name));
        }
        if let Some(name) = self.env.user_name()? {
            return Ok(Some(name.to_owned()));
        }
        self.env_file().map_or(Ok(None), |(_, file)| file.user_name())
    }

    /// The password for a name that was typed: of the first source whose password is not for another user.
    pub(crate) fn password_of(&self, name: &str) -> Result<Option<Password>, CredentialsError> {
        if let Some(password) = self.env.password()?
            && self.env.user_name()?.is_none_or(|own| own == name)
        {
            return Ok(Some(password));
        }
        let Some((_, file)) = self.env_file() else { return Ok(None) };
        Ok(file.password()?.filter(|_| !matches!(file.user_name(), Ok(Some(own)) if own != name)))
    }
}
