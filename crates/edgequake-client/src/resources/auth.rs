//! [`Auth`]: the raw operations of a session.

use edgequake_types::Secret;
use edgequake_types::session::{Login, Logout, Me, OidcLogin, Refresh};

use super::resource;
use crate::call::Call;

resource! {
    /// Sessions, one operation at a time: `/api/v1/auth/...`.
    ///
    /// These are for programs that keep tokens themselves. [`Client::login`](crate::Client::login) is what most want: it gives a
    /// client that renews its session.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::auth::StaticKey;
    ///
    /// let tokens = client.auth().login("user@example.com", "SecurePassword123!").await?;
    /// println!("{} for {:?} s", tokens.token_type, tokens.expires_in);
    /// let client = client.with_credentials(StaticKey::new(tokens.access_token).expect("a token of the server"));
    /// println!("{}", client.auth().me().await?.user.username);
    /// # Ok(())
    /// # }
    /// ```
    Auth, auth
}

impl Auth<'_> {
    /// `POST /api/v1/auth/login`: exchanges a password for tokens. The client itself goes on as it is.
    pub fn login(&self, identifier: impl Into<String>, password: impl Into<Secret>) -> Call<Login> {
        self.client.send(Login::new(identifier, password))
    }

    /// `POST /api/v1/auth/refresh`: exchanges a refresh token for new tokens. Newer servers take each one once.
    pub fn refresh(&self, refresh_token: impl Into<Secret>) -> Call<Refresh> {
        self.client.send(Refresh::new(refresh_token))
    }

    /// `POST /api/v1/auth/logout`: revokes a refresh token.
    pub fn logout(&self, refresh_token: Option<Secret>) -> Call<Logout> {
        self.client.send(Logout::new(refresh_token))
    }

    /// `GET /api/v1/auth/me`: the user behind the credential.
    #[doc(alias = "whoami")]
    #[doc(alias = "current_user")]
    pub fn me(&self) -> Call<Me> {
        self.client.send(Me::new())
    }

    /// `GET /api/v1/auth/oidc/login`: where a browser begins a login with the identity provider. Take the `Location` of the
    /// [raw](Call::raw) answer; awaited as it is, the redirect is an error, since it is not followed.
    pub fn oidc_login(&self) -> Call<OidcLogin> {
        self.client.send(OidcLogin::new())
    }
}
