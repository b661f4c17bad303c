use serde_json::json;

use crate::health::*;
use crate::testing::{assert_round_trip, read, written};
use crate::{Decode, Endpoint, Retry};

/// 503 is an answer here.
#[test]
fn not_ready_is_not_repeated() {
    assert_eq!(GetReady::RETRY, Retry::Never);
}

#[test]
fn what_is_not_known_is_kept() {
    let newer: Health = assert_round_trip(&json!({
        "status": "degraded", "version": "0.99.0", "storage_mode": "s3", "workspace_id": "default",
        "components": {"queue": {"pending": 3}}, "schema": {"latest_version": 20_240_115_001_u64}, "moods": null
    }));
    assert_eq!(newer.components["queue"]["pending"], 3);
    assert_eq!(newer.extra["schema"]["latest_version"], 20_240_115_001_u64);
    assert!(newer.extra["moods"].is_null());
}

#[test]
fn the_status_is_enough() {
    let bare: Health =
        read(&json!({"status": "on_fire", "version": null, "components": null, "workspace_id": null}));
    assert_eq!((bare.status.as_str(), bare.version.as_str()), ("on_fire", ""));
    assert!(bare.components.is_empty() && bare.extra.is_empty());
    assert!(Health::from_body("{}").is_err());
    assert_eq!(read::<Health>(&written(&Health::new("1"))), Health::new("1"));
}

#[test]
fn probes_without_json() {
    assert!(String::from_body(vec![0xFF]).is_err());
    for body in ["", "ready", "[]", r#"{"blockers":7}"#, "{}"] {
        assert_eq!(Readiness::from_body(body).unwrap(), Readiness::new(), "{body}");
    }
}

#[test]
fn a_server_that_is_not_ready_says_why() {
    let blocked: Readiness = assert_round_trip(&json!({
        "ready": false, "blockers": ["migration", {"graph": "g-1"}], "operator_action": "migrate"
    }));
    assert_eq!((blocked.ready, blocked.blockers.len()), (false, 2));
    assert_eq!(blocked.operator_action.as_deref(), Some("migrate"));
    assert!(Readiness::new().ready);
}
