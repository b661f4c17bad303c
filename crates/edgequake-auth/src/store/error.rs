//! [`StoreError`]: what is wrong with a token store.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What kind of thing is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// There is no such store here, or it may not be used: no keyring service, no permission, a read-only disk.
    Unavailable,
    /// It exists and did not answer in time: somebody holds its lock, it waits for somebody to unlock it, or its disk or network
    /// share hangs.
    Busy,
    /// Its content is damaged, or is not ours. It is left as it is.
    Corrupt,
    /// It has lost writes that it had confirmed: a server that was restarted without persistence, or a fail-over to a replica
    /// that lagged. What it holds now may have been spent, so nobody uses it; a login begins anew.
    WentBack,
}

/// A token store that cannot be read or written. `Display` says what to do; a secret is never part of it.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    text: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl StoreError {
    /// An error of a store of your own. `text` is one sentence, without a secret.
    pub fn new(kind: StoreErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    /// Adds the cause, which `Display` leaves out.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of thing is wrong.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
