use serde_json::json;

use crate::ingestion::*;
use crate::testing::read;

#[test]
fn stages() {
    for (word, terminal, success) in [
        ("uploading", false, false),
        ("queued", false, false),
        ("projecting", false, false),
        ("completed", true, true),
        ("failed", true, false),
        ("cancelled", true, false),
        ("delete_failed", true, false),
        ("polishing", false, false),
        ("", false, false),
    ] {
        let progress: IngestionProgress = read(&json!({"track_id": "t", "stage": word}));
        assert_eq!((progress.is_finished(), progress.is_success()), (terminal, success), "{word}");
    }
}

#[test]
fn how_much_is_done_in_each_form() {
    for (said, fraction) in [
        (json!({"progress_01": 0.5, "run_progress": 0.25}), Some(0.5)),
        (json!({"run_progress": 0.25}), Some(0.25)),
        (json!({"progress": {"completion_percentage": 12.5}}), Some(0.125)),
        (json!({"progress_01": 7}), Some(1.0)),
        (json!({"progress_01": "much", "progress": {}}), None),
        (json!({}), None),
    ] {
        let mut progress = json!({"track_id": "t", "stage": "chunking"});
        progress.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        assert_eq!(read::<IngestionProgress>(&progress).fraction(), fraction, "{said}");
    }
}
