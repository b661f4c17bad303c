//! The life of API keys: create with the least scopes, use, list, rotate, find unused ones, revoke.

use std::error::Error;

use edgequake_client::Client;
use edgequake_client::types::api_keys::{CreateApiKey, KeyScope, ListApiKeys};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_devserver::{DevServer, Role};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server =
        DevServer::builder().user("ada", "ada@example.com", "correct horse", Role::Admin).start().await?;
    let visitor = Client::builder()
        .base_url(server.url())
        .tenant_id(TenantId::server_default())
        .workspace_id(WorkspaceId::server_default())
        .build()?;
    // Keys belong to a user, so a user makes them.
    let admin = visitor.login("ada@example.com", "correct horse").await?;
    let keys = admin.api_keys();

    // Read-only for analytics, everything for automation. Without scopes a key can read and query, and nothing else.
    let analytics = CreateApiKey::new().name("Analytics").scopes([KeyScope::Read]).expires_in_days(90);
    let analytics = keys.create(analytics).await?;
    let automation = CreateApiKey::new().name("Automation").scopes([KeyScope::All]);
    let automation = keys.create(automation).await?;
    let forgotten = keys.create(CreateApiKey::new().name("Forgotten")).await?;

    // `api_key` holds the key itself. The server shows it this once, and nothing prints it by accident.
    let shown = format!("{analytics:?}");
    assert!(shown.contains("[redacted]") && !shown.contains(analytics.api_key.expose()));
    println!("created {} as {}...", analytics.key_id, analytics.prefix);

    // Use them. A key is sent as `Authorization: Bearer`.
    let reader = Client::builder().base_url(server.url()).api_key(analytics.api_key).build()?;
    reader.documents().list(ListDocuments::new()).await?;
    let refused = reader.documents().upload_text(UploadText::new("Not with this key.")).await;
    let refused = refused.err().ok_or("a read-only key can write")?;
    println!("read-only: {refused}");
    assert!(refused.is_forbidden());
    let robot = Client::builder().base_url(server.url()).api_key(automation.api_key).build()?;
    robot.documents().upload_text(UploadText::new("The bridge opened in 1931.")).await?;

    // Rotate: a new key first, then the old one is revoked, so that there is a working key at any moment.
    let successor = CreateApiKey::new().name("Automation, next quarter").scopes([KeyScope::All]);
    let rotation = keys.rotate(&automation.key_id, successor).await?;
    // Keep the new key before anything else. If the old one could not be revoked, both work: try that again.
    let robot = Client::builder().base_url(server.url()).api_key(rotation.created.api_key).build()?;
    rotation.revoked?;
    let old = visitor.with_credentials(edgequake_client::auth::StaticKey::new(forgotten.api_key.clone())?);
    robot.documents().list(ListDocuments::new()).await?;

    // Audit: who was never used?
    let unused = keys.unused().await?;
    assert_eq!(unused.iter().map(|key| &key.key_id).collect::<Vec<_>>(), [&forgotten.key_id]);
    for key in unused {
        println!("never used, revoking: {}", key.name.as_deref().unwrap_or("unnamed"));
        keys.revoke(key.key_id).await?;
    }
    let refused = old.documents().list(ListDocuments::new()).await.err().ok_or("a revoked key works")?;
    println!("revoked: {refused}");
    assert!(refused.is_unauthorized());

    // All keys, page after page. Revoked ones stay in the list.
    let mut all = keys.list(ListApiKeys::new().page_size(2)).items();
    let (mut active, mut revoked) = (0, 0);
    while let Some(key) = all.next().await {
        let key = key?;
        let used = key.last_used_at.as_ref().map_or("never", |at| at.as_str());
        println!("{:<26} {:<12} last used {used}", key.name.unwrap_or_default(), key.prefix);
        if key.is_active == Some(false) { revoked += 1 } else { active += 1 }
    }
    assert_eq!((active, revoked), (2, 2));
    server.shutdown().await;
    Ok(())
}
