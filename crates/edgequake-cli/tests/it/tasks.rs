//! Tasks: listed, waited for, cancelled and started again.

use std::time::Duration;

use edgequake_devserver::Fault;

use crate::rig::{ROOT_PASSWORD, Rig, server};

/// Uploads a file. Gives the task.
async fn upload(rig: &mut Rig, name: &str) -> String {
    std::fs::write(rig.home.path().join(name), format!("The text of {name}.\n")).unwrap();
    let uploaded = rig.cli(&["documents", "upload", name, "--json"]).await.succeeded();
    uploaded.json_lines()[0]["task_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn tasks_are_listed_and_waited_for() {
    let mut rig = Rig::as_root().await;
    rig.server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    let bad = upload(&mut rig, "a.md").await;
    assert_eq!(rig.cli(&["tasks", "wait", &bad]).await.code, 1);
    let good = upload(&mut rig, "b.md").await;
    rig.cli(&["tasks", "wait", &good]).await.succeeded();
    let both = rig.cli(&["tasks", "wait", &good, &bad]).await;
    assert_eq!((both.code, both.ids().len()), (1, 2), "{}", both.stderr);
    assert!(both.stdout.contains("failed") && both.stdout.contains("indexed"), "{}", both.stdout);
    let json = rig.cli(&["tasks", "wait", &good, "none", "--json"]).await;
    assert_eq!((json.code, json.json_lines().len()), (5, 2), "{}", json.stderr);
    for (filter, count) in [
        (&["--status", "failed"][..], 1),
        (&["--status", "indexed", "--type", "insert"], 1),
        (&["--type", "insert"], 2),
        (&["--type", "deletion"], 0),
        (&["--status", "Completed", "--type", "INSERT"], 1),
    ] {
        let listed = rig.cli(&[&["tasks", "list"], filter].concat()).await.succeeded();
        assert_eq!(listed.ids().len(), count, "{filter:?}: {}", listed.stdout);
    }
    // Once more, and this time it succeeds.
    let retried = rig.cli(&["tasks", "retry", &bad, &good]).await;
    assert_eq!(retried.code, 1, "{}", retried.stderr);
    assert!(retried.stderr.contains(&format!("task {bad} is started again")), "{}", retried.stderr);
    rig.cli(&["tasks", "wait", &bad]).await.succeeded();
}

#[tokio::test]
async fn a_limit_may_be_as_long_as_there_are_seconds() {
    let mut rig = Rig::as_root().await;
    let task = upload(&mut rig, "a.md").await;
    rig.cli(&["tasks", "wait", &task, "--timeout", "1.8e19"]).await.succeeded();
    let id = rig.cli(&["documents", "list"]).await.ids().remove(0);
    for ids in [&[&*id][..], &[&*id, &*id]] {
        let args = [&["documents", "wait", "--json", "--timeout", "1.8e19"], ids].concat();
        rig.cli(&args).await.succeeded();
    }
}

#[tokio::test]
async fn a_wait_has_a_limit_and_bridges_what_passes() {
    let mut rig = Rig::with(server().processing_delay(Duration::from_secs(3_600))).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    let (first, second) = (upload(&mut rig, "a.md").await, upload(&mut rig, "b.md").await);
    rig.server.faults().add(Fault::status(503).on("GetTask").times(1)).unwrap();
    let late = rig.cli(&["tasks", "wait", &first, &second, "--timeout", "1"]).await;
    assert_eq!(
        (late.code, late.stderr.matches("has not ended after 1 s").count()),
        (7, 2),
        "{}",
        late.stderr
    );
    rig.cli(&["tasks", "cancel", &first, &second]).await.succeeded();
    let cancelled = rig.cli(&["tasks", "wait", &first]).await;
    assert_eq!(cancelled.code, 1, "{}", cancelled.stderr);
    let json = rig.cli(&["tasks", "cancel", &first, "--json"]).await.succeeded().json();
    assert_eq!(json["status"], "cancelled");
}
