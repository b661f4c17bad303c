//! [`Chain`]: the first source that is configured wins, in one documented order.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::authorization::{Authorization, Generation};
use crate::credentials::{AuthContext, Credentials, Recourse, SharedCredentials};
use crate::error::{CredentialsError, CredentialsErrorKind};

const NOT_CHOSEN: usize = usize::MAX;

/// Where a source stands in the order; the variants are in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Explicit,
    Environment,
    DotEnv,
    StoredLogin,
    Anonymous,
}

impl Rank {
    fn name(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Environment => "environment",
            Self::DotEnv => ".env",
            Self::StoredLogin => "stored login",
            Self::Anonymous => "anonymous",
        }
    }
}

/// Asks several sources in this order: explicit, environment, `.env`, stored login.
///
/// A source that answers [`NotConfigured`](CredentialsErrorKind::NotConfigured) is passed over. Any other error
/// ends the search with that error: a key that is set and malformed is not silently replaced by another identity.
/// The first source that gives a credential is kept until it says that it is not configured any more; that there was none
/// is not kept, so that a later login of this process is taken up.
/// `Debug` and a `tracing` event tell which one it is.
///
/// ```
/// use edgequake_auth::{AuthContext, Chain, Credentials, Env, StaticKey};
///
/// let chain = Chain::builder()
///     .environment(Env::with(|_| None))
///     .stored_login(StaticKey::new("eq_0123456789")?)
///     .build();
/// let cx = AuthContext::new("http://localhost:8080".parse().unwrap());
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// chain.authorize(&cx).await?;
/// assert_eq!(chain.chosen(), Some("stored login"));
/// # Ok::<(), edgequake_auth::CredentialsError>(())
/// # }).unwrap();
/// # Ok::<(), edgequake_auth::CredentialsError>(())
/// ```
pub struct Chain {
    /// In this order, each with its rank at the same place.
    sources: Vec<SharedCredentials>,
    ranks: Vec<Rank>,
    chosen: AtomicUsize,
}

/// Collects the sources of a [`Chain`]. The order of the calls does not matter, except among sources of one kind.
#[derive(Debug, Default)]
#[must_use = "call build"]
pub struct ChainBuilder {
    sources: Vec<(Rank, SharedCredentials)>,
}

impl ChainBuilder {
    /// What the program was given directly; asked first.
    pub fn explicit(self, source: impl Into<SharedCredentials>) -> Self {
        self.add(Rank::Explicit, source)
    }

    /// The process environment, asked second; usually [`Env::from_process`](crate::Env::from_process).
    pub fn environment(self, source: impl Into<SharedCredentials>) -> Self {
        self.add(Rank::Environment, source)
    }

    /// A `.env` file, asked third; usually [`DotEnv::credentials`](crate::DotEnv::credentials).
    pub fn dot_env(self, source: impl Into<SharedCredentials>) -> Self {
        self.add(Rank::DotEnv, source)
    }

    /// A login kept in a token store, asked fourth; usually a [`Jwt`](crate::Jwt).
    pub fn stored_login(self, source: impl Into<SharedCredentials>) -> Self {
        self.add(Rank::StoredLogin, source)
    }

    /// Sends requests without a credential when no source is configured, instead of failing.
    pub fn or_anonymous(self) -> Self {
        self.add(Rank::Anonymous, SharedCredentials::anonymous())
    }

    fn add(mut self, rank: Rank, source: impl Into<SharedCredentials>) -> Self {
        let place = self.sources.partition_point(|(known, _)| *known <= rank);
        self.sources.insert(place, (rank, source.into()));
        self
    }

    /// The chain. Nothing is asked yet.
    pub fn build(self) -> Chain {
        let (ranks, sources) = self.sources.into_iter().unzip();
        Chain { sources, ranks, chosen: AtomicUsize::new(NOT_CHOSEN) }
    }
}

impl Chain {
    /// Starts an empty chain.
    pub fn builder() -> ChainBuilder {
        ChainBuilder::default()
    }

    /// The kind of the source in use: `explicit`, `environment`, `.env`, `stored login` or `anonymous`; `None`
    /// before the first credential.
    pub fn chosen(&self) -> Option<&'static str> {
        self.current().map(|(rank, _)| rank.name())
    }

    fn ranked(&self) -> impl Iterator<Item = (Rank, &SharedCredentials)> {
        self.ranks.iter().copied().zip(&self.sources)
    }

    fn current(&self) -> Option<(Rank, &SharedCredentials)> {
        let index = self.chosen.load(Ordering::Acquire);
        Some((*self.ranks.get(index)?, self.sources.get(index)?))
    }

    fn choose(&self, index: usize, rank: Rank) {
        if self.chosen.swap(index, Ordering::AcqRel) != index {
            tracing::debug!(source = rank.name(), "credential source chosen");
        }
    }

    fn nothing_configured(&self) -> CredentialsError {
        let names: Vec<_> = self.ranks.iter().map(|rank| rank.name()).collect();
        let text = match &*names {
            [] => "no credential is configured: the chain has no source".to_owned(),
            names => format!("no credential is configured (asked: {})", names.join(", ")),
        };
        CredentialsError::new(CredentialsErrorKind::NotConfigured, text)
    }
}

impl Credentials for Chain {
    fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        let (rank, chosen) = self.current()?;
        if rank == Rank::Anonymous {
            // No credential is no choice to stay with: somebody may have logged in since.
            for (index, (rank, source)) in self.ranked().enumerate() {
                if let Some(authorization) = source.ready(cx) {
                    self.choose(index, rank);
                    return Some(authorization);
                }
            }
        }
        chosen.ready(cx)
    }

    async fn authorize(&self, cx: &AuthContext) -> Result<Authorization, CredentialsError> {
        if let Some((_, source)) = self.current() {
            match source.authorize(cx).await {
                Err(error) if error.kind() == CredentialsErrorKind::NotConfigured => {}
                answer => return answer,
            }
        }
        for (index, (rank, source)) in self.ranked().enumerate() {
            match source.authorize(cx).await {
                Ok(authorization) => {
                    self.choose(index, rank);
                    return Ok(authorization);
                }
                Err(error) if error.kind() == CredentialsErrorKind::NotConfigured => {}
                Err(error) => {
                    tracing::warn!(source = rank.name(), kind = ?error.kind(), "credential source is broken");
                    return Err(error);
                }
            }
        }
        Err(self.nothing_configured())
    }

    fn rejected(&self, used: Generation) -> Recourse {
        self.current().map_or(Recourse::None, |(_, source)| source.rejected(used))
    }

    fn sources(&self) -> &[SharedCredentials] {
        &self.sources
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<_> = self.ranked().collect();
        f.debug_struct("Chain").field("chosen", &self.chosen()).field("sources", &sources).finish()
    }
}

#[cfg(test)]
mod tests;
