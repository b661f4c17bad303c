//! Tenants, workspaces and accounts.

use crate::rig::{MONA_PASSWORD, Rig, assert_transcript};

#[tokio::test]
async fn tenants_and_workspaces() {
    let mut rig = Rig::as_root().await;
    rig.cli(&["tenants", "list"]).await;
    let tenant = rig.cli(&["tenants", "create", "Acme", "--plan", "pro"]).await.succeeded();
    let tenant = tenant.word().to_owned();
    rig.cli(&["--tenant", &tenant, "workspaces", "create", "Bridges", "--slug", "bridges"]).await.succeeded();
    let spaces = rig.cli(&["--tenant", &tenant, "workspaces", "list", "--json"]).await.succeeded().json();
    let space = spaces[0]["id"].as_str().unwrap().to_owned();
    rig.cli(&["--tenant", &tenant, "workspaces", "list"]).await;
    rig.cli(&["--tenant", &tenant, "workspaces", "stats", &space]).await;
    // Nobody is there to be asked.
    rig.cli(&["--tenant", &tenant, "workspaces", "delete", &space]).await;
    rig.cli(&["--tenant", &tenant, "workspaces", "delete", &space, "--yes"]).await;
    let other = rig.cli(&["--tenant", &tenant, "workspaces", "create", "Roads"]).await.succeeded();
    let args = ["--tenant", &tenant, "workspaces", "delete", "roads", "--yes", "--json"];
    let deleted = rig.cli(&args).await.succeeded().json();
    assert_eq!(deleted, serde_json::json!({ "workspace_id": other.word(), "deleted": true }));
    rig.cli(&["--tenant", "acme", "workspaces", "list"]).await;
    rig.cli(&["tenants", "list", "--json"]).await.succeeded().json();
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_workspace_is_named_by_id_slug_or_name() {
    let mut rig = Rig::as_root().await;
    rig.cli(&["workspaces", "stats"]).await.succeeded();
    rig.cli(&["workspaces", "stats", "default"]).await.succeeded();
    rig.cli(&["--workspace", "default", "--tenant", "default", "workspaces", "stats"]).await.succeeded();
    rig.cli(&["--tenant", "default", "workspaces", "list"]).await.succeeded();
    let tenant = rig.cli(&["tenants", "create", "Acme"]).await.succeeded().word().to_owned();
    for (name, slug) in [("Old bridges", "old"), ("New bridges", "new"), ("New bridges", "newer")] {
        rig.cli(&["--tenant", &tenant, "workspaces", "create", name, "--slug", slug]).await.succeeded();
    }
    for named in ["old", "Old bridges"] {
        rig.cli(&["--tenant", &tenant, "workspaces", "stats", named]).await.succeeded();
    }
    // Two have the name, and none has the other: nothing is deleted.
    for named in ["New bridges", "older"] {
        rig.cli(&["--tenant", &tenant, "workspaces", "delete", named, "--yes"]).await;
    }
    // The slugs are those of the tenant.
    rig.cli(&["workspaces", "stats", "old"]).await;
    rig.cli(&["workspaces", "stats", " ", "--json"]).await;
    rig.cli(&["--tenant", &tenant, "workspaces", "delete", "newer", "--yes"]).await.succeeded();
    rig.cli(&["--tenant", &tenant, "workspaces", "delete", "New bridges", "--yes"]).await.succeeded();
    rig.cli(&["--tenant", &tenant, "workspaces", "list"]).await;
    assert_transcript!(rig);
}

#[tokio::test]
async fn accounts() {
    let mut rig = Rig::as_root().await;
    // The administrator's own password is no password for others.
    rig.env("EDGEQUAKE_PASSWORD", "s3cr3t-of-admin");
    rig.cli(&["users", "create", "tim", "tim@corp.test"]).await;
    let args = ["users", "create", "tim", "tim@corp.test", "--role", "readonly", "--password-stdin"];
    let tim = rig.cli_with(&args, "s3cr3t-of-tim").await.succeeded();
    let tim = tim.word().to_owned();
    rig.cli_with(&args, "s3cr3t-of-tim").await;
    rig.cli(&["users", "create", "x", "y", "--role", "boss"]).await;
    rig.cli(&["users", "list"]).await;
    rig.cli(&["users", "delete", &tim]).await;
    rig.cli(&["users", "delete", &tim]).await;
    let again = rig.cli_with(&args, "s3cr3t-of-tim").await.succeeded().word().to_owned();
    let deleted = rig.cli(&["users", "delete", &again, "--json"]).await.succeeded().json();
    assert_eq!(deleted, serde_json::json!({ "user_id": again, "deleted": true }));
    rig.cli(&["users", "delete", "tim"]).await;
    assert_eq!(rig.cli(&["users", "list", "--json"]).await.json().as_array().unwrap().len(), 2);
    rig.env("EDGEQUAKE_PASSWORD", "");
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.cli(&["users", "list"]).await;
    assert_transcript!(rig);
}
