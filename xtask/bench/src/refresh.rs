//! Many callers on an expired token: one refresh for all of them.

use edgequake_client::Client;
use edgequake_client::auth::Tokens;
use edgequake_client::types::documents::ListDocuments;
use serde_json::{Value, json};
use tower::limit::GlobalConcurrencyLimitLayer;

use crate::Result;

/// An access token whose own `exp` has long passed (claims `{"exp":1}`).
const EXPIRED: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.AA";

/// Starts all callers at once, each with a call of its own, and tells how many failed and how often was refreshed.
///
/// What waits for the credential is not limited; how many requests are on their way at once is, since each needs a connection.
pub(crate) async fn run(address: &str, callers: usize) -> Result<Value> {
    let client = Client::builder()
        .base_url(format!("http://{address}"))
        .attempt_layer(GlobalConcurrencyLimitLayer::new(64))
        .build()?;
    let session = client.session_builder().tokens(Tokens::new(EXPIRED).refresh_token("once")).build()?;
    let client = client.with_session(session);
    let before = refreshes(address).await?;
    let calls: Vec<_> = (0..callers)
        .map(|_| tokio::spawn(client.documents().list(ListDocuments::new()).into_future()))
        .collect();
    let (mut failed, mut failure) = (0, None);
    for call in calls {
        if let Err(error) = call.await? {
            failed += 1;
            failure.get_or_insert(format!("{error:?}"));
        }
    }
    let refreshes = refreshes(address).await? - before;
    Ok(json!({ "refreshes": refreshes, "failed": failed, "failure": failure }))
}

async fn refreshes(address: &str) -> Result<u64> {
    let client = Client::builder().base_url(format!("http://{address}")).build()?;
    let answer = client.request(http::Method::GET, "/refreshes").await?;
    let body = http_body_util::BodyExt::collect(answer.into_body()).await?.to_bytes();
    Ok(std::str::from_utf8(&body)?.parse()?)
}
