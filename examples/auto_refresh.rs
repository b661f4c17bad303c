//! Tokens that renew themselves: 1,000 concurrent calls on an expired token, and one refresh.
//!
//! Watching the clock, refreshing five minutes early, swapping the token of a client in use, sending a refused request
//! once more, logging in again: the client does all of it, so none of it is written here.

use std::error::Error;
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::auth::Tokens;
use edgequake_client::types::query::Query;
use edgequake_devserver::{DevServer, Role};
use tokio::task::JoinSet;
use tower::limit::ConcurrencyLimitLayer;

const CALLS: usize = 1000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = DevServer::builder()
        .user("ada", "ada@example.com", "correct horse", Role::User)
        .token_lifetime(Duration::from_secs(3600))
        // A slow refresh, so that all callers meet while it is under way.
        .refresh_delay(Duration::from_millis(200))
        .start()
        .await?;
    let visitor = Client::builder()
        .base_url(server.url())
        // 1,000 callers need no 1,000 sockets: any tower layer fits around an attempt.
        .attempt_layer(ConcurrencyLimitLayer::new(64))
        .build()?;

    // 1. The usual way. From here on `client` renews its token, for itself and for all its clones.
    let client = visitor.login("ada@example.com", "correct horse").await?;
    let session = client.session().ok_or("there is no session")?;
    println!("logged in, token for {:?}", session.expires_in().unwrap_or_default());

    // 2. The server refuses the token although it should still be good (revoked, or the server was set up anew). The
    //    first 401 leads to one refresh, and every refused request is sent once more.
    server.expire_access_tokens();
    assert_eq!(ask_many(&client, &server).await?, 1);
    assert_eq!((session.logins(), session.refreshes()), (1, 1));

    // 3. The token has run out by the clock. These tokens come from elsewhere (a file, another program) and are nearly
    //    over; nobody sends the old one, and all wait for one refresh.
    let answer = visitor.auth().login("ada", "correct horse").await?;
    let tokens = Tokens::from(answer).expires_in(Duration::from_millis(1));
    let kept = visitor.with_session(visitor.session_builder().tokens(tokens).build()?);
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(ask_many(&kept, &server).await?, 1);

    // 4. The refresh token is refused as well. A client that was given a password logs in once more.
    let other = visitor.login("ada", "correct horse").await?;
    server.revoke_sessions();
    other.query().execute(Query::new("Still there?")).await?;
    let logins = other.session().map(|session| session.logins());
    println!("a revoked session: {} logins", logins.unwrap_or(0));
    assert_eq!(logins, Some(2));

    // A client that has tokens only cannot: it says so, and goes on saying it without asking the server again.
    let error =
        kept.query().execute(Query::new("Still there?")).await.err().ok_or("a revoked session works")?;
    println!("without a password: {error}");
    assert!(error.is_unauthorized());

    // Refresh tokens work once here, and a second use would end the session. No call of this program did that.
    assert_eq!((server.stats().refreshes, server.stats().token_reuses), (2, 0));
    server.shutdown().await;
    Ok(())
}

/// Asks from 1,000 tasks at once, all of which must succeed. Gives the number of refreshes it took.
async fn ask_many(client: &Client, server: &DevServer) -> Result<u64, Box<dyn Error>> {
    let before = server.stats();
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let client = client.clone();
        calls.spawn(async move { client.query().execute(Query::new("Anybody there?")).await });
    }
    while let Some(call) = calls.join_next().await {
        call??;
    }
    let after = server.stats();
    let (refreshes, refused) = (after.refreshes - before.refreshes, after.unauthorized - before.unauthorized);
    println!("{CALLS} calls: {CALLS} answers, {refused} replays after a 401, {refreshes} refresh");
    Ok(refreshes)
}
