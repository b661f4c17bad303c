use std::collections::BTreeMap;
use std::fmt::Write as _;

use edgequake_types::query::{
    ContentGranularity, DocumentFilter, HistoryMessage, MixWeights, Query, QueryAnswer, QueryEvent,
    QueryFraming, QueryMode, StreamFormat, StreamQuery,
};
use edgequake_types::{DocumentId, Event, Secret};

use crate::table::Table;

#[test]
fn query() {
    let headers = || BTreeMap::from([("x-team".to_owned(), Secret::new("s3cr3t-h"))]);
    let filter = DocumentFilter::new()
        .date_from("2031-01-01T00:00:00Z")
        .date_to("2031-12-31T23:59:59Z")
        .document_pattern("bridge,river")
        .document_ids(["d-9"]);
    let ask = Query::new("When did the bridge open?")
        .mode(QueryMode::Mix)
        .context_only(false)
        .prompt_only(true)
        .include_references(true)
        .include_subgraph(false)
        .max_results(5)
        .conversation_history([HistoryMessage::user("Hi"), HistoryMessage::assistant("Hello")])
        .enable_rerank(false)
        .rerank_model("bge-reranker")
        .rerank_top_k(3)
        .llm_provider("openai")
        .llm_model("gpt-5-mini")
        .system_prompt("Be brief.")
        .document_filter(filter)
        .mix_weights(MixWeights::new().local(1.0).global(0.5).naive(0.25))
        .extra_headers(headers())
        .content_granularity(ContentGranularity::Citation)
        .question_type("fact")
        .hl_keywords(["opening"])
        .ll_keywords(["bridge"])
        .response_type("bullet points")
        .reasoning_effort("low")
        .session_id("s-1");
    let parts = Query::new("When?")
        .mode("by_magic")
        .content_granularity(ContentGranularity::Debug)
        .conversation_history(Vec::<HistoryMessage>::new())
        .document_filter(DocumentFilter::new())
        .mix_weights(MixWeights::new().naive(0.0))
        .hl_keywords([""; 0])
        .ll_keywords([""; 0])
        .extra_headers(BTreeMap::new());
    let stream = StreamQuery::new("When did the bridge open?")
        .mode(QueryMode::Bypass)
        .context_only(true)
        .prompt_only(false)
        .include_references(false)
        .include_subgraph(true)
        .max_results(5)
        .conversation_history([HistoryMessage::user("Hi")])
        .enable_rerank(true)
        .rerank_model("bge-reranker")
        .rerank_top_k(3)
        .llm_provider("openai")
        .llm_model("gpt-5-mini")
        .system_prompt("Be brief.")
        .document_filter(DocumentFilter::new().document_ids(Vec::<DocumentId>::new()))
        .mix_weights(MixWeights::new().local(1.5))
        .extra_headers(headers())
        .content_granularity(ContentGranularity::Agent)
        .question_type("fact")
        .hl_keywords(["opening"])
        .ll_keywords(["bridge"])
        .response_type("bullet points")
        .reasoning_effort("none")
        .session_id("s-1")
        .stream_format(StreamFormat::V3);
    Table::of("query", include_str!("query.txt"))
        .request("ask", &Query::new("When did the bridge open?"))
        .request("ask with everything", &ask)
        .request("ask with parts of options", &parts)
        .request("stream", &StreamQuery::new("When did the bridge open?"))
        .request("stream with everything", &stream)
        .answer::<QueryAnswer>("by the first servers")
        .answer_read::<QueryAnswer>("by the first servers, with nulls")
        .answer::<QueryAnswer>("with a history, ranked again")
        .answer::<QueryAnswer>("with a subgraph")
        .answer::<QueryAnswer>("by the newest servers")
        .answer_read::<QueryAnswer>("as the guides show it")
        .finish();
}

#[test]
fn query_streams() {
    let mut read = String::new();
    for stream in include_str!("query_streams.txt").split("== ").skip(1) {
        let (name, lines) = stream.split_once('\n').unwrap();
        writeln!(read, "== {name}").unwrap();
        let mut framing = QueryFraming::default();
        let mut event_name = None;
        for line in lines.lines() {
            if let Some(name) = line.strip_prefix("event: ") {
                event_name = Some(name);
            }
            let Some(payload) = line.strip_prefix("data: ") else { continue };
            let event = QueryEvent::decode(event_name.take(), payload, &mut framing).unwrap().unwrap();
            writeln!(read, "{event:#?}").unwrap();
            // Those of a gateway are written with their type inside.
            if payload.starts_with("{\"type\":") {
                let written = event.encode().unwrap().payload;
                let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
                assert_eq!(value(&written), value(payload));
            }
        }
        writeln!(read, "may end: {}\n", QueryEvent::may_end(&framing)).unwrap();
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("query_streams", read);
    });
}
