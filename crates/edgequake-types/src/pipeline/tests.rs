use serde_json::json;

use crate::Decode;
use crate::pipeline::*;
use crate::testing::read;

#[test]
fn messages_are_objects_or_texts() {
    let status: PipelineStatus =
        read(&json!({"is_busy": true, "history_messages": ["a", {"message": "b", "level": "warn"}]}));
    let told: Vec<&str> = status.history_messages.iter().map(|message| message.message.as_str()).collect();
    assert_eq!(told, ["a", "b"]);
    assert_eq!(status.history_messages[1].level.as_deref(), Some("warn"));
    assert!(read::<PipelineStatus>(&json!({"is_busy": false})).history_messages.is_empty());
    assert!(PipelineStatus::from_body(r#"{"is_busy":true,"history_messages":[5]}"#).is_err());
}

/// A server of another time says less; that is none, not 0.
#[test]
fn metrics_that_are_not_there_are_none() {
    let metrics: QueueMetrics = read(&json!({"pending_count": 3}));
    assert_eq!((metrics.pending_count, metrics.processing_count, metrics.pressure), (Some(3), None, None));
    assert!(QueueMetrics::from_body(r#"{"queue_depth":3}"#).is_err());
}
