//! The help, which is the manual.

use crate::rig::{Rig, assert_transcript};

#[tokio::test]
async fn every_command_explains_itself() {
    let mut rig = Rig::new().await;
    for command in [
        "",
        "login",
        "logout",
        "api-keys",
        "api-keys create",
        "api-keys list",
        "api-keys rotate",
        "documents",
        "documents upload",
        "documents list",
        "documents search",
        "documents get",
        "documents wait",
        "documents reprocess",
        "documents recover-stuck",
        "documents cancel",
        "documents impact",
        "documents delete",
        "documents delete-all",
        "query",
        "tasks",
        "tasks list",
        "tasks wait",
        "pipeline",
        "pipeline costs",
        "workspaces",
        "tenants",
        "users",
        "users create",
        "raw",
        "completions",
    ] {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.push(if command.is_empty() { "--help" } else { "-h" });
        rig.cli(&args).await.succeeded();
    }
    let version = rig.command(&["--version"]).output().await.unwrap();
    assert_eq!(
        String::from_utf8(version.stdout).unwrap(),
        concat!("edgequake-cli ", env!("CARGO_PKG_VERSION"), "\n")
    );
    assert_transcript!(rig);
}
