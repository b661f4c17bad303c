use serde_json::json;

use crate::Decode;
use crate::query::*;
use crate::testing::{assert_round_trip, read, written};

#[test]
fn what_this_version_does_not_know_is_kept() {
    let answer: QueryAnswer = assert_round_trip(&json!({
        "answer": "x", "mode": "magic",
        "sources": [
            {"source_type": "relationship", "id": "A->B", "score": null, "snippet": null, "reference_id": "r-1"},
            {"source_type": "table", "id": "t", "score": 0.25, "snippet": null}
        ],
        "stats": {"tokens_used": 18_446_744_073_709_551_615_u64, "beams": [1], "depth": 9_007_199_254_740_993_u64},
        "explain": {"arms_run": "local", "sparse_outcome": {"hits": 1}, "why": "so"}
    }));
    assert_eq!(answer.mode, Some(QueryMode::Other("magic".into())));
    assert_eq!(answer.sources[0].reference_id, Some("r-1".into()));
    assert_eq!(answer.sources[1].source_type, SourceType::Other("table".into()));
    assert_eq!(answer.stats.tokens_used, Some(u64::MAX));
    assert_eq!(answer.stats.extra["depth"], 9_007_199_254_740_993_u64);
    assert_eq!(answer.explain.unwrap().extra["why"], "so");
}

#[test]
fn an_odd_explanation_never_fails_the_answer() {
    for explain in [json!("because"), json!([1]), json!({"mode": 7})] {
        assert_eq!(read::<QueryAnswer>(&json!({"answer": "x", "explain": explain})).explain, None);
    }
}

#[test]
fn nulls_and_absent_fields() {
    let bare: QueryAnswer = read(&json!({"answer": "x"}));
    let nulls: QueryAnswer = read(&json!({
        "answer": "x", "mode": null, "sources": null, "stats": null, "subgraph": null, "conversation_id": null,
        "reranked": null, "explain": null, "trace_id": null
    }));
    assert_eq!(bare, nulls);
    assert_eq!(written(&bare), json!({"answer": "x", "mode": null, "sources": [], "stats": {}}));
    assert_eq!(read::<QueryAnswer>(&json!({"answer": null})).answer, "");
    let graph: QueryAnswer =
        read(&json!({"answer": "x", "subgraph": {"entities": null, "relationships": null}}));
    assert_eq!(graph.subgraph, Some(Subgraph::default()));
    // Not an answer at all.
    for body in ["{}", "[]", r#"{"error":"x"}"#, "<html>", ""] {
        assert!(QueryAnswer::from_body(body).is_err(), "{body}");
    }
}

#[test]
fn degrees_and_numbers_in_every_form() {
    let degree = |json: &str| {
        let body =
            format!(r#"{{"answer":"","sources":[{{"source_type":"entity","id":"A","degree":{json}}}]}}"#);
        QueryAnswer::from_body(body).map(|answer| answer.sources[0].degree)
    };
    for (json, total) in [
        ("3", Some(3)),
        ("3.0", Some(3)),
        ("null", None),
        (r#"{"in":1,"out":2,"total":3}"#, Some(3)),
        (r#"{"in":1,"out":2}"#, Some(3)),
        (r#"{"$serde_json::private::Number":"3"}"#, Some(3)),
        (r#"{"in":18446744073709551615,"out":2,"total":null}"#, Some(u64::MAX)),
    ] {
        assert_eq!(degree(json).unwrap(), total, "{json}");
    }
    for json in ["-1", "1.5", "true", "[]", r#"{"total":-1}"#] {
        assert!(degree(json).unwrap_err().to_string().contains("sources[0].degree"), "{json}");
    }
    let stats: QueryAnswer =
        read(&json!({"answer": "", "stats": {"tokens_used": 256.0, "total_time_ms": "17"}}));
    assert_eq!((stats.stats.tokens_used, stats.stats.total_time_ms), (Some(256), Some(17)));
    let error = QueryAnswer::from_body(r#"{"answer":"","stats":{"tokens_used":15.5}}"#).unwrap_err();
    assert!(error.to_string().contains("stats.tokens_used"), "{error}");
}

#[test]
fn what_a_server_builds_is_what_a_client_reads() {
    let mut answer = QueryAnswer::new("In 1931.", QueryMode::Hybrid);
    answer.sources.push(Source::new(SourceType::Chunk, "ck-1", 0.5));
    answer.subgraph = Some(Subgraph::new(
        vec![SubgraphEntity::new("BRIDGE", "STRUCTURE")],
        vec![SubgraphRelationship::new("BRIDGE", "RIVER", "SPANS")],
    ));
    assert_eq!(read::<QueryAnswer>(&written(&answer)), answer);
}
