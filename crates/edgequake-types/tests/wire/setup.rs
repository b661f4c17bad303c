use edgequake_types::setup::{GetSetupStatus, InitializeSetup, SetupResult, SetupStatus};

use crate::table::Table;

#[test]
fn setup() {
    let initialize = InitializeSetup::new("Acme", "Bridges");
    let everything = initialize
        .clone()
        .admin_username("root")
        .admin_email("root@corp.test")
        .admin_password("correct horse")
        .tenant_description("Civil engineers")
        .workspace_slug("bridges")
        .workspace_description("All about bridges")
        .setup_token("t0ken");
    Table::of("setup", include_str!("setup.txt"))
        .request("status", &GetSetupStatus::new())
        .request("initialize", &initialize)
        .request("initialize with everything", &everything)
        .answer::<SetupStatus>("status")
        .answer::<SetupStatus>("status of a server that is set up")
        .answer::<SetupResult>("initialized")
        .answer_read::<SetupResult>("initialized without an administrator")
        .finish();
}
