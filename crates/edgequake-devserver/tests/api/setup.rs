//! The setup of a server without users.

use edgequake_devserver::DevServer;
use edgequake_types::documents::UploadText;
use edgequake_types::session::{Login, OidcLogin, Role};
use edgequake_types::setup::{GetSetupStatus, InitializeSetup};
use edgequake_types::tenants::ListTenants;
use edgequake_types::workspaces::GetWorkspace;

use crate::support::{Api, with_users};

const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn the_first_user_owns_a_tenant_and_its_workspace() {
    let server = DevServer::builder().start().await.unwrap();
    let api = Api::new(&server);
    assert!(api.ok(&GetSetupStatus::new()).await.needs_setup);
    let setup = InitializeSetup::new("Corp", "Bridges")
        .admin_username("ada")
        .admin_password(PASSWORD)
        .default_llm_model("quotations-large")
        .entity_types(["bridge"])
        .chunk_token_size(400);
    let answer = api.send(&setup).await;
    assert_eq!(answer.status, 201);
    let done = answer.model::<InitializeSetup>();
    assert_eq!((done.admin_username.as_deref(), done.already_initialized), (Some("ada"), false));
    assert_eq!((done.tenant.slug.as_str(), done.workspace.slug.as_str()), ("corp", "bridges"));
    assert_eq!(done.workspace.tenant_id.as_ref(), Some(&done.tenant.id));
    assert_eq!(done.workspace.llm_model.as_deref(), Some("quotations-large"));
    assert_eq!(done.workspace.entity_types, Some(vec!["BRIDGE".to_owned()]));
    assert_eq!(done.workspace.chunk_token_size, Some(400));
    assert!(!String::from_utf8_lossy(&answer.body).contains(PASSWORD));
    let status = api.ok(&GetSetupStatus::new()).await;
    assert_eq!((status.needs_setup, status.tenant_count, status.workspace_count), (false, 2, 2));

    // The user is an administrator who can work there.
    let login = api.ok(&Login::new("ada", PASSWORD)).await;
    assert_eq!(login.user.as_ref().map(|user| &user.role), Some(&Role::Admin));
    let ada = api
        .bearer(login.access_token.expose())
        .with("x-tenant-id", done.tenant.id.as_str())
        .with("x-workspace-id", done.workspace.id.as_str());
    ada.ok(&UploadText::new("text")).await;
    ada.ok(&GetWorkspace::new(&done.workspace.id)).await;
    assert_eq!(ada.ok(&ListTenants::new()).await.total, 2);
    // Once is enough.
    assert_eq!(api.send(&setup).await.cause(), "409 CONFLICT");
}

#[tokio::test]
async fn a_setup_is_checked() {
    let server = DevServer::builder().setup_token("s3cr3t").start().await.unwrap();
    let api = Api::new(&server);
    let setup = || InitializeSetup::new("Corp", "Bridges").admin_password(PASSWORD).setup_token("s3cr3t");
    for (request, cause) in [
        (
            InitializeSetup::new("Corp", "Bridges").admin_password(PASSWORD),
            "401 UNAUTHORIZED invalid_setup_token",
        ),
        (setup().setup_token("wrong"), "401 UNAUTHORIZED invalid_setup_token"),
        (InitializeSetup::new("Corp", "Bridges").setup_token("s3cr3t"), "400 BAD_REQUEST"),
        (setup().admin_password("short"), "400 BAD_REQUEST"),
        (setup().admin_username("ab"), "400 BAD_REQUEST"),
        (
            InitializeSetup::new(" ", "Bridges").admin_password(PASSWORD).setup_token("s3cr3t"),
            "400 BAD_REQUEST",
        ),
        (
            InitializeSetup::new("Default", "Bridges").admin_password(PASSWORD).setup_token("s3cr3t"),
            "409 CONFLICT",
        ),
    ] {
        assert_eq!(api.send(&request).await.cause(), cause, "{request:?}");
    }
    assert!(api.ok(&GetSetupStatus::new()).await.needs_setup);
    let done = api.ok(&setup()).await;
    assert_eq!(done.admin_username.as_deref(), Some("admin"));
    api.ok(&Login::new("admin@localhost", PASSWORD)).await;
}

#[tokio::test]
async fn a_server_with_users_is_set_up_already() {
    for server in [with_users(), DevServer::builder().auth(false)] {
        let server = server.start().await.unwrap();
        let setup = InitializeSetup::new("Corp", "Bridges").admin_password(PASSWORD);
        assert_eq!(Api::new(&server).send(&setup).await.cause(), "409 CONFLICT");
    }
}

#[tokio::test]
async fn there_is_no_identity_provider() {
    let server = with_users().start().await.unwrap();
    let answer = Api::new(&server).send(&OidcLogin::new().provider("corp")).await;
    assert_eq!(answer.cause(), "503 SERVICE_UNAVAILABLE oidc_disabled");
    assert_eq!(answer.header("retry-after"), "0");
}
