//! Logging in and out, and which credentials a [`Client`] presents.

use std::time::Duration;

use edgequake_auth::{Jwt, JwtBuilder, LogoutOutcome, Password, SharedCredentials};
use edgequake_types::session::Login;
use edgequake_types::{Endpoint, Retry};
use http::{Request, Response};
use tokio::time::Instant;
use tower::ServiceExt;
use tower_layer::Layer;

use super::Client;
use crate::body::RequestBody;
use crate::boxed::BoxError;
use crate::error::Error;
use crate::policy::Policy;

impl Client {
    /// Logs in, and gives a client that presents the session's token and renews it automatically.
    ///
    /// `identifier` is a user name or e-mail address. The password is kept, so that the client can log in anew when its refresh
    /// token is refused; a client built with [`ClientBuilder::login`](super::ClientBuilder::login) does the same, and logs in at its first call.
    ///
    /// Where it certainly was not sent, it is tried again as a call is; a login that may have arrived is sent once, whatever the answer,
    /// since the server counts attempts and locks the account at the fifth wrong one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials): refused (401), inactive (403), locked (423). Otherwise as for a call:
    /// no connection, no answer in time, 429, 503.
    #[doc(alias = "authenticate")]
    #[doc(alias = "sign_in")]
    pub async fn login(
        &self,
        identifier: impl Into<String>,
        password: impl Into<Password>,
    ) -> Result<Self, Error> {
        let builder = self.session_builder().login(identifier, password);
        let session = builder.build().map_err(Error::of_credentials)?;
        let failed = |error| Error::of_failure(error).at(self.base_url().origin()).during(Login::PATH, None);
        self.log_in(session.clone()).await.map_err(failed)?;
        Ok(self.with_session(session))
    }

    async fn log_in(&self, session: Jwt) -> Result<(), BoxError> {
        let service = tower::service_fn(move |_: Request<RequestBody>| {
            let session = session.clone();
            async move { session.login().await.map(|_| Response::new(())) }
        });
        let shared = &self.0.shared;
        let mut policy = Policy::for_method(&Login::METHOD).auth(Login::AUTH).retry(Retry::Refused);
        policy.operation = Login::PATH;
        policy.deadline = shared.timeout.and_then(|limit| Instant::now().checked_add(limit));
        let mut request = Request::new(RequestBody::empty());
        request.extensions_mut().insert(policy);
        shared.login_retry.layer(service).oneshot(request).await.map(drop)
    }

    /// Starts a session of another kind: with a refresh token in hand, tokens from elsewhere, or a store of its own. Give the
    /// result to [`with_session`](Self::with_session).
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use edgequake_client::auth::{FileStore, Tokens};
    ///
    /// // Goes on with tokens from elsewhere, keeps them in a folder, and renews them there.
    /// let tokens = Tokens::new("eyJhbGciOiJIUzI1NiJ9...").refresh_token("r-1");
    /// let store = FileStore::new("/var/lib/my-app/logins");
    /// let session = client.session_builder().tokens(tokens).store(store).build()?;
    /// let client = client.with_session(session);
    /// println!("{}", client.auth().me().await?.user.username);
    /// # Ok(())
    /// # }
    /// ```
    pub fn session_builder(&self) -> JwtBuilder {
        self.0.shared.session_builder()
    }

    /// A client that presents this session.
    #[must_use]
    pub fn with_session(&self, session: Jwt) -> Self {
        let credentials = SharedCredentials::from(session.clone());
        self.derive(|inner| {
            inner.service = (inner.shared.stack)(credentials.clone());
            inner.credentials = credentials;
            inner.session = Some(session);
        })
    }

    /// A client that presents other credentials, over the same pool.
    #[must_use]
    pub fn with_credentials(&self, credentials: impl Into<SharedCredentials>) -> Self {
        let credentials = credentials.into();
        self.derive(|inner| {
            inner.service = (inner.shared.stack)(credentials.clone());
            inner.session = credentials.find().cloned();
            inner.credentials = credentials;
        })
    }

    /// The session behind this client, if it logs in: its expiry, user, and how often it was renewed. Also one that came by
    /// [`with_credentials`](Self::with_credentials), alone or in a [`Chain`](edgequake_auth::Chain).
    pub fn session(&self) -> Option<&Jwt> {
        self.0.session.as_ref()
    }

    /// Waits until no login, refresh or logout of this client is under way and new tokens are stored, at most as long as `limit`.
    ///
    /// The one call before a process ends: a refresh token works once, so its successor must not be lost. `false` if the limit
    /// was not enough; [`Jwt::last_store_error`] of the [`session`](Self::session) says why new tokens could not be stored. Returns at
    /// once without a session.
    pub async fn settle(&self, limit: Duration) -> bool {
        match &self.0.session {
            Some(session) => session.settle(limit).await,
            None => true,
        }
    }

    /// Ends the session: the server revokes its refresh token, the store forgets it, and both outcomes are reported. `None` if
    /// this client has no session.
    #[doc(alias = "sign_out")]
    pub async fn logout(&self) -> Option<LogoutOutcome> {
        match &self.0.session {
            Some(session) => Some(session.logout().await),
            None => None,
        }
    }
}
