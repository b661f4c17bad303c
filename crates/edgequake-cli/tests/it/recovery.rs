//! Documents that failed, hang or are not wanted any more.

use edgequake_devserver::Fault;

use crate::rig::{Rig, assert_transcript};

/// Uploads a file that fails at a stage.
async fn failed(rig: &mut Rig, name: &str) -> String {
    rig.server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    std::fs::write(rig.home.path().join(name), format!("The text of {name}.\n")).unwrap();
    let uploaded = rig.cli(&["documents", "upload", name, "--wait"]).await;
    assert_eq!(uploaded.code, 1, "{}", uploaded.stderr);
    uploaded.ids()[0].clone()
}

#[tokio::test]
async fn documents_that_failed_are_processed_again() {
    let mut rig = Rig::as_root().await;
    let (first, second) = (failed(&mut rig, "a.md").await, failed(&mut rig, "b.md").await);
    let again = rig.cli(&["documents", "reprocess", &first]).await.succeeded();
    assert_eq!(again.ids(), [first.as_str()]);
    rig.cli(&["documents", "wait", &first]).await.succeeded();
    // What has not failed is told, and does not stop the others.
    let mixed = rig.cli(&["documents", "reprocess", &first, &second, "none"]).await;
    assert_eq!((mixed.code, mixed.ids()), (1, vec![second.clone()]), "{}", mixed.stderr);
    assert_eq!(mixed.stderr.matches("is not processed again").count(), 2, "{}", mixed.stderr);
    rig.cli(&["documents", "wait", &second]).await.succeeded();
    let forced = rig.cli(&["documents", "reprocess", &first, "--force", "--json"]).await.succeeded();
    assert_eq!(forced.json_lines()[0]["requeued"], 1);
    rig.cli(&["documents", "wait", &first]).await.succeeded();
}

#[tokio::test]
async fn all_documents_that_failed_are_processed_again() {
    let mut rig = Rig::as_root().await;
    rig.cli(&["documents", "reprocess", "--failed"]).await.succeeded();
    for name in ["a.md", "b.md", "c.md"] {
        failed(&mut rig, name).await;
    }
    let some = rig.cli(&["documents", "reprocess", "--failed", "--limit", "2"]).await.succeeded();
    assert_eq!(some.ids().len(), 2);
    assert!(
        some.stderr.contains("processing 2 of 3 documents again") && some.stderr.contains("--limit"),
        "{}",
        some.stderr
    );
    let json = rig.cli(&["documents", "reprocess", "--failed", "--json"]).await.succeeded().json();
    assert_eq!(json["requeued"], 1);
    for args in [
        &["documents", "reprocess"][..],
        &["documents", "reprocess", "d-1", "--failed"],
        &["documents", "reprocess", "--failed", "--force"],
        &["documents", "reprocess", "d-1", "--limit", "2"],
        &["documents", "reprocess", "d-1", "--mode", "half"],
    ] {
        assert_eq!(rig.cli(args).await.code, 2, "{args:?}");
    }
    assert_transcript!(rig);
}

#[tokio::test]
async fn documents_are_cancelled_and_recovered() {
    let mut rig = Rig::as_root().await;
    rig.server.faults().add(Fault::hang_processing("extracting").times(2)).unwrap();
    for name in ["a.md", "b.md"] {
        std::fs::write(rig.home.path().join(name), format!("The text of {name}.\n")).unwrap();
    }
    let uploaded = rig.cli(&["documents", "upload", "a.md", "b.md"]).await.succeeded().ids();
    while rig.cli(&["documents", "list", "--status", "processing"]).await.ids().len() < 2 {}
    let none = rig.cli(&["documents", "recover-stuck"]).await.succeeded();
    assert_eq!(
        (none.ids().len(), none.stderr.contains("no document is stuck")),
        (0, true),
        "{}",
        none.stderr
    );
    let recovered =
        rig.cli(&["documents", "recover-stuck", "--minutes", "0", &uploaded[0]]).await.succeeded();
    assert_eq!(recovered.ids(), [uploaded[0].clone()]);
    rig.cli(&["documents", "wait", &uploaded[0]]).await.succeeded();
    let cancelled = rig.cli(&["documents", "cancel", &uploaded[1], "none"]).await;
    assert_eq!(cancelled.code, 5, "{}", cancelled.stderr);
    assert!(
        cancelled.stderr.contains(&format!("document {} is cancelled", uploaded[1])),
        "{}",
        cancelled.stderr
    );
    let waited = rig.cli(&["documents", "wait", &uploaded[1]]).await;
    assert_eq!(waited.code, 1, "{}", waited.stderr);
    assert!(waited.stderr.contains("cancelled"), "{}", waited.stderr);
}
