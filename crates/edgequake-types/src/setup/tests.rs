use serde_json::json;

use crate::setup::*;
use crate::testing::{assert_round_trip, assert_served, on_the_wire, read};
use crate::{Endpoint, TenantId, WorkspaceId};

#[test]
fn status() {
    insta::assert_snapshot!(on_the_wire(&GetSetupStatus::new()), @"
    GET /api/v1/setup/status
    accept: application/json
    ");
    assert_served(&GetSetupStatus::new());
    assert_round_trip::<SetupStatus>(&json!({
        "needs_setup": true, "has_login_users": false, "tenant_count": 0, "workspace_count": 0, "auth_enabled": true,
        "bootstrap_admin_configured": false
    }));
    let odd: SetupStatus = read(&json!({"needs_setup": null, "tenant_count": 2.0, "auth_enabled": null}));
    assert_eq!((odd.needs_setup, odd.tenant_count, odd.auth_enabled), (false, 2, None));
}

#[test]
fn initialization() {
    insta::assert_snapshot!(on_the_wire(&InitializeSetup::new("Acme", "Bridges")), @r#"
    POST /api/v1/setup/initialize
    accept: application/json
    content-type: application/json

    {"tenant_name":"Acme","workspace_name":"Bridges"}
    "#);
    let full = InitializeSetup::new("Acme", "Bridges")
        .admin_username("root")
        .admin_email("root@corp.test")
        .admin_password("s3cr3t-p")
        .tenant_description("t")
        .workspace_slug("b")
        .workspace_description("w")
        .setup_token("s3cr3t-t");
    insta::assert_snapshot!(on_the_wire(&full), @r#"
    POST /api/v1/setup/initialize
    accept: application/json
    content-type: application/json
    x-edgequake-setup-token: s3cr3t-t

    {"tenant_name":"Acme","workspace_name":"Bridges","admin_username":"root","admin_email":"root@corp.test","admin_password":"s3cr3t-p","tenant_description":"t","workspace_slug":"b","workspace_description":"w"}
    "#);
    assert_served(&InitializeSetup::new("Acme", "Bridges"));
    assert_served(&full);
    let request = full.to_request().unwrap();
    let text = format!("{full:?} {request:?}", request = request.headers());
    assert!(!text.contains("s3cr3t") && text.contains("root@corp.test"), "{text}");
    // No header can carry it, so it is not sent.
    let odd = InitializeSetup::new("Acme", "Bridges").setup_token("a\nb").to_request().unwrap();
    assert!(!odd.headers().contains_key(InitializeSetup::TOKEN_HEADER));
}

#[test]
fn results() {
    let id = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";
    let result: SetupResult = assert_round_trip(&json!({
        "tenant": {"id": id, "name": "Acme", "slug": "acme"},
        "workspace": {"id": id, "name": "Bridges", "slug": "b", "description": null, "max_documents": null},
        "admin_username": null, "already_initialized": false
    }));
    let (tenant, workspace) = (TenantId::new(id).unwrap(), WorkspaceId::new(id).unwrap());
    let built = SetupResult::new(
        Tenant::new(&tenant, "Acme", "acme"),
        Workspace::new(&workspace, &tenant, "Bridges", "b"),
    );
    assert_eq!((built.tenant.id, built.workspace.id), (result.tenant.id, result.workspace.id));
    assert!(read::<SetupResult>(&json!({"tenant": {"id": id, "name": "A"}, "workspace": {"id": id, "name": "B"}, "already_initialized": true})).already_initialized);
}
