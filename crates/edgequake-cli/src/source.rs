//! [`Source`]: where the credential of this command comes from. Chosen here and shown by `status`.

use std::fmt;
use std::path::PathBuf;

use edgequake_auth::{CredentialsError, DotEnv, Env, StoredLogin};
use edgequake_types::Secret;

/// Where the credential comes from; the variants are in the order in which they are looked for.
#[derive(Debug)]
pub(crate) enum Source {
    /// `--api-key-file`.
    KeyFile(PathBuf),
    /// `EDGEQUAKE_API_KEY` of the environment.
    EnvKey,
    /// A name and a password of the environment.
    EnvLogin(Account),
    /// `EDGEQUAKE_API_KEY` of the `.env` file.
    DotEnvKey(PathBuf),
    /// A name and a password of the `.env` file.
    DotEnvLogin(Account, PathBuf),
    /// A session that `login` has stored.
    Stored(StoredLogin),
    /// Something is stored, and it cannot be read.
    Unreadable,
    /// There is none.
    None,
}

/// A name and a password.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) identifier: String,
    pub(crate) password: Secret,
}

/// The variables for a name, in this order.
pub(crate) const NAMES: [&str; 2] = ["EDGEQUAKE_USERNAME", "EDGEQUAKE_EMAIL"];
/// The variable for the password.
pub(crate) const PASSWORD: &str = "EDGEQUAKE_PASSWORD";
const API_KEY: &str = "EDGEQUAKE_API_KEY";

impl Source {
    /// What arguments, environment and `.env` file say; `None` if they say nothing, and a stored session may have its turn.
    pub(crate) fn configured(
        key_file: Option<PathBuf>,
        dot_env: Option<(&PathBuf, &DotEnv)>,
    ) -> Result<Option<Self>, CredentialsError> {
        if let Some(path) = key_file {
            return Ok(Some(Self::KeyFile(path)));
        }
        let env = Env::from_process();
        if env.is_configured()? {
            return Ok(Some(Self::EnvKey));
        }
        if let Some((name, password)) = env.login() {
            let account = Account { identifier: name.to_owned(), password: password.clone() };
            return Ok(Some(Self::EnvLogin(account)));
        }
        let Some((path, file)) = dot_env else { return Ok(None) };
        let filled = |name: &str| file.get(name).filter(|value| !value.trim().is_empty());
        if filled(API_KEY).is_some() {
            return Ok(Some(Self::DotEnvKey(path.clone())));
        }
        let name = NAMES.into_iter().find_map(filled);
        Ok(name.zip(file.get(PASSWORD)).map(|(name, password)| {
            let account = Account { identifier: name.trim().to_owned(), password: password.into() };
            Self::DotEnvLogin(account, path.clone())
        }))
    }

    /// A word for machines.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::KeyFile(_) => "api_key_file",
            Self::EnvKey => "environment_api_key",
            Self::EnvLogin(_) => "environment_login",
            Self::DotEnvKey(_) => "env_file_api_key",
            Self::DotEnvLogin(..) => "env_file_login",
            Self::Stored(_) => "stored_login",
            Self::Unreadable => "unreadable",
            Self::None => "none",
        }
    }

    /// Who logs in, or has logged in.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::EnvLogin(account) | Self::DotEnvLogin(account, _) => Some(&account.identifier),
            Self::Stored(login) => Some(&login.user),
            _ => None,
        }
    }
}

/// In words that fit behind "it came from".
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyFile(path) => write!(f, "the key file {}", path.display()),
            Self::EnvKey => write!(f, "{API_KEY} in the environment"),
            Self::EnvLogin(_) => write!(f, "{} and {PASSWORD} in the environment", NAMES[0]),
            Self::DotEnvKey(path) => write!(f, "{API_KEY} in {}", path.display()),
            Self::DotEnvLogin(_, path) => write!(f, "{} and {PASSWORD} in {}", NAMES[0], path.display()),
            Self::Stored(login) => write!(f, "the stored login of {}", login.user),
            Self::Unreadable => f.write_str("a stored login that cannot be read"),
            Self::None => f.write_str("nowhere"),
        }
    }
}
