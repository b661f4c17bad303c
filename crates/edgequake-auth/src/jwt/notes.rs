//! What flights need besides the state: who logs in, and what the store was last seen to hold.

use std::sync::Arc;

use edgequake_types::Secret;
use edgequake_types::session::User;

use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::store::{StoreError, StoredLogin};

/// What only flights change. They run one at a time; the lock is for readers.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) login: Option<Login>,
    pub(crate) account: Option<String>,
    pub(crate) last_seen: LastSeen,
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

/// What the store held when we last read or wrote it. Anything else in it was written by somebody else since.
#[derive(Default, PartialEq, Eq)]
pub(crate) enum LastSeen {
    #[default]
    Never,
    Held(Option<(Secret, Option<Secret>)>),
}

impl LastSeen {
    pub(crate) fn of(stored: Option<&StoredLogin>) -> Self {
        Self::Held(stored.map(|login| (login.access_token.clone(), login.refresh_token.clone())))
    }
}
