//! The pipeline: idle, busy, cancelled, and what it costs.

use edgequake_devserver::Fault;

use crate::rig::{Rig, assert_transcript};

#[tokio::test]
async fn the_pipeline_idle_and_busy() {
    let mut rig = Rig::as_root().await;
    rig.cli(&["pipeline", "status"]).await.succeeded();
    rig.cli(&["pipeline", "activity"]).await.succeeded();
    rig.cli(&["pipeline", "queue"]).await.succeeded();
    rig.cli(&["pipeline", "cancel"]).await.succeeded();
    assert_transcript!(rig);

    rig.server.faults().add(Fault::hang_processing("extracting").times(1)).unwrap();
    std::fs::write(rig.home.path().join("a.md"), "The text.\n").unwrap();
    let id = rig.cli(&["documents", "upload", "a.md"]).await.succeeded().ids()[0].clone();
    while rig.cli(&["pipeline", "activity", "--json"]).await.succeeded().json()["working"][0].is_null() {}
    let activity = rig.cli(&["pipeline", "activity"]).await.succeeded();
    assert_eq!(activity.ids(), [id.as_str()], "{}", activity.stdout);
    assert!(activity.stdout.contains("working  ") && activity.stdout.contains("a.md"), "{}", activity.stdout);
    assert!(rig.cli(&["pipeline", "status"]).await.succeeded().stdout.contains("busy"));
    assert_eq!(rig.cli(&["pipeline", "status", "--json"]).await.succeeded().json()["is_busy"], true);
    assert_eq!(rig.cli(&["pipeline", "queue", "--json"]).await.succeeded().json()["processing_count"], 1);
    assert_ne!(rig.cli(&["pipeline", "cancel", "--json"]).await.succeeded().json()["status"], "not_busy");
    assert_eq!(rig.cli(&["documents", "wait", &id]).await.code, 1);
}

#[tokio::test]
async fn costs_are_listed_and_estimated() {
    let mut rig = Rig::as_root().await;
    let prices = rig.cli(&["pipeline", "costs"]).await.succeeded();
    let listed = rig.cli(&["pipeline", "costs", "--json"]).await.succeeded().json();
    let models = listed["models"].as_array().unwrap();
    assert_eq!(prices.ids().len(), models.len());
    let model = models[0]["model"].as_str().unwrap();
    let args = ["pipeline", "costs", model, "--input", "100000", "--output", "20000"];
    assert!(rig.cli(&args).await.succeeded().stdout.contains("US dollars"));
    let estimate = rig.cli(&[&args[..], &["--json"]].concat()).await.succeeded().json();
    assert_eq!((&estimate["input_tokens"], &estimate["output_tokens"]), (&100_000.into(), &20_000.into()));
    for wrong in [&["pipeline", "costs", "m"][..], &["pipeline", "costs", "--input", "1"]] {
        assert_eq!(rig.cli(wrong).await.code, 2, "{wrong:?}");
    }
}
