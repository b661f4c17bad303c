//! What flights need besides the state: who logs in, and what was not saved.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use edgequake_types::Secret;
use edgequake_types::session::User;

use crate::clock::Now;
use crate::error::{CredentialsError, CredentialsErrorKind as Kind};
use crate::protocol::Seen;
use crate::protocol::settle::Presented;
use crate::providers::Password;
use crate::store::{LoginKey, RandomId, StoreError, StoredTokens};

/// What a password is known by again, without a copy of it.
pub(crate) type Digest = [u8; 32];

/// What only flights change. They run one at a time; the lock is for readers.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) login: Option<Login>,
    /// What the file of a password held when the server refused it, and how.
    pub(crate) refused: Option<(Digest, CredentialsError)>,
    /// The password that was sent last.
    pub(crate) presented: Option<Digest>,
    /// Drawn when it is first needed, so that a digest says nothing elsewhere.
    pub(crate) digest_key: OnceCell<RandomId>,
    pub(crate) account: Option<String>,
    pub(crate) user: Option<User>,
    pub(crate) last_store_error: Option<Arc<StoreError>>,
    /// The failure of the store that was warned of last.
    pub(crate) store_warning: Option<String>,
    pub(crate) last_failure: Option<CredentialsError>,
    /// At most one for each account.
    pub(crate) unsaved: Vec<Unsaved>,
    /// The hash of the token in hand, if it may be spent, since its exchange was not answered.
    pub(crate) doubted: Option<RandomId>,
    /// The lease of somebody else that was watched last.
    pub(crate) seen: Option<Seen>,
}

impl Notes {
    /// The digest of a password.
    pub(crate) fn digest(&self, password: &Secret) -> Digest {
        let key = self.digest_key.get_or_init(RandomId::random);
        hmac_sha256::HMAC::mac(password.expose(), key.to_string())
    }

    /// Takes out what is not saved of an account.
    pub(crate) fn take_unsaved(&mut self, account: &str) -> Option<Unsaved> {
        let place = self.unsaved.iter().position(|unsaved| unsaved.key.account() == account)?;
        Some(self.unsaved.swap_remove(place))
    }
}

/// Tokens that the store has not taken yet.
#[derive(Clone)]
pub(crate) struct Unsaved {
    /// Where they belong, whoever logs in meanwhile.
    pub(crate) key: LoginKey,
    pub(crate) tokens: StoredTokens,
    /// Who logged in, if that is known.
    pub(crate) user: Option<User>,
    pub(crate) from: Source,
}

/// Where tokens are from, which decides what they may replace in the store.
#[derive(Clone)]
pub(crate) enum Source {
    /// They follow those that were sent.
    Refresh(Presented),
    /// They are the first of this session, which began then.
    Login(RandomId, SystemTime),
}

impl Source {
    /// A session that begins now.
    pub(crate) fn login(now: Now) -> Self {
        Self::Login(RandomId::random(), UNIX_EPOCH.checked_add(now.wall).unwrap_or(UNIX_EPOCH))
    }
}

/// A name and a password.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) identifier: String,
    pub(crate) password: Password,
}

impl Login {
    /// Refuses what the server would refuse, and count as an attempt. What is in a file is looked at when it is needed.
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
