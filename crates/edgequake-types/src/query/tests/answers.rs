use serde_json::json;

use crate::Decode;
use crate::query::*;
use crate::testing::{assert_round_trip, read, written};

#[test]
fn an_answer_survives_a_round_trip() {
    let answer: QueryAnswer = assert_round_trip(&json!({
        "answer": "The bridge opened in 1931.", "mode": "mix",
        "sources": [
            {"source_type": "chunk", "id": "ck-77", "score": 0.625, "rerank_score": 0.5, "snippet": "Opening day",
             "reference_id": 1, "document_id": "d-9", "file_path": "bridge.pdf", "start_line": 1, "end_line": 2,
             "chunk_index": 4, "page_start": 3, "page_end": 4},
            {"source_type": "entity", "id": "BRIDGE", "score": 0.5, "snippet": null, "entity_type": "STRUCTURE",
             "degree": 3, "source_chunk_ids": ["ck-77"]},
            {"source_type": "relationship", "id": "A->B", "score": null, "snippet": null, "reference_id": "r-1"},
            {"source_type": "table", "id": "t", "score": 0.25, "snippet": null}
        ],
        "stats": {"embedding_time_ms": 7, "retrieval_time_ms": 31, "generation_time_ms": 540, "total_time_ms": 580,
                  "sources_retrieved": 3, "tokens_used": 18_446_744_073_709_551_615_u64, "tokens_per_second": 12.5,
                  "context_truncated": true, "arm_local_chunks": 9_007_199_254_740_993_u64},
        "subgraph": {
            "entities": [{"id": "BRIDGE", "name": "BRIDGE", "entity_type": "STRUCTURE", "description": "..", "score": 0.5,
                          "degree": 3, "lineage": {"source_chunk_ids": ["ck-77"], "source_document_id": "d-9"}}],
            "relationships": [{"id": "r", "source": "A", "target": "B", "relation_type": "SPANS", "description": "",
                               "score": null, "lineage": {"source_chunk_id": "ck-1", "source_file_path": "b.pdf"}}]
        },
        "conversation_id": "7a000000-0000-4000-8000-0000000000aa", "reranked": true,
        "explain": {"mode": "mix", "arms_run": ["local"]}
    }));
    assert_eq!(answer.stats.extra["context_truncated"], true);
    assert_eq!(answer.sources[3].source_type, SourceType::Other("table".into()));
}

#[test]
fn nulls_and_absent_fields() {
    let bare: QueryAnswer = read(&json!({"answer": "x"}));
    let nulls: QueryAnswer = read(&json!({
        "answer": "x", "mode": null, "sources": null, "stats": null, "subgraph": null, "conversation_id": null,
        "reranked": null, "explain": null
    }));
    assert_eq!(bare, nulls);
    assert_eq!(written(&bare), json!({"answer": "x", "mode": null, "sources": [], "stats": {}}));
    assert_eq!(read::<QueryAnswer>(&json!({"answer": null})).answer, "");
    let graph: QueryAnswer =
        read(&json!({"answer": "x", "subgraph": {"entities": null, "relationships": null}}));
    assert_eq!(graph.subgraph, Some(Subgraph::default()));
    // Not an answer at all.
    for body in ["{}", "[]", r#"{"error":"x"}"#, "<html>", ""] {
        assert!(QueryAnswer::decode(body.into()).is_err(), "{body}");
    }
}

#[test]
fn degrees_and_numbers_in_every_form() {
    let degree = |json: &str| {
        let body =
            format!(r#"{{"answer":"","sources":[{{"source_type":"entity","id":"A","degree":{json}}}]}}"#);
        QueryAnswer::decode(body.into()).map(|answer| answer.sources[0].degree)
    };
    for (json, total) in [
        ("3", Some(3)),
        ("3.0", Some(3)),
        ("null", None),
        (r#"{"in":1,"out":2,"total":3}"#, Some(3)),
        (r#"{"in":1,"out":2}"#, Some(3)),
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
    let error = QueryAnswer::decode(r#"{"answer":"","stats":{"tokens_used":15.5}}"#.into()).unwrap_err();
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
