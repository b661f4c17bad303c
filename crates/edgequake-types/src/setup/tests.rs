use serde_json::json;

use crate::setup::*;
use crate::testing::{assert_round_trip, assert_served, on_the_wire, read};

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
