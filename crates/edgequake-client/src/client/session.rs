//! Logging in and out, and which credentials a [`Client`] presents.

use std::time::Duration;

use edgequake_auth::{Jwt, JwtBuilder, LogoutOutcome, SharedCredentials};
use edgequake_types::session::Login;
use edgequake_types::{Endpoint, Secret};

use super::Client;
use crate::error::Error;

impl Client {
    /// Logs in, and gives a client that presents the session's token and renews it automatically.
    ///
    /// `identifier` is a user name or e-mail address. The password is kept, so that the client can log in anew when its refresh
    /// token is refused; a client built with [`ClientBuilder::login`](super::ClientBuilder::login) does the same, and logs in at its first call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials): refused (401), inactive (403), locked (423), or no answer. A refused login is not tried again.
    #[doc(alias = "authenticate")]
    #[doc(alias = "sign_in")]
    pub async fn login(
        &self,
        identifier: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<Self, Error> {
        let builder = self.session_builder().login(identifier, password);
        let session = builder.build().map_err(Error::credentials)?;
        let failed = |error| Error::credentials(error).at(self.base_url().origin()).during(Login::PATH, None);
        session.login().await.map_err(failed)?;
        Ok(self.with_session(session))
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
    /// was not enough. Returns at once without a session.
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
