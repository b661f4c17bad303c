use edgequake_types::session::{
    Login, LoginResponse, Logout, Me, MeResponse, OidcLogin, Refresh, RefreshResponse,
};

use crate::table::Table;

#[test]
fn auth() {
    let token = "0d6c1f7e-1f0e-4b0f-9d5f-1b9d4b3f7a10";
    Table::of("auth", include_str!("auth.txt"))
        .request("log in by name", &Login::new("mona", "pw"))
        .request("log in by address", &Login::new("mona@corp.test", "pw"))
        .request("refresh", &Refresh::new(token))
        .request("log out", &Logout::default())
        .request("log out with a token", &Logout::new(Some(token.into())))
        .request("me", &Me::new())
        .request("provider", &OidcLogin::new())
        .request(
            "provider with everything",
            &OidcLogin::new().provider("keycloak").org("acme").redirect("/chat?id=1"),
        )
        .answer::<LoginResponse>("logged in")
        .answer_read::<LoginResponse>("logged in on the first servers")
        .answer_read::<LoginResponse>("logged in without a refresh token")
        .answer::<RefreshResponse>("refreshed")
        .answer::<RefreshResponse>("refreshed with a successor")
        .answer_read::<RefreshResponse>("refreshed without a successor")
        .answer::<()>("logged out")
        .answer::<MeResponse>("me")
        .answer_read::<MeResponse>("me, of the first servers")
        .answer_read::<MeResponse>("me, bare")
        .finish();
}
