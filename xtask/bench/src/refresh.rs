//! Many callers on an expired token: one refresh for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use edgequake_client::Client;
use edgequake_client::auth::Tokens;
use edgequake_client::transport::HttpTransport;
use edgequake_client::types::documents::ListDocuments;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::sync::{RwLock, Semaphore};
use tokio::task::JoinSet;

use crate::Result;
use crate::clients::{base, url};
use crate::hyper_util::HyperUtil;

/// An access token whose own `exp` has long passed (claims `{"exp":1}`).
const EXPIRED: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.AA";

/// How many connections there may be.
const CONNECTIONS: usize = 64;

/// Starts all callers at once, each with a call of its own, and tells how many failed, how often was refreshed, and how many
/// connections there were at most.
pub(crate) async fn run(client: &str, address: &str, callers: usize) -> Result<Value> {
    let counting = HyperUtil::new(address)?;
    let before = counting.count("/refreshes").await?;
    let failures = match client {
        "ours" => ours(address, callers).await?,
        "reqwest" => by_hand(address, callers).await?,
        other => return Err(format!("no client `{other}`").into()),
    };
    let refreshes = counting.count("/refreshes").await? - before;
    // The one that counts is not one of them.
    let connections = counting.count("/connections").await? - 1;
    let (failed, failure) = (failures.len(), failures.first());
    Ok(json!({ "refreshes": refreshes, "failed": failed, "failure": failure, "connections": connections }))
}

async fn ours(address: &str, callers: usize) -> Result<Vec<String>> {
    let client = Client::builder()
        .base_url(base(address))
        .transport(HttpTransport::builder().max_connections(CONNECTIONS))
        .build()?;
    let session = client.session_builder().tokens(Tokens::new(EXPIRED).refresh_token("once")).build()?;
    let client = client.with_session(session);
    let mut calls = JoinSet::new();
    for _ in 0..callers {
        calls.spawn(client.documents().list(ListDocuments::new()).into_future());
    }
    let mut failures = Vec::new();
    while let Some(call) = calls.join_next().await {
        failures.extend(call?.err().map(|error| format!("{error:?}")));
    }
    Ok(failures)
}

/// As one writes it who refreshes after each 401: reqwest knows neither tokens nor a limit of connections.
async fn by_hand(address: &str, callers: usize) -> Result<Vec<String>> {
    let client = reqwest::Client::new();
    let token = Arc::new(RwLock::new(EXPIRED.to_owned()));
    let (limit, done) = (Arc::new(Semaphore::new(CONNECTIONS)), Arc::new(AtomicUsize::new(0)));
    let mut calls = JoinSet::new();
    for _ in 0..callers {
        let (client, token, limit, done) = (client.clone(), token.clone(), limit.clone(), done.clone());
        let (documents, refresh) = (url(address), base(address) + "/api/v1/auth/refresh");
        calls.spawn(async move {
            let _permit = limit.acquire().await?;
            for _ in 0..2 {
                let bearer = format!("Bearer {}", token.read().await);
                let answer = client.get(&documents).header(AUTHORIZATION, bearer).send().await?;
                let status = answer.status();
                answer.bytes().await?;
                if status != StatusCode::UNAUTHORIZED {
                    done.fetch_add(1, Relaxed);
                    return Ok(());
                }
                let body = r#"{"refresh_token":"once"}"#;
                let request = client.post(&refresh).header(CONTENT_TYPE, "application/json").body(body);
                let answer: Value = serde_json::from_slice(&request.send().await?.bytes().await?)?;
                *token.write().await = answer["access_token"].as_str().unwrap_or_default().to_owned();
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    let mut failures = Vec::new();
    while let Some(call) = calls.join_next().await {
        failures.extend(call?.err().map(|error| format!("{error:?}")));
    }
    let without_answer = callers - failures.len() - done.load(Relaxed);
    failures.extend((0..without_answer).map(|_| "no answer but 401".to_owned()));
    Ok(failures)
}
