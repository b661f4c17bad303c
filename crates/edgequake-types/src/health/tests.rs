use serde_json::json;

use crate::health::*;
use crate::testing::{assert_round_trip, assert_served, on_the_wire, read, written};
use crate::{Decode, Endpoint, Retry};

#[test]
fn requests() {
    insta::assert_snapshot!(on_the_wire(&GetHealth::new()), @"
    GET /health
    accept: application/json
    ");
    insta::assert_snapshot!(on_the_wire(&GetReady::new()), @"
    GET /ready
    accept: */*
    ");
    insta::assert_snapshot!(on_the_wire(&GetLive::new()), @"
    GET /live
    accept: text/plain
    ");
    assert_served(&GetHealth::new());
    assert_served(&GetReady::new());
    assert_served(&GetLive::new());
    // 503 is an answer here.
    assert_eq!(GetReady::RETRY, Retry::Never);
}

#[test]
fn every_release_says_something_else() {
    let old = json!({
        "status": "healthy", "version": "0.2.1", "storage_mode": "postgres", "workspace_id": "default",
        "components": {"kv_storage": true, "vector_storage": true, "graph_storage": true, "llm_provider": false},
        "schema": {"latest_version": 24, "migrations_applied": 24}
    });
    let new = json!({
        "status": "degraded", "version": "0.33.0", "storage_mode": "postgresql",
        "workspace_id": "00000000-0000-0000-0000-000000000003",
        "components": {"kv_storage": true, "queue": {"pending": 3}}, "llm_provider_name": "ollama",
        "schema": {"latest_version": 20_240_115_001_u64, "last_applied_at": "2026-01-01T00:00:00Z", "source_ids_indexes": {"ready": true}},
        "operational": {"task_queue": {"pressure": "critical"}}, "capabilities": {"auth_enabled": true}
    });
    for body in [&old, &new] {
        assert_round_trip::<Health>(body);
    }
    assert_eq!(read::<Health>(&new).extra["schema"]["latest_version"], 20_240_115_001_u64);
    let bare: Health =
        read(&json!({"status": "on_fire", "version": null, "components": null, "workspace_id": null}));
    assert_eq!((bare.status.as_str(), bare.version.as_str()), ("on_fire", ""));
    assert!(Health::decode("{}".into()).is_err());
    assert_eq!(read::<Health>(&written(&Health::new("1"))), Health::new("1"));
}

#[test]
fn probes_without_json() {
    assert_eq!(String::decode("OK".into()).unwrap(), "OK");
    assert!(String::decode(vec![0xFF].into()).is_err());
    <()>::decode("".into()).unwrap();
    <()>::decode("ready".into()).unwrap();
}
