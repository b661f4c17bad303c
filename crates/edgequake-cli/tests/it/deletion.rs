//! Deleting documents: some, each told, or all, which has to be confirmed.

use std::time::Duration;

use edgequake_devserver::{Era, SeedDocument};

use crate::rig::{ROOT_PASSWORD, Rig, assert_transcript, server};

async fn seeded(rig: &Rig, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let seed = SeedDocument::new(format!("t{number}"), format!("The bridge {number} opened."));
        ids.push(rig.server.seed(seed).await.unwrap().to_string());
    }
    ids
}

#[tokio::test]
async fn each_document_is_told() {
    for era in [Era::B, Era::C] {
        let mut rig = Rig::with(server().era(era)).await;
        rig.quiet_login("root", ROOT_PASSWORD).await;
        let ids = seeded(&rig, 3).await;
        let impact = rig.cli(&["documents", "impact", &ids[0]]).await.succeeded();
        assert!(impact.stdout.contains("chunks to delete"), "{}", impact.stdout);
        assert_eq!(rig.cli(&["documents", "impact", &ids[0], "--json"]).await.json()["chunks_to_delete"], 1);
        assert_eq!(rig.cli(&["documents", "impact", "none"]).await.code, 5);
        let deleted = rig.cli(&["documents", "delete", &ids[0], "none", &ids[1]]).await;
        // In the order in which they were given, whatever fails between them.
        let told: Vec<&str> = deleted.stderr.lines().filter(|line| !line.starts_with("hint")).collect();
        assert_eq!((told.len(), deleted.code), (3, 5), "{}", deleted.stderr);
        assert!(told[0].contains(&ids[0]) && told[2].contains(&ids[1]), "{}", deleted.stderr);
        assert!(told[1].starts_with("error: ") && told[1].contains("none"), "{}", deleted.stderr);
        assert_eq!(told[0].contains("is deleted"), era == Era::B, "{}", deleted.stderr);
        let json = rig.cli(&["documents", "delete", "none", &ids[2], "--json"]).await;
        let lines = json.json_lines();
        assert_eq!((lines.len(), json.code), (2, 5), "{}", json.stdout);
        assert_eq!((&lines[0]["document_id"], &lines[0]["exit_code"]), (&"none".into(), &5.into()));
        assert_eq!(lines[1]["document_id"], ids[2]);
    }
}

#[tokio::test]
async fn what_is_named_twice_is_done_once() {
    let mut rig = Rig::as_root().await;
    for command in [
        &["documents", "delete"][..],
        &["documents", "wait"],
        &["documents", "cancel"],
        &["documents", "reprocess"],
        &["tasks", "wait"],
        &["tasks", "cancel"],
        &["tasks", "retry"],
    ] {
        for json in [&[][..], &["--json"]] {
            let run = rig.cli(&[command, &["none", "lost", "none", "lost"], json].concat()).await;
            assert_eq!(
                (run.code, run.stderr.matches("error: ").count()),
                (5, 2),
                "{command:?}: {}",
                run.stderr
            );
            assert_eq!(run.json_lines().len(), json.len() * 2, "{}", run.stdout);
        }
    }
    let done = seeded(&rig, 1).await.remove(0);
    let deleted = rig.cli(&["documents", "delete", &done, &done]).await.succeeded();
    assert_eq!(deleted.stderr.lines().count(), 1, "{}", deleted.stderr);
    rig.server.recorder().start();
    let unknown = rig.cli(&["documents", "recover-stuck", "none", "none"]).await;
    assert_eq!((unknown.code, unknown.stderr.matches("error: ").count()), (5, 1), "{}", unknown.stderr);
    let asked = rig.server.recorder().requests();
    let body = asked.iter().find(|asked| asked.path.ends_with("/recover-stuck")).map(|asked| &asked.body);
    assert_eq!(serde_json::to_string(&body).unwrap().matches("none").count(), 1);
}

#[tokio::test]
async fn one_refused_credential_is_told_once() {
    let mut rig = Rig::new().await;
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    let refused = rig.cli(&["documents", "delete", "d-1", "d-2", "d-3"]).await;
    assert_eq!((refused.code, refused.stderr.matches("error: ").count()), (3, 1), "{}", refused.stderr);
}

#[tokio::test]
async fn all_documents_are_deleted_if_that_is_confirmed() {
    let mut rig = Rig::as_root().await;
    seeded(&rig, 3).await;
    // Nobody is there to be asked.
    rig.cli(&["documents", "delete-all"]).await;
    assert_eq!(rig.cli(&["documents", "list"]).await.ids().len(), 3);
    let all = rig.cli(&["documents", "delete-all", "--yes", "--json"]).await.succeeded().json();
    assert_eq!(all["deleted_count"], 3);
    let task = all["wipe_track_id"].as_str().unwrap().to_owned();
    rig.cli(&["tasks", "wait", &task]).await.succeeded();
    assert_eq!(rig.cli(&["documents", "list"]).await.ids().len(), 0);
    rig.cli(&["documents", "delete-all", "--yes"]).await.succeeded();
    assert_transcript!(rig);
}

#[tokio::test]
async fn documents_that_are_skipped_are_named() {
    let slow = server().era(Era::B).processing_delay(Duration::from_secs(3_600));
    let mut rig = Rig::with(slow).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    seeded(&rig, 2).await;
    std::fs::write(rig.home.path().join("busy.md"), "Being processed.\n").unwrap();
    let upload = rig.cli(&["documents", "upload", "busy.md"]).await.succeeded().ids()[0].clone();
    let skipped = rig.cli(&["documents", "delete-all", "--yes"]).await;
    assert_eq!(skipped.code, 1, "{}", skipped.stderr);
    assert!(skipped.stderr.contains("deleted 2 documents, with 2 chunks"), "{}", skipped.stderr);
    assert!(skipped.stderr.contains(&format!("document {upload} was skipped")), "{}", skipped.stderr);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_is_asked() {
    let mut rig = Rig::as_root().await;
    seeded(&rig, 2).await;
    for answer in ["no\n", "\n", "y\n"] {
        let (shown, code) = rig.cli_on_terminal(80, &["documents", "delete-all"], answer).await;
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains("Delete all documents of workspace default? Type yes: "), "{shown}");
        assert!(shown.contains("not deleted"), "{shown}");
    }
    assert_eq!(rig.cli(&["documents", "list"]).await.ids().len(), 2);
    let (shown, code) = rig.cli_on_terminal(80, &["documents", "delete-all"], "yes\n").await;
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("2 documents will be deleted"), "{shown}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_workspace_that_is_asked_about_is_the_one_that_is_emptied() {
    let mut rig = Rig::as_root().await;
    let other = rig.cli(&["workspaces", "create", "Other"]).await.succeeded().word().to_owned();
    seeded(&rig, 1).await;
    let text = r#"{"content":"The canal bridge opened."}"#;
    rig.cli(&["--workspace", &other, "raw", "POST", "/api/v1/documents", "--data", text]).await.succeeded();
    let file = format!("EDGEQUAKE_WORKSPACE_ID={other}\n");
    std::fs::write(rig.home.path().join("other.env"), file).unwrap();
    let args = &["documents", "delete-all", "--env-file", "other.env"];
    // The environment comes first.
    let (shown, _) = rig.cli_on_terminal(80, args, "no\n").await;
    assert!(shown.contains("Delete all documents of workspace default? "), "{shown}");
    rig.env("EDGEQUAKE_WORKSPACE_ID", "");
    let (shown, _) = rig.cli_on_terminal(80, &args[..2], "no\n").await;
    assert!(shown.contains("Delete all documents of the server's default workspace? "), "{shown}");
    let (shown, code) = rig.cli_on_terminal(100, args, "yes\n").await;
    assert!(shown.contains(&format!("Delete all documents of workspace {other}? ")), "{shown}");
    assert_eq!((code, shown.contains("1 document will be deleted")), (0, true), "{shown}");
    for (workspace, count) in [("default", 1), (&*other, 0)] {
        let count_of = |listed: crate::rig::Run| listed.json().as_array().map(Vec::len);
        let list = ["--workspace", workspace, "documents", "list", "--json"];
        let mut listed = count_of(rig.cli(&list).await);
        // Deleted by a task.
        while listed > Some(count) {
            listed = count_of(rig.cli(&list).await);
        }
        assert_eq!(listed, Some(count), "{workspace}");
    }
    // A slug is one of the tenant's.
    let (shown, _) = rig.cli_on_terminal(120, &["workspaces", "delete", "other"], "no\n").await;
    assert!(shown.contains("Delete workspace other of tenant default with all its documents? "), "{shown}");
}
