use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_redis::{EncryptionKey, RedisStore};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::fs::read_to_string("/run/secrets/edgequake/store-key")?;
    let store = RedisStore::builder(std::env::var("REDIS_URL")?)
        .username("edgequake")
        .password_file("/run/secrets/edgequake/redis-password")
        .root_certificates(std::fs::read("/run/secrets/edgequake/redis-ca.crt")?)
        .encryption_key(EncryptionKey::from_base64(&key)?)
        .build()?;
    // Address, name and password of the login from EDGEQUAKE_BASE_URL, EDGEQUAKE_USERNAME and EDGEQUAKE_PASSWORD_FILE.
    let client = Client::builder().env().token_store(store).build()?;

    // Kubernetes asks a pod to end with SIGTERM.
    let mut terminated = signal(SignalKind::terminate())?;
    loop {
        let page = client.documents().list(ListDocuments::new()).await?;
        println!("{} documents", page.total);
        tokio::select! {
            _ = terminated.recv() => break,
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
        }
    }
    // A renewal that is under way must reach the store.
    client.settle(Duration::from_secs(30)).await;
    Ok(())
}
