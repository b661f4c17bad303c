//! Tenants and workspaces: one login or key, and a client for each place to work in.

use std::error::Error;

use edgequake_client::Client;
use edgequake_client::types::api_keys::{CreateApiKey, KeyScope};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::tenants::CreateTenant;
use edgequake_client::types::workspaces::CreateWorkspace;
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_devserver::{DevServer, Role};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server =
        DevServer::builder().user("ada", "ada@example.com", "correct horse", Role::Admin).start().await?;
    let admin = Client::builder().base_url(server.url()).build()?;
    let admin = admin.login("ada@example.com", "correct horse").await?;

    // A tenant with two workspaces, and a key for the programs that work there.
    let tenant = admin.tenants().create(CreateTenant::new("Acme")).await?.id;
    let production = admin.workspaces().create(CreateWorkspace::new(&tenant, "Production")).await?.id;
    let development = admin.workspaces().create(CreateWorkspace::new(&tenant, "Development")).await?.id;
    let key = CreateApiKey::new().name("Automation").scopes([KeyScope::Read, KeyScope::Write]);
    let key = admin.api_keys().create(key).await?.api_key;

    // Every request of this client carries X-Tenant-ID and X-Workspace-ID. Give both: the server lists nothing for a
    // request that names only one of them.
    let production = Client::builder()
        .base_url(server.url())
        .api_key(key)
        .tenant_id(&tenant)
        .workspace_id(&production)
        .build()?;
    let upload = UploadText::new("The bridge opened in 1931.").title("Bridge");
    let uploaded = production.documents().upload_text(upload).await?;
    let bridge = production.documents().wait_for(&uploaded).await?;
    println!("in production: {} {}", bridge.id, bridge.title.as_deref().unwrap_or("Untitled"));

    // Switching costs nothing: the new client shares connections, credential and retry budget with the old one.
    let development = production.with_workspace(&development);
    assert_eq!(production.documents().list(ListDocuments::new()).await?.total, 1);
    assert_eq!(development.documents().list(ListDocuments::new()).await?.total, 0);
    let hidden =
        development.documents().get(&bridge.id).await.err().ok_or("a foreign document can be read")?;
    println!("from development: {hidden}");
    assert!(hidden.is_not_found());

    // A single call can be made elsewhere.
    let scope = production.scope().headers();
    let workspace = WorkspaceId::new(scope["x-workspace-id"].to_str()?)?;
    let page = development.documents().list(ListDocuments::new()).workspace(&workspace).await?;
    assert_eq!(page.total, 1);

    // The dev server remembers which headers came, and what kind of credential, never its value.
    let requests = server.request_log();
    let upload = requests.iter().find(|request| request.path == "/api/v1/documents").ok_or("no upload")?;
    println!("{} {}: {:?}, {:?}", upload.method, upload.path, upload.headers, upload.credential);
    assert_eq!(upload.tenant.as_deref(), Some(tenant.as_str()));
    assert_eq!(upload.workspace.as_deref(), Some(workspace.as_str()));

    // Ids are checked before anything is sent, because a server reads what is no UUID as its default tenant.
    let error = TenantId::new("tenant-456").err().ok_or("not a UUID")?;
    println!("{error}");
    // For servers that name their tenants otherwise, say that it is meant.
    assert_eq!(TenantId::opaque("tenant-456")?.as_str(), "tenant-456");

    // A place that the key's owner is no member of is refused.
    let nowhere = production.with_workspace(WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21")?);
    let error =
        nowhere.documents().list(ListDocuments::new()).await.err().ok_or("a foreign workspace is open")?;
    println!("elsewhere: {error} (reason: {})", error.reason().unwrap_or("none"));
    assert!(error.is_forbidden());

    server.shutdown().await;
    Ok(())
}
