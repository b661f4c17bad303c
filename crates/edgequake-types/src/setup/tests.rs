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
fn a_token_travels_in_its_header_or_is_an_error() {
    let setup = InitializeSetup::new("Acme", "Bridges");
    let error = setup.clone().setup_token("s3cr3t\n").to_request().unwrap_err();
    insta::assert_snapshot!(error, @"the field for the header `x-edgequake-setup-token` has characters that no header can carry");
    let foreign = setup.setup_token("Straße 東京");
    let (parts, body) = foreign.to_request().unwrap().into_parts();
    assert_eq!(InitializeSetup::from_request(&parts, &body.bytes().unwrap()).unwrap(), foreign);
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
