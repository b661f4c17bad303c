//! The [`Credentials`] trait, which every provider implements, and [`SharedCredentials`], which holds any.
//!
//! The public trait returns `impl Future`; its boxed twin, needed behind a pointer, stays private.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::Origin;

use crate::authorization::{Authorization, Generation};
use crate::boxed::BoxFuture;
use crate::error::CredentialsError;

/// Who asks for a credential: the origin that the request is about to go to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuthContext {
    origin: Origin,
}

impl AuthContext {
    /// A request to `origin`.
    pub fn new(origin: Origin) -> Self {
        Self { origin }
    }

    /// Scheme, host and port of the request.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Whether asking again can help after the server refused a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recourse {
    /// Ask [`Credentials::authorize`] again, and repeat the request once if that gives another generation.
    Retry,
    /// There is nothing better to be had: the refusal is the caller's.
    None,
    /// The server has refused one fresh credential after another, so that no other is asked for before this time is over.
    After(Duration),
}

/// A source of credentials.
///
/// A request first asks [`ready`](Self::ready), which never waits, and only then
/// [`authorize`](Self::authorize). After a 401 it reports the generation it had used to
/// [`rejected`](Self::rejected), and asks again if the answer is [`Recourse::Retry`].
///
/// ```
/// use edgequake_auth::{
///     AuthContext, Authorization, Credentials, CredentialsError, Generation, SharedCredentials,
/// };
/// use http::header::AUTHORIZATION;
///
/// /// Hands out what a vault of ours says.
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Credentials for Vault {
///     async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
///         Authorization::new(AUTHORIZATION, "Bearer from-the-vault", Generation::next())
///     }
/// }
///
/// let shared = SharedCredentials::from(Vault);
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let cx = AuthContext::new("https://api.example.com".parse().unwrap());
/// assert!(shared.authorize(&cx).await?.header().is_some());
/// # Ok::<(), CredentialsError>(())
/// # }).unwrap();
/// ```
pub trait Credentials: fmt::Debug + Send + Sync + 'static {
    /// The credential, when it is at hand and fresh. Must not wait; the default has none at hand.
    fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        let _ = cx;
        None
    }

    /// The credential, after whatever it takes to get it. Safe to drop at any await.
    ///
    /// # Errors
    ///
    /// [`CredentialsError`], whose kind says whether the next source of a chain is asked, whether waiting
    /// helps, and whether the user has to act.
    fn authorize(
        &self,
        cx: &AuthContext,
    ) -> impl Future<Output = Result<Authorization, CredentialsError>> + Send;

    /// The server refused exactly this generation (401). The default has no recourse.
    fn rejected(&self, used: Generation) -> Recourse {
        let _ = used;
        Recourse::None
    }

    /// Whether [`rejected`](Self::rejected) may ever have a recourse; the default says so. Where it cannot, as with a fixed
    /// key, no request is kept aside to be sent again.
    fn can_renew(&self) -> bool {
        true
    }

    /// The providers that this one wraps or chooses from, so that a session among them is found
    /// ([`SharedCredentials::find`]). The default has none; a wrapper of one gives it by [`std::slice::from_ref`].
    fn sources(&self) -> &[SharedCredentials] {
        &[]
    }
}

/// Any [`Credentials`] behind one pointer: cheap to clone, and all clones share one session.
///
/// It has the methods of the trait, and `From` every provider; it does not implement the trait itself.
///
/// ```
/// use edgequake_auth::{AuthContext, SharedCredentials, StaticKey};
///
/// let credentials = SharedCredentials::from(StaticKey::new("eq_0123456789")?);
/// let cx = AuthContext::new("http://localhost:8080".parse().unwrap());
/// assert!(credentials.ready(&cx).is_some());
/// # Ok::<(), edgequake_auth::CredentialsError>(())
/// ```
#[derive(Clone)]
pub struct SharedCredentials(Arc<dyn DynCredentials>);

impl SharedCredentials {
    /// See [`Credentials::ready`].
    pub fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        self.0.ready(cx)
    }

    /// See [`Credentials::authorize`].
    ///
    /// # Errors
    ///
    /// Those of the provider.
    pub async fn authorize(&self, cx: &AuthContext) -> Result<Authorization, CredentialsError> {
        self.0.authorize_boxed(cx).await
    }

    /// See [`Credentials::rejected`].
    pub fn rejected(&self, used: Generation) -> Recourse {
        self.0.rejected(used)
    }

    /// See [`Credentials::can_renew`].
    pub fn can_renew(&self) -> bool {
        self.0.can_renew()
    }

    /// The provider of type `C` among these: this one itself, or the first of those it [chooses from](Credentials::sources).
    ///
    /// ```
    /// use edgequake_auth::{Chain, Env, SharedCredentials, StaticKey};
    ///
    /// let chain = Chain::builder().environment(Env::with(|_| None)).explicit(StaticKey::new("eq_0123456789")?).build();
    /// let credentials = SharedCredentials::from(chain);
    /// assert!(credentials.find::<StaticKey>().is_some());
    /// # Ok::<(), edgequake_auth::CredentialsError>(())
    /// ```
    pub fn find<C: Credentials>(&self) -> Option<&C> {
        let own = self.0.as_any().downcast_ref();
        own.or_else(|| self.0.sources().iter().find_map(Self::find))
    }
}

impl fmt::Debug for SharedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C: Credentials> From<C> for SharedCredentials {
    fn from(credentials: C) -> Self {
        Self(Arc::new(credentials))
    }
}

/// The twin of [`Credentials`] that works behind a pointer.
trait DynCredentials: fmt::Debug + Send + Sync {
    fn ready(&self, cx: &AuthContext) -> Option<Authorization>;
    fn authorize_boxed<'a>(
        &'a self,
        cx: &'a AuthContext,
    ) -> BoxFuture<'a, Result<Authorization, CredentialsError>>;
    fn rejected(&self, used: Generation) -> Recourse;
    fn can_renew(&self) -> bool;
    fn sources(&self) -> &[SharedCredentials];
    fn as_any(&self) -> &dyn Any;
}

impl<C: Credentials> DynCredentials for C {
    fn ready(&self, cx: &AuthContext) -> Option<Authorization> {
        Credentials::ready(self, cx)
    }

    fn authorize_boxed<'a>(
        &'a self,
        cx: &'a AuthContext,
    ) -> BoxFuture<'a, Result<Authorization, CredentialsError>> {
        Box::pin(self.authorize(cx))
    }

    fn rejected(&self, used: Generation) -> Recourse {
        Credentials::rejected(self, used)
    }

    fn can_renew(&self) -> bool {
        Credentials::can_renew(self)
    }

    fn sources(&self) -> &[SharedCredentials] {
        Credentials::sources(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
