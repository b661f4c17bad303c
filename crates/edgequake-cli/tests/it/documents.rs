//! Files to documents, and documents to lists.

use edgequake_devserver::SeedDocument;

use crate::rig::{Rig, assert_transcript};

#[tokio::test]
async fn documents_from_upload_to_deletion() {
    let mut rig = Rig::as_root().await;
    let home = rig.home.path().to_owned();
    std::fs::write(home.join("bridge.md"), "# Bridge\n\nThe harbour bridge opened in 1931.\n").unwrap();
    std::fs::write(home.join("cat.txt"), "A cat has nine lives.\n").unwrap();
    rig.cli(&["documents", "list"]).await;
    rig.cli(&["documents", "upload", "bridge.md", "--title", "The bridge", "--wait"]).await;
    // The server titles a file by its name, but a title from elsewhere may have control characters. It replaces the file.
    let text = std::fs::read_to_string(home.join("bridge.md")).unwrap();
    rig.server.seed(SeedDocument::new("The \u{1b}[31mbridge", text)).await.unwrap();
    rig.cli(&["documents", "upload", "none.txt", "cat.txt", "--wait"]).await;
    rig.cli(&["documents", "upload", "cat.txt", "bridge.md", "--title", "Both"]).await;
    rig.cli(&["documents", "list"]).await;
    rig.cli(&["documents", "list", "--status", "failed"]).await;
    let listed = rig.cli(&["documents", "list", "--json"]).await.json();
    let cat = listed.as_array().unwrap().iter().find(|document| document["title"] == "cat.txt").unwrap();
    let id = cat["id"].as_str().unwrap().to_owned();
    rig.cli(&["documents", "get", &id]).await;
    rig.cli(&["documents", "get", &id, "--content"]).await;
    rig.cli(&["documents", "wait", &id]).await;
    rig.cli(&["tasks", "list"]).await;
    rig.cli(&["documents", "delete", &id]).await;
    rig.cli(&["documents", "get", "no-such-document"]).await;
    assert_transcript!(rig);
}

#[tokio::test]
async fn everything_is_json_if_asked() {
    let mut rig = Rig::as_root().await;
    std::fs::write(rig.home.path().join("cat.txt"), "A cat has nine lives.\n").unwrap();
    for empty in [["documents", "list", "--json"], ["tasks", "list", "--json"]] {
        assert_eq!(rig.cli(&empty).await.succeeded().json(), serde_json::json!([]));
    }
    let uploaded = rig.cli(&["documents", "upload", "cat.txt", "--json"]).await.succeeded().json_lines();
    let id = uploaded[0]["document_id"].as_str().unwrap().to_owned();
    let waited = rig.cli(&["documents", "wait", &id, "--json"]).await.succeeded().json();
    assert_eq!((waited["id"].as_str(), waited["status"].as_str()), (Some(&*id), Some("completed")));
    let got = rig.cli(&["documents", "get", &id, "--json"]).await.succeeded().json();
    assert_eq!(got["content"], "A cat has nine lives.\n");
    let tasks = rig.cli(&["tasks", "list", "--json"]).await.succeeded().json();
    let task = tasks[0]["track_id"].as_str().unwrap();
    assert_eq!(rig.cli(&["tasks", "get", task, "--json"]).await.succeeded().json()["track_id"], task);
    assert_eq!(rig.cli(&["tasks", "get", task]).await.succeeded().stdout.lines().count(), 6);
    rig.cli(&["documents", "delete", &id, "--json"]).await.succeeded().json();
}

#[tokio::test]
async fn a_list_is_shown_by_page_or_whole() {
    let mut rig = Rig::as_root().await;
    for number in 0..25 {
        let body = format!(r#"{{"content":"text {number}","title":"t{number}"}}"#);
        rig.cli(&["raw", "POST", "/api/v1/documents", "--data", &body]).await.succeeded();
    }
    let page = rig.cli(&["documents", "list"]).await.succeeded();
    assert_eq!(page.stdout.lines().count(), 21);
    assert!(page.stderr.contains("--all"), "{}", page.stderr);
    let all = rig.cli(&["documents", "list", "--all"]).await.succeeded();
    assert_eq!((all.stdout.lines().count(), &*all.stderr), (26, ""));
    let all = rig.cli(&["documents", "list", "--all", "--json"]).await.succeeded();
    assert_eq!(all.json().as_array().unwrap().len(), 25);
}
