//! Documents that failed, hang or are not wanted any more.

use edgequake_devserver::{Era, Fault, SeedDocument};

use crate::rig::{ROOT_PASSWORD, Rig, assert_transcript, server};

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
    let told = format!("document {first} is not processed again (completed)");
    assert!(mixed.stderr.contains(&told) && mixed.stderr.contains("; --force takes "), "{}", mixed.stderr);
    assert!(mixed.stderr.contains("none") && mixed.stderr.contains("404"), "{}", mixed.stderr);
    rig.cli(&["documents", "wait", &second]).await.succeeded();
    let forced = rig.cli(&["documents", "reprocess", &first, "--force", "--json"]).await.succeeded();
    assert_eq!(forced.json_lines()[0]["requeued"], 1);
    rig.cli(&["documents", "wait", &first]).await.succeeded();
}

#[tokio::test]
async fn what_cannot_be_processed_again_is_told_by_what_it_is() {
    for era in [Era::B, Era::C] {
        let mut rig = Rig::with(server().era(era)).await;
        rig.quiet_login("root", ROOT_PASSWORD).await;
        let done =
            rig.server.seed(SeedDocument::new("Done", "The bridge opened.")).await.unwrap().to_string();
        for args in [&["none"][..], &["none", "--force"], &["none", "lost", "--force", "--json"]] {
            let unknown = rig.cli(&[&["documents", "reprocess"], args].concat()).await;
            assert_eq!(unknown.code, 5, "{era:?}: {}", unknown.stderr);
            assert!(unknown.stderr.contains("none") && unknown.stderr.contains("404"), "{}", unknown.stderr);
            assert!(!unknown.stderr.contains("--force"), "{}", unknown.stderr);
        }
        let refused = rig.cli(&["documents", "reprocess", &done]).await;
        let told = format!("document {done} is not processed again (completed); --force takes ");
        assert!(refused.stderr.contains(&told), "{era:?}: {}", refused.stderr);
        assert_eq!((refused.code, refused.stderr.contains("--force takes")), (1, true), "{era:?}");
    }
    // One that no force moves.
    let mut rig = Rig::as_root().await;
    let answer = r#"{"track_id":"r","failed_found":0,"requeued":0,"document_ids":[],"skip_reasons":{"being deleted":1}}"#;
    rig.server.faults().add(Fault::status(200).body(answer).on("ReprocessDocuments")).unwrap();
    let deleting = r#"{"id":"d-1","status":"deleting","chunk_count":0}"#;
    rig.server.faults().add(Fault::status(200).body(deleting).on("GetDocument")).unwrap();
    let refused = rig.cli(&["documents", "reprocess", "d-1", "--force"]).await;
    assert_eq!(refused.code, 1);
    assert_eq!(refused.stderr, "error: document d-1 is not processed again (deleting, being deleted)\n");
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
    // What is not taken is told by what it is.
    let left = rig.cli(&["documents", "recover-stuck", &uploaded[0]]).await.succeeded();
    let told = format!("document {} is left as it is (processing)\n", uploaded[0]);
    assert_eq!((left.ids().len(), left.stderr), (0, told));
    let recovered = rig.cli(&["documents", "recover-stuck", "--minutes", "0", &uploaded[0], "none"]).await;
    assert_eq!((recovered.code, recovered.ids()), (5, vec![uploaded[0].clone()]), "{}", recovered.stderr);
    assert!(recovered.stderr.contains("none"), "{}", recovered.stderr);
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
