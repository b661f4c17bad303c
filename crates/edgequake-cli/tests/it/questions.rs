//! `query` and `raw`.

use crate::rig::{Rig, assert_transcript};

async fn with_documents() -> Rig {
    let mut rig = Rig::as_root().await;
    std::fs::write(rig.home.path().join("bridge.md"), "The harbour bridge opened in 1931.\n").unwrap();
    rig.cli(&["documents", "upload", "bridge.md", "--wait"]).await.succeeded();
    rig
}

#[tokio::test]
async fn an_answer_is_the_same_streamed_and_whole() {
    let mut rig = with_documents().await;
    let question = "When did the bridge open?";
    let whole = rig.cli(&["query", question]).await.succeeded();
    assert!(whole.stdout.contains("1931"), "{}", whole.stdout);
    let streamed = rig.cli(&["query", question, "--stream"]).await.succeeded();
    assert_eq!(streamed.stdout, whole.stdout);
    let sources = rig.cli(&["query", question, "--sources", "--mode", "mix"]).await.succeeded();
    assert!(
        sources.stdout.starts_with(&whole.stdout) && sources.stdout.contains("chunk"),
        "{}",
        sources.stdout
    );
    let streamed = rig.cli(&["query", question, "--stream", "--sources", "--mode", "mix"]).await.succeeded();
    assert_eq!(streamed.stdout, sources.stdout);

    let json = rig.cli(&["query", question, "--json"]).await.succeeded().json();
    assert_eq!(json["answer"], whole.word());
    let events = rig.cli(&["query", question, "--json", "--stream"]).await.succeeded().json();
    let kinds: Vec<_> =
        events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"context"), Some(&"done")));
    assert_eq!(rig.cli(&["query", question, "--mode", "magic"]).await.code, 2);
}

#[tokio::test]
async fn raw_sends_anything_and_prints_what_comes() {
    let mut rig = Rig::as_root().await;
    std::fs::write(rig.home.path().join("body.json"), r#"{"content":"from a file"}"#).unwrap();
    rig.cli(&["raw", "GET", "/live"]).await;
    let me = rig.cli(&["raw", "GET", "/api/v1/auth/me"]).await.succeeded().json();
    assert_eq!(me["user"]["username"], "root");
    for data in ["@body.json", "-", r#"{"content":"from an argument"}"#] {
        let args = ["raw", "POST", "/api/v1/documents", "--data", data];
        let answer = rig.cli_with(&args, r#"{"content":"from stdin"}"#).await.succeeded().json();
        assert!(answer["document_id"].is_string(), "{answer}");
    }
    rig.cli(&["raw", "GET", "/api/v1/documents/no-such-document"]).await;
    rig.cli(&["raw", "GET", "no-slash"]).await;
    rig.cli(&["raw", "GET", "/x", "--data", "@none"]).await;
    assert_transcript!(rig);
}
