//! What can go wrong, and how to tell: 401, 403, 404, 423 and 429, each provoked and handled.

use std::error::Error as StdError;
use std::time::Duration;

use edgequake_client::auth::StaticKey;
use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::types::api_keys::{CreateApiKey, KeyScope};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{Client, Error, ErrorKind};
use edgequake_devserver::{DevServer, Role};

/// One arm per thing to do about it. This is all that most programs need.
fn advice(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Unauthorized { configured: false, .. } => {
            "no credential was sent: set EDGEQUAKE_API_KEY or log in"
        }
        ErrorKind::Unauthorized { .. } => {
            "the credential was refused: is it revoked, expired, of another server?"
        }
        ErrorKind::Forbidden => {
            "known, but not allowed: look at the key's scopes, the role, the tenant and workspace"
        }
        ErrorKind::NotFound => "not there, or not in this workspace",
        ErrorKind::RateLimited => "too fast: wait",
        ErrorKind::Credentials if error.is_locked() => "too many wrong passwords: wait, and do not try again",
        ErrorKind::Credentials => "the login failed: ask for the password again",
        _ if error.is_retryable() => "try again later",
        _ => "report it",
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let server =
        DevServer::builder().user("ada", "ada@example.com", "correct horse", Role::User).start().await?;
    let visitor = Client::builder().base_url(server.url()).build()?;

    // 401, and whether there was a credential at all. Neither is repeated: it would be refused again.
    let missing = failed(visitor.documents().list(ListDocuments::new()).await)?;
    assert!(missing.is_unauthorized());
    assert!(matches!(missing.kind(), ErrorKind::Unauthorized { configured: false, .. }));
    let wrong = visitor.with_credentials(StaticKey::new("eq_not_a_key_of_this_server")?);
    let wrong = failed(wrong.documents().list(ListDocuments::new()).await)?;
    assert!(matches!(wrong.kind(), ErrorKind::Unauthorized { configured: true, replayed: false, .. }));

    // 403: a key that may read and nothing else.
    let ada = visitor.login("ada", "correct horse").await?;
    let key = ada.api_keys().create(CreateApiKey::new().scopes([KeyScope::Read])).await?;
    let reader = visitor.with_credentials(StaticKey::new(key.api_key)?);
    let forbidden =
        failed(reader.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await)?;
    assert!(forbidden.is_forbidden());

    // 404. Where a missing document is a fact and no failure, take it as `None`.
    let found = match ada.documents().get("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").await {
        Ok(document) => Some(document),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error.into()),
    };
    assert!(found.is_none());

    // 423: the fifth wrong password locks the account, also for the right one. The client sends no password twice.
    for attempt in 1..=5 {
        let refused = failed(visitor.login("ada", "wrong").await)?;
        assert_eq!(refused.is_locked(), attempt == 5);
    }
    let locked = failed(visitor.login("ada", "correct horse").await)?;
    assert!(locked.is_locked() && locked.kind() == ErrorKind::Credentials);
    server.shutdown().await;

    // 429: two requests at once, then two per second. By default the client waits and tries again, so nobody notices...
    let limited = DevServer::builder().auth(false).rate_limit(Some((2, 2.0))).start().await?;
    let patient = Client::builder().base_url(limited.url()).build()?;
    for _ in 0..4 {
        patient.documents().list(ListDocuments::new()).await?;
    }
    assert!(limited.stats().rate_limited > 0);
    // ... and without retries it says how long to wait.
    let impatient = Client::builder().base_url(limited.url()).retry(RetryConfig::none()).build()?;
    let error = loop {
        match impatient.documents().list(ListDocuments::new()).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(error.is_rate_limited() && error.is_retryable());
    println!("{error}\n  -> {}", advice(&error));
    println!("  code {:?}, wait {:?}", error.code(), error.retry_after());
    assert!(error.retry_after().unwrap_or(Duration::ZERO) <= Duration::from_secs(2));
    let nobody = Client::builder().base_url(limited.url()).retry(RetryConfig::none()).build()?;
    limited.shutdown().await;

    // No server at all: certainly not executed, so it may be sent again.
    let gone = failed(nobody.documents().list(ListDocuments::new()).await)?;
    assert_eq!(gone.kind(), ErrorKind::Connect);
    Ok(())
}

/// The error of a call that had to fail, printed with its causes and what to do about it.
fn failed<T>(result: Result<T, Error>) -> Result<Error, &'static str> {
    let error = result.err().ok_or("this call should have failed")?;
    println!("{error}");
    // `Display` is one line that says what is wrong; `source()` goes on where it ends, so nothing is printed twice.
    let mut cause = error.source();
    while let Some(error) = cause {
        println!("  because: {error}");
        cause = error.source();
    }
    println!("  -> {}", advice(&error));
    Ok(error)
}
