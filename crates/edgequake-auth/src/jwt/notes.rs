//! What flights need besides the state: who logs in, and what the store was last seen to hold.

use std::sync::Arc;

use edgequake_types::Secret;
use edgequake_types::session::User;

use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::store::{StoreError, StoredLogin};

/// What only flights need. They come one at a time; the lock is for those who look on.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) login: Option<Login>,
    pub(crate) account: Option<String>,
    pub(crate) known: Known,
    pub(crate) user: Option<User>,
    pub(crate) last_store_error: Option<Arc<StoreError>>,
}

/// A name and a password.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) identifier: String,
    pub(crate) password: Secret,
}

impl Login {
    /// Refuses what the server would refuse, and count as an attempt.
    pub(crate) fn checked(self) -> Result<Self, CredentialsError> {
        if self.identifier.trim().is_empty() {
            return Err(empty("the name for the login"));
        }
        if self.password.is_empty() {
            return Err(empty("the password for the login"));
        }
        Ok(self)
    }
}

pub(crate) fn empty(what: &str) -> CredentialsError {
    CredentialsError::new(Kind::Invalid, format!("{what} is empty; give it, or leave it out"))
}

/// What the store held when we last looked or wrote. Anything else in there is somebody else's later work.
#[derive(Default, PartialEq, Eq)]
pub(crate) enum Known {
    #[default]
    Unknown,
    Is(Option<(Secret, Option<Secret>)>),
}

impl Known {
    pub(crate) fn of(stored: Option<&StoredLogin>) -> Self {
        Self::Is(stored.map(|login| (login.access_token.clone(), login.refresh_token.clone())))
    }
}
