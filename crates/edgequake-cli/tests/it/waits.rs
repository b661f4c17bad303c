//! Waiting for documents: one, several, for a while only, and how to go on.

use std::time::Duration;

use edgequake_devserver::{Fault, SeedDocument};

use crate::rig::{ROOT_PASSWORD, Rig, server};

#[tokio::test]
async fn several_documents_are_waited_for_together() {
    let mut rig = Rig::with(server().processing_delay(Duration::from_millis(300))).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    for number in 0..4 {
        std::fs::write(rig.home.path().join(format!("{number}.md")), format!("Text {number}.\n")).unwrap();
    }
    rig.server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    let bad = rig.cli(&["documents", "upload", "0.md", "--wait"]).await.ids()[0].clone();
    let good = rig.cli(&["documents", "upload", "1.md", "2.md", "3.md"]).await.succeeded().ids();
    let good: Vec<&str> = good.iter().map(String::as_str).collect();
    let all = rig.cli(&[&["documents", "wait"], &good[..]].concat()).await.succeeded();
    assert_eq!(all.ids().len(), 3, "{}", all.stdout);
    let mixed = rig.cli(&["documents", "wait", good[0], &bad, good[0]]).await;
    assert_eq!((mixed.code, mixed.ids()), (1, vec![good[0].to_owned()]), "{}", mixed.stderr);
    assert!(mixed.stderr.contains(&bad), "{}", mixed.stderr);
    let json = rig.cli(&["documents", "wait", good[0], &bad, "--json"]).await;
    let mut lines = json.json_lines();
    lines.sort_by_key(|line| line["error"].is_string());
    assert_eq!((lines.len(), json.code), (2, 1), "{}", json.stdout);
    assert_eq!(
        (lines[0]["status"].as_str(), lines[1]["document_id"].as_str()),
        (Some("completed"), Some(&*bad))
    );
    let unknown = rig.cli(&["documents", "wait", good[0], "none"]).await;
    assert_eq!((unknown.code, unknown.ids().len()), (5, 1), "{}", unknown.stderr);
}

#[tokio::test]
async fn waiting_has_a_limit_and_says_how_to_go_on() {
    let mut rig = Rig::with(server().processing_delay(Duration::from_secs(3_600))).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    let done =
        rig.server.seed(SeedDocument::new("Done", "The bridge opened in 1931.")).await.unwrap().to_string();
    for name in ["a.md", "b.md"] {
        std::fs::write(rig.home.path().join(name), format!("The text of {name}.\n")).unwrap();
    }
    // The ids are known although the wait has failed.
    let late = rig.cli(&["documents", "upload", "a.md", "b.md", "--wait", "--timeout", "1"]).await;
    let ids = late.ids();
    assert_eq!((late.code, ids.len()), (7, 2), "{}", late.stderr);
    for name in ["a.md", "b.md"] {
        assert!(
            late.stderr.contains(&format!("{name}: the operation took too long; the document is still")),
            "{}",
            late.stderr
        );
    }
    assert_eq!(late.stderr.matches("hint: --timeout SECONDS").count(), 1, "{}", late.stderr);
    for id in &ids {
        assert!(late.stderr.contains("documents wait") && late.stderr.contains(id), "{}", late.stderr);
    }
    let one = rig.cli(&["documents", "wait", &ids[0], "--timeout", "1"]).await;
    assert_eq!(one.code, 7, "{}", one.stderr);
    assert!(one.stderr.contains("still being processed") && one.stderr.contains(&ids[0]), "{}", one.stderr);
    let some = rig.cli(&["documents", "wait", &ids[0], &done, "--timeout", "1"]).await;
    assert_eq!((some.code, some.ids()), (7, vec![done]), "{}", some.stderr);
    let json = rig.cli(&["documents", "upload", "a.md", "--wait", "--timeout", "1", "--json"]).await;
    let lines = json.json_lines();
    assert_eq!(json.code, 7, "{}", json.stderr);
    // The document that is on its way already: files are uploaded in no order.
    assert!(ids.iter().any(|id| lines[0]["document_id"] == **id), "{}", json.stdout);
    assert!(json.stderr.contains("documents wait"), "{}", json.stderr);
    assert_eq!((&lines[1]["event"], &lines[1]["exit_code"]), (&"processing_failed".into(), &7.into()));
}

#[tokio::test]
async fn a_wait_for_a_server_that_is_away_says_so() {
    let mut rig = Rig::as_root().await;
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-k");
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    rig.env("EDGEQUAKE_BASE_URL", &url);
    for (what, ids) in
        [("documents", &["aaa"][..]), ("documents", &["aaa", "bbb"]), ("tasks", &["aaa", "bbb"])]
    {
        for json in [&[][..], &["--json"]] {
            let args = [&[what, "wait", "--timeout", "0.5"], ids, json].concat();
            let run = rig.cli(&args).await;
            assert_eq!(run.code, 7, "{args:?}: {}", run.stderr);
            for id in ids {
                let line = run.stderr.lines().find(|line| line.contains(id)).unwrap_or_default();
                let why = "the last status request failed: /api/v1/";
                let told =
                    line.contains(why) && line.contains(&format!("no connection could be made to {url}"));
                assert!(told, "{args:?}: {}", run.stderr);
            }
            // It helps against all of them.
            assert_eq!(run.stderr.matches("hint: is the server running there?").count(), 1, "{}", run.stderr);
            assert!(!run.stderr.contains("still being processed"), "{}", run.stderr);
            assert_eq!(run.json_lines().len(), if json.is_empty() { 0 } else { ids.len() });
        }
    }
}
