//! [`CredentialSource`]: where the credential of this command comes from.

use std::fmt;
use std::path::PathBuf;

use edgequake_auth::{CredentialsError, Password, StoreError};

use crate::args::Global;
use crate::settings::Settings;
use crate::state::StoredLogin;

/// Where the credential comes from; the variants are in the order in which they are looked for.
#[derive(Debug)]
pub(crate) enum CredentialSource {
    /// `--api-key-file`.
    KeyFile(PathBuf),
    /// `--credential-program`.
    Program(PathBuf),
    /// `EDGEQUAKE_API_KEY` of the environment, or the file that `EDGEQUAKE_API_KEY_FILE` names.
    EnvKey(Option<PathBuf>),
    /// A name and a password of the environment.
    EnvLogin(Account),
    /// `EDGEQUAKE_API_KEY` of the `.env` file.
    EnvFileKey(PathBuf),
    /// A name and a password of the `.env` file.
    EnvFileLogin(Account, PathBuf),
    /// A session stored by `login`.
    StoredLogin(StoredLogin),
    /// Something is stored, and it cannot be read.
    Unreadable(StoreError),
    /// There is no credential.
    None,
}

/// A name and a password.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) identifier: String,
    pub(crate) password: Password,
}

impl CredentialSource {
    /// What arguments, environment and `.env` file say; `None` if they say nothing, so that a stored session is used.
    pub(crate) fn configured(global: &Global, settings: &Settings) -> Result<Option<Self>, CredentialsError> {
        if let Some(path) = &global.api_key_file {
            return Ok(Some(Self::KeyFile(path.clone())));
        }
        if let Some(path) = &global.credential_program {
            return Ok(Some(Self::Program(path.clone())));
        }
        let env = settings.env();
        if env.is_configured()? {
            return Ok(Some(Self::EnvKey(env.key_file().map(PathBuf::from))));
        }
        if let Some((name, password)) = env.login()? {
            let account = Account { identifier: name.to_owned(), password };
            return Ok(Some(Self::EnvLogin(account)));
        }
        let Some((path, file)) = settings.env_file() else { return Ok(None) };
        if file.is_configured()? {
            return Ok(Some(Self::EnvFileKey(path.to_owned())));
        }
        Ok(file.login()?.map(|(identifier, password)| {
            Self::EnvFileLogin(Account { identifier, password }, path.to_owned())
        }))
    }

    /// Its name in JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::KeyFile(_) => "api_key_file",
            Self::Program(_) => "credential_program",
            Self::EnvKey(_) => "environment_api_key",
            Self::EnvLogin(_) => "environment_login",
            Self::EnvFileKey(_) => "env_file_api_key",
            Self::EnvFileLogin(..) => "env_file_login",
            Self::StoredLogin(_) => "stored_login",
            Self::Unreadable(_) => "unreadable",
            Self::None => "none",
        }
    }

    /// What is wrong with it, if that is known before it is used.
    pub(crate) fn error(&self) -> Option<&StoreError> {
        match self {
            Self::Unreadable(error) => Some(error),
            _ => None,
        }
    }

    /// Who logs in, or has logged in.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::EnvLogin(account) | Self::EnvFileLogin(account, _) => Some(&account.identifier),
            Self::StoredLogin(login) => Some(&login.user),
            _ => None,
        }
    }
}

/// Words that fit behind "the credential comes from".
impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyFile(path) => write!(f, "the key file {}", path.display()),
            Self::Program(path) => write!(f, "the program {}", path.display()),
            Self::EnvKey(None) => f.write_str("EDGEQUAKE_API_KEY in the environment"),
            Self::EnvKey(Some(path)) => write!(f, "{}, the file of EDGEQUAKE_API_KEY_FILE", path.display()),
            Self::EnvLogin(_) => f.write_str("the user name and password in the environment"),
            Self::EnvFileKey(path) => write!(f, "the API key in {}", path.display()),
            Self::EnvFileLogin(_, path) => write!(f, "the user name and password in {}", path.display()),
            Self::StoredLogin(login) => write!(f, "the stored login of {}", login.user),
            Self::Unreadable(_) => f.write_str("a stored login that cannot be read"),
            Self::None => f.write_str("nowhere"),
        }
    }
}
