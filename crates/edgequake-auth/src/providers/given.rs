//! [`Given`]: a secret in a variable, or in the file that the variable's twin with `_FILE` names, as container platforms mount it.

use std::path::PathBuf;

use edgequake_types::Secret;

use super::secret_file;
use crate::error::{CredentialsError, CredentialsErrorKind};

pub(crate) const API_KEY: &str = "EDGEQUAKE_API_KEY";
const USERNAME: &str = "EDGEQUAKE_USERNAME";
const EMAIL: &str = "EDGEQUAKE_EMAIL";
const PASSWORD: &str = "EDGEQUAKE_PASSWORD";

/// Where a secret is.
#[derive(Debug, Clone)]
pub(crate) enum Given {
    Value(Secret),
    /// The variable that names the file, and the file.
    File(String, PathBuf),
}

type Lookup<'a> = &'a dyn Fn(&str) -> Result<Option<String>, CredentialsError>;

impl Given {
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

    /// The secret, without line ends behind it if it is in a file. Reads the file, and so may block.
    pub(crate) fn read(&self) -> Result<Secret, CredentialsError> {
        let (variable, path) = match self {
            Self::Value(value) => return Ok(value.clone()),
            Self::File(variable, path) => (variable, path),
        };
        let field = format!("the file {} ({variable})", path.display());
        let file = secret_file::read(&field, path)?;
        match file.text.expose().trim_end_matches(['\r', '\n']) {
            "" => Err(CredentialsError::new(CredentialsErrorKind::Invalid, format!("{field} is empty"))),
            text => Ok(Secret::new(text)),
        }
    }
}

/// A name and where its password is, if both are there.
#[derive(Debug, Clone)]
pub(crate) struct GivenLogin {
    pub(crate) name: String,
    pub(crate) password: Given,
}

impl GivenLogin {
    pub(crate) fn find(lookup: Lookup<'_>) -> Result<Option<Self>, CredentialsError> {
        let mut name = None;
        for variable in [USERNAME, EMAIL] {
            if name.is_none() {
                name = lookup(variable)?.filter(|name| !name.trim().is_empty());
            }
        }
        let password = Given::find(PASSWORD, lookup)?;
        Ok(name.zip(password).map(|(name, password)| Self { name: name.trim().to_owned(), password }))
    }
}
