//! `query` and `raw`.

use edgequake_devserver::Fault;

use crate::rig::{Rig, Run, assert_transcript};

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

    // The file and the lines, where the server says them.
    assert!(sources.stdout.contains("bridge.md:1 "), "{}", sources.stdout);
    let asked = rig.cli_with(&["query", "-"], &format!("{question}\n")).await.succeeded();
    assert_eq!(asked.stdout, whole.stdout);
    assert_eq!(rig.cli_with(&["query", "-"], " \n").await.code, 2);

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
    rig.cli(&["raw", "get", "/live"]).await;
    rig.cli(&["raw", "GET", "no-slash"]).await;
    rig.cli(&["raw", "GET", "/a b"]).await;
    rig.cli(&["raw", "GET", "/a/../b"]).await;
    rig.cli(&["raw", "G ET", "/live"]).await;
    rig.cli(&["raw", "GET", "/x", "--data", "@none"]).await;
    assert_transcript!(rig);
}

/// What a streamed answer of these events shows.
async fn streamed(events: &[&str]) -> Run {
    let mut rig = Rig::as_root().await;
    let text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    let answer = Fault::status(200).header("content-type", "text/event-stream").body(text);
    rig.server.faults().add(answer.on("StreamQuery")).unwrap();
    rig.cli(&["query", "Why?", "--stream"]).await
}

#[tokio::test]
async fn a_stream_that_fails_keeps_what_came_and_says_why() {
    let half = r#"{"type":"token","content":"Half "}"#;
    let failed = streamed(&[half, r#"{"type":"error","message":"M","code":"STREAM_ERROR"}"#]).await;
    assert_eq!((failed.code, failed.stdout.as_str()), (1, "Half \n"));
    assert!(failed.stderr.contains("M [STREAM_ERROR]"), "{}", failed.stderr);

    let cut = streamed(&[half]).await;
    assert_eq!((cut.code, cut.stdout.as_str()), (1, "Half \n"));
    assert!(cut.stderr.contains("ended before its last event"), "{}", cut.stderr);
}

#[tokio::test]
async fn a_corrected_answer_is_shown_below_the_first_one() {
    let events = [r#"{"type":"token","content":"In 1913."}"#, r#"{"type":"done","answer":"In 1931."}"#];
    let corrected = streamed(&events).await;
    assert_eq!((corrected.code, corrected.stdout.as_str()), (0, "In 1913.\nIn 1931.\n"));
    assert_eq!(corrected.stderr, "the server has corrected the answer above:\n");
}
