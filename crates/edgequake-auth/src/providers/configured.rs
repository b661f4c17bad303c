//! [`Configured`]: a secret in a variable, or in the file that the variable's twin with `_FILE` names, as container platforms mount
//! it.

use std::path::PathBuf;

use edgequake_types::Secret;

use super::password::Password;
use super::secret_file::SecretFile;
use crate::error::{CredentialsError, CredentialsErrorKind};

pub(crate) const API_KEY: &str = "EDGEQUAKE_API_KEY";
const USERNAME: &str = "EDGEQUAKE_USERNAME";
const EMAIL: &str = "EDGEQUAKE_EMAIL";
const PASSWORD: &str = "EDGEQUAKE_PASSWORD";

/// Where a secret is.
#[derive(Debug, Clone)]
pub(crate) enum Configured {
    Value(Secret),
    /// The variable that names the file, and the file.
    File(String, PathBuf),
}

type Lookup<'a> = &'a dyn Fn(&str) -> Result<Option<String>, CredentialsError>;

impl Configured {
    /// What `lookup` has for the variable `name` or its twin; `None` if neither is filled.
    pub(crate) fn find(name: &str, lookup: Lookup<'_>) -> Result<Option<Self>, CredentialsError> {
        let twin = format!("{name}_FILE");
        let filled = |name: &str| {
            let value = lookup(name)?.map(Secret::new);
            Ok(value.filter(|value| !value.expose().trim().is_empty()))
        };
        match (filled(name)?, filled(&twin)?) {
            (Some(_), Some(_)) => Err(CredentialsError::new(
                CredentialsErrorKind::Invalid,
                format!("{name} and {twin} are both set; unset one of them"),
            )),
            (Some(value), None) => Ok(Some(Self::Value(value))),
            (None, Some(path)) => Ok(Some(Self::File(twin, path.expose().trim().into()))),
            (None, None) => Ok(None),
        }
    }
}

impl From<Configured> for Password {
    fn from(found: Configured) -> Self {
        match found {
            Configured::Value(value) => value.into(),
            Configured::File(variable, path) => {
                let name = format!("the file {} ({variable})", path.display());
                SecretFile::new(path).named(name).into()
            }
        }
    }
}

/// A name and a password to log in with, as far as they are there.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConfiguredLogin {
    pub(crate) name: Option<String>,
    pub(crate) password: Option<Password>,
}

impl ConfiguredLogin {
    pub(crate) fn find(lookup: Lookup<'_>) -> Result<Self, CredentialsError> {
        let mut name = None;
        for variable in [USERNAME, EMAIL] {
            if name.is_none() {
                name = lookup(variable)?.filter(|name| !name.trim().is_empty());
            }
        }
        let password = Configured::find(PASSWORD, lookup)?.map(Password::from);
        Ok(Self { name: name.map(|name| name.trim().to_owned()), password })
    }
}
