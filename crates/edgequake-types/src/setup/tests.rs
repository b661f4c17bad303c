use serde_json::json;

use crate::setup::*;
use crate::testing::read;
use crate::{Endpoint, TenantId, WorkspaceId};

#[test]
fn an_odd_status_is_read() {
    let odd: SetupStatus = read(
        &json!({"needs_setup": null, "tenant_count": 2.0, "workspace_count": "3", "auth_enabled": null}),
    );
    let mut expected = SetupStatus::default();
    (expected.tenant_count, expected.workspace_count) = (2, 3);
    assert_eq!(odd, expected);
    assert_eq!(SetupStatus::new(true, false).auth_enabled, Some(false));
}

#[test]
fn secrets_are_not_printed() {
    let setup = InitializeSetup::new("Acme", "Bridges")
        .admin_email("root@corp.test")
        .admin_password("s3cr3t-p")
        .setup_token("s3cr3t-t");
    let request = setup.to_request().unwrap();
    assert_eq!(request.headers()[InitializeSetup::TOKEN_HEADER], "s3cr3t-t");
    let text = format!("{setup:?} {setup:#?} {request:?} {:?}", request.headers());
    assert!(!text.contains("s3cr3t") && text.contains("root@corp.test"), "{text}");
}

#[test]
fn a_token_that_no_header_can_carry_is_not_sent() {
    let odd = InitializeSetup::new("Acme", "Bridges").setup_token("a\nb").to_request().unwrap();
    assert!(!odd.headers().contains_key(InitializeSetup::TOKEN_HEADER));
}

#[test]
fn a_token_in_the_body_is_not_read() {
    let setup = InitializeSetup::new("Acme", "Bridges");
    let parts = setup.to_request().unwrap().into_parts().0;
    let body = br#"{"tenant_name":"Acme","workspace_name":"Bridges","setup_token":"x"}"#;
    assert_eq!(InitializeSetup::from_request(&parts, body).unwrap(), setup);
}

#[test]
fn a_result_is_built() {
    let id = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";
    let (tenant, workspace) = (TenantId::new(id).unwrap(), WorkspaceId::new(id).unwrap());
    let built = SetupResult::new(
        Tenant::new(&tenant, "Acme", "acme"),
        Workspace::new(&workspace, &tenant, "Bridges", "b"),
    );
    assert_eq!((&built.tenant.id, &built.workspace.id), (&tenant, &workspace));
    assert_eq!((built.admin_username, built.already_initialized), (None, false));
}
