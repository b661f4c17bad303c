use std::collections::BTreeMap;

use crate::Endpoint;
use crate::Secret;
use crate::query::*;
use crate::testing::{assert_served, on_the_wire};

#[test]
fn a_question_alone() {
    insta::assert_snapshot!(on_the_wire(&Query::new("When?")), @r#"
    POST /api/v1/query
    accept: application/json
    content-type: application/json

    {"query":"When?"}
    "#);
    insta::assert_snapshot!(on_the_wire(&StreamQuery::new("When?")), @r#"
    POST /api/v1/query/stream
    accept: text/event-stream
    content-type: application/json

    {"query":"When?"}
    "#);
}

/// Sets every option, on whichever request has them.
macro_rules! full {
    ($request:ident) => {
        $request::new("When?")
            .mode(QueryMode::Mix)
            .context_only(false)
            .prompt_only(true)
            .include_references(true)
            .include_subgraph(false)
            .max_results(5)
            .conversation_history([HistoryMessage::user("Hi"), HistoryMessage::assistant("Hello")])
            .enable_rerank(false)
            .rerank_model("r")
            .rerank_top_k(3)
            .llm_provider("openai")
            .llm_model("m")
            .system_prompt("Be brief.")
            .document_filter(
                DocumentFilter::new()
                    .date_from("2031-01-01T00:00:00Z")
                    .date_to("2031-12-31T23:59:59Z")
                    .document_pattern("bridge")
                    .document_ids(["d-1".into()]),
            )
            .mix_weights(MixWeights::new().local(1.0).global(0.5).naive(0.25))
            .extra_headers(BTreeMap::from([("x-team".to_owned(), Secret::new("s3cr3t-h"))]))
            .content_granularity(ContentGranularity::Citation)
            .question_type("fact")
            .hl_keywords(["opening".to_owned()])
            .ll_keywords(["bridge".to_owned()])
            .response_type("bullet points")
            .reasoning_effort("low")
    };
}

#[test]
fn every_option() {
    insta::assert_snapshot!(on_the_wire(&full!(Query)), @r#"
    POST /api/v1/query
    accept: application/json
    content-type: application/json

    {"query":"When?","mode":"mix","context_only":false,"prompt_only":true,"include_references":true,"include_subgraph":false,"max_results":5,"conversation_history":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"enable_rerank":false,"rerank_model":"r","rerank_top_k":3,"llm_provider":"openai","llm_model":"m","system_prompt":"Be brief.","document_filter":{"date_from":"2031-01-01T00:00:00Z","date_to":"2031-12-31T23:59:59Z","document_pattern":"bridge","document_ids":["d-1"]},"mix_weights":{"local":1.0,"global":0.5,"naive":0.25},"extra_headers":{"x-team":"s3cr3t-h"},"content_granularity":"citation","question_type":"fact","hl_keywords":["opening"],"ll_keywords":["bridge"],"response_type":"bullet points","reasoning_effort":"low"}
    "#);
    insta::assert_snapshot!(on_the_wire(&full!(StreamQuery).stream_format(StreamFormat::V3)), @r#"
    POST /api/v1/query/stream
    accept: text/event-stream
    content-type: application/json

    {"query":"When?","mode":"mix","context_only":false,"prompt_only":true,"include_references":true,"include_subgraph":false,"max_results":5,"conversation_history":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"enable_rerank":false,"rerank_model":"r","rerank_top_k":3,"llm_provider":"openai","llm_model":"m","system_prompt":"Be brief.","document_filter":{"date_from":"2031-01-01T00:00:00Z","date_to":"2031-12-31T23:59:59Z","document_pattern":"bridge","document_ids":["d-1"]},"mix_weights":{"local":1.0,"global":0.5,"naive":0.25},"extra_headers":{"x-team":"s3cr3t-h"},"content_granularity":"citation","question_type":"fact","hl_keywords":["opening"],"ll_keywords":["bridge"],"response_type":"bullet points","reasoning_effort":"low","stream_format":"v3"}
    "#);
    assert_served(&full!(Query));
    assert_served(&full!(StreamQuery).stream_format(StreamFormat::V3));
    assert_served(&Query::new("When?").mode("by_magic"));
    assert_served(&StreamQuery::from(full!(Query)));
}

#[test]
fn flags_have_three_states_on_the_wire() {
    for (query, body) in [
        (Query::new("x"), r#"{"query":"x"}"#),
        (Query::new("x").enable_rerank(false), r#"{"query":"x","enable_rerank":false}"#),
        (Query::new("x").enable_rerank(true), r#"{"query":"x","enable_rerank":true}"#),
    ] {
        assert_eq!(query.body().unwrap().bytes().unwrap(), body);
    }
}

#[test]
fn headers_for_the_provider_are_secrets() {
    let text = format!("{:?} {:#?}", full!(Query), full!(StreamQuery));
    assert!(!text.contains("s3cr3t") && text.contains("x-team") && text.contains("When?"), "{text}");
}

#[test]
fn fields_of_the_wrong_type_are_named() {
    let parts = http::Request::post(Query::PATH).body(()).unwrap().into_parts().0;
    let error = |body: &str| Query::from_request(&parts, body.as_bytes()).unwrap_err().to_string();
    insta::assert_snapshot!(error(r#"{"query":"x","max_results":-1}"#), @"the JSON field `max_results` cannot be read");
    insta::assert_snapshot!(error(r#"{"query":7}"#), @"the JSON field `query` cannot be read");
    insta::assert_snapshot!(error("{}"), @"the JSON text cannot be read");
    insta::assert_snapshot!(error(""), @"the JSON text cannot be read");
    let nulls = r#"{"query":"x","mode":null,"enable_rerank":null,"max_results":null,"document_filter":null,"unknown":1}"#;
    assert_eq!(Query::from_request(&parts, nulls.as_bytes()).unwrap(), Query::new("x"));
}
