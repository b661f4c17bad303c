mod names;

use proptest::prelude::*;
use serde_json::json;

use crate::query::*;
use crate::{DecodeError, Event, StreamFailure};

/// Everything a stream of these payloads delivers, and whether it may end after them.
fn read(payloads: &[&str]) -> (Vec<QueryEvent>, bool) {
    let mut framing = QueryFraming::default();
    let events = payloads
        .iter()
        .filter_map(|payload| QueryEvent::decode(None, payload, &mut framing).unwrap())
        .collect();
    (events, QueryEvent::may_end(&framing))
}

fn one(payload: &str) -> QueryEvent {
    let (mut events, _) = read(&[payload]);
    assert_eq!(events.len(), 1, "{payload}");
    events.remove(0)
}

fn token(content: &str) -> QueryEvent {
    QueryEvent::token(content)
}

fn error(message: &str, code: Option<&str>) -> QueryEvent {
    let mut failure = StreamFailure::new(message);
    failure.code = code.map(str::to_owned);
    QueryEvent::error(failure)
}

fn done() -> QueryEvent {
    QueryEvent::done(None)
}

#[test]
fn a_whole_stream() {
    let (events, may_end) = read(&[
        r#"{"type":"context","sources":[{"source_type":"chunk","id":"c","score":0.5,"snippet":null}],"query_mode":"mix","retrieval_time_ms":14}"#,
        r#"{"type":"thinking","content":"hm"}"#,
        r#"{"type":"token","content":"Nine"}"#,
        r#"{"type":"token","content":" lives"}"#,
        r#"{"type":"token","content":""}"#,
        r#"{"type":"done","stats":{"total_time_ms":234,"query_mode":"mix"},"llm_model":"m","answer":"Nine lives."}"#,
    ]);
    assert!(!may_end);
    assert_eq!(events[2..5], [token("Nine"), token(" lives"), token("")]);
    let finals: Vec<bool> = events.iter().map(Event::is_final).collect();
    assert_eq!(finals, [false, false, false, false, false, true]);
    let QueryEvent::Done { stats, answer, .. } = &events[5] else { panic!("{:?}", events[5]) };
    assert_eq!((stats.as_ref().unwrap().total_time_ms, answer.as_deref()), (Some(234), Some("Nine lives.")));
}

#[test]
fn every_kind_survives_a_round_trip() {
    for payload in [
        json!({"type": "context", "sources": [], "query_mode": "mix", "retrieval_time_ms": 14}),
        json!({"type": "context", "sources": [{"source_type": "chunk", "id": "c", "score": 0.5, "snippet": null}],
               "subgraph": {"entities": [], "relationships": []}, "bundle": {"subgraph": {"entities": [], "relationships": []},
               "chunks": [{"id": "c", "score": null, "content": "x", "token_count": 1}], "figures": [1]}}),
        json!({"type": "token", "content": " a\n"}),
        json!({"type": "thinking", "content": "hm"}),
        json!({"type": "done", "stats": {"tokens_used": 3, "ux_ttft_ms": 1}, "llm_provider": "p", "llm_model": "m", "answer": "a"}),
        json!({"type": "done"}),
        json!({"type": "error", "message": "M", "code": "STREAM_ERROR"}),
        json!({"type": "error", "message": "M"}),
        json!({"type": "stage", "name": "reading", "n": 18_446_744_073_709_551_615_u64}),
    ] {
        let event = one(&payload.to_string());
        let written = event.encode().unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written.payload).unwrap(), payload);
        assert_eq!(one(&written.payload), event);
    }
}

#[test]
fn explicit_nulls_are_fine() {
    let (events, _) = read(&[
        r#"{"type":"context","sources":null,"query_mode":null,"retrieval_time_ms":null,"subgraph":null,"bundle":null}"#,
        r#"{"type":"token","content":null}"#,
        r#"{"type":"done","stats":null,"llm_provider":null,"llm_model":null,"answer":null}"#,
    ]);
    assert_eq!(events, [QueryEvent::context(vec![]), token(""), done()]);
}

#[test]
fn unknown_kinds_are_handed_on() {
    for payload in [
        r#"{"type":"stage","name":"reading"}"#,
        r#"{"type":"","x":1}"#,
        r#"{"type":null,"x":1}"#,
        r#"{"type":7,"x":1}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
    ] {
        assert_eq!(one(payload), QueryEvent::Unknown(serde_json::from_str(payload).unwrap()), "{payload}");
        assert!(!one(payload).is_final() && one(payload).failure().is_none());
    }
}

#[test]
fn events_without_a_type() {
    for (payload, event) in [
        (r#"{"content":"x"}"#, token("x")),
        (r#"{"chunk":"x","done":false}"#, token("x")),
        (r#"{"token":"x"}"#, token("x")),
        (r#"{"chunk":"b","content":"a","token":"c"}"#, token("a")),
        (r#"{"choices":[{"delta":{"content":"x"}}]}"#, token("x")),
        (r#"{"type":null,"content":"x","error":null}"#, token("x")),
        (r#"{"done":true}"#, done()),
    ] {
        assert_eq!(one(payload), event, "{payload}");
    }
}

#[test]
fn failures_in_every_form() {
    for (payload, message, code) in [
        (
            r#"{"type":"error","message":"M","code":"PROVIDER_CONFIG_ERROR"}"#,
            "M",
            Some("PROVIDER_CONFIG_ERROR"),
        ),
        (r#"{"type":"error","message":"M"}"#, "M", None),
        (r#"{"type":"error","message":"M","code":null}"#, "M", None),
        (r#"{"type":"error","error":{"message":"M","code":"C"}}"#, "M", Some("C")),
        (r#"{"error":{"message":"M"}}"#, "M", None),
        (r#"{"error":"out of tokens"}"#, "out of tokens", None),
        (r#"{"code":"STREAM_ERROR","message":"M"}"#, "M", Some("STREAM_ERROR")),
        (r#"{"type":"error"}"#, "the server reported a failure without a text", None),
        (r#"{"error":true}"#, "the server reported a failure without a text", None),
    ] {
        let event = one(payload);
        assert_eq!(event, error(message, code), "{payload}");
        let mut failure = StreamFailure::new(message);
        failure.code = code.map(str::to_owned);
        assert_eq!(event.failure(), Some(failure));
        assert!(!event.is_final());
    }
    assert_eq!(one(r#"{"error":"M"}"#).failure().unwrap().message, "M");
    let busy = r#"{"type":"error","message":"busy","code":"RATE_LIMITED","retry_after_seconds":7}"#;
    let failure = one(busy).failure().unwrap();
    assert_eq!((failure.code.as_deref(), failure.retry_after_seconds), (Some("RATE_LIMITED"), Some(7)));
    assert_eq!(one(&one(busy).encode().unwrap().payload), one(busy));
}

/// What a stream of these names and payloads delivers.
fn named(events: &[(&str, &str)]) -> Vec<QueryEvent> {
    let mut framing = QueryFraming::default();
    let decode =
        |(name, payload): &(&str, &str)| QueryEvent::decode(Some(name), payload, &mut framing).unwrap();
    events.iter().filter_map(decode).collect()
}

#[test]
fn raw_text_is_kept_as_it_is() {
    let texts = [
        "Nine",
        " lives ",
        "",
        " ",
        "{}",
        "null",
        "{",
        r#"{"a":1}"#,
        r#"{"type":"object"}"#,
        r#"{"type":"ob"#,
        "Error: x",
    ];
    assert_eq!(read(&texts), (texts.map(token).to_vec(), true));
    // Text that is JSON but no object.
    for payload in ["5", "[1]", "\"x\"", "true", "[", "Nine {\"type\":\"token\"}"] {
        assert_eq!(read(&[payload]), (vec![token(payload)], true), "{payload}");
    }
}

#[test]
fn a_first_payload_that_begins_like_an_object_is_no_text() {
    let stream = [
        r#"{"sources":[]}"#,
        r#"{"type":"token","content":"x"}"#,
        r#"{"type":"error","message":"M","code":"C"}"#,
    ];
    let (events, may_end) = read(&stream);
    assert_eq!(events, [QueryEvent::Unknown(json!({"sources": []})), token("x"), error("M", Some("C"))]);
    assert!(!may_end);
    for (payload, event) in [
        (r#"{"message":"M"}"#, error("M", None)),
        (r#"{"detail":"M"}"#, error("M", None)),
        (r#" {"status":500,"title":"T","detail":"M"}"#, error("M", None)),
        (r#"{"a":1}"#, QueryEvent::Unknown(json!({"a": 1}))),
        (r#"{"message":"","detail":[]}"#, QueryEvent::Unknown(json!({"message": "", "detail": []}))),
        (r#"{ "type" : "stage" }"#, QueryEvent::Unknown(json!({"type": "stage"}))),
    ] {
        assert_eq!(read(&[payload]), (vec![event], false), "{payload}");
    }
    // What a gateway says under a name of its own is no failure of the answer.
    let alive = QueryEvent::Unknown(json!({"message": "alive"}));
    assert_eq!(named(&[("ping", r#"{"message":"alive"}"#)]), [alive]);
    assert_eq!(named(&[("message", r#"{"message":"M"}"#)]), [error("M", None)]);
    for begun in ["{", "{\"", " {\"typ", r#"{"type":"token","content":"x"#, "{}{}", r#"{"sources":[]} x"#] {
        let mut framing = QueryFraming::default();
        let cut = QueryEvent::decode(None, begun, &mut framing);
        assert!(matches!(cut, Err(DecodeError::Json { .. })), "{begun}: {cut:?}");
        assert!(!QueryEvent::may_end(&framing));
    }
}

#[test]
fn an_event_among_pieces_of_text_is_an_event() {
    for (payload, event) in [
        (r#"{"type":"error","message":"M","code":"C"}"#, error("M", Some("C"))),
        (r#"{ "message": "M", "type": "error" }"#, error("M", None)),
        (r#"{"error":"out of tokens"}"#, error("out of tokens", None)),
        (r#"{"code":"C","message":"M"}"#, error("M", Some("C"))),
        (r#"{"type":"done"}"#, done()),
        (r#"{"type":"token","content":"y"}"#, token("y")),
    ] {
        assert_eq!(read(&["x", payload]), (vec![token("x"), event], true), "{payload}");
    }
    for begun in [r#"{"type":"error","mess"#, r#"{"type":"err"#, r#"{"type":"done""#] {
        let mut framing = QueryFraming::default();
        QueryEvent::decode(None, "x", &mut framing).unwrap();
        assert!(QueryEvent::decode(None, begun, &mut framing).is_err(), "{begun}");
    }
}

#[test]
fn the_form_is_open_until_a_payload_means_something() {
    assert_eq!(read(&["", " ", "{}", "\n"]), (vec![], false));
    // It was text: nothing of it is lost.
    assert_eq!(read(&[" ", "null", "x"]), (vec![token(" nullx")], true));
    // It was JSON: nothing of it meant anything.
    assert_eq!(
        read(&[" ", "{}", r#"{"type":"token","content":"x"}"#, "{}", " ", "null"]),
        (vec![token("x")], false)
    );
    // An empty object is an event that could not be written, and no text.
    let mut framing = QueryFraming::default();
    assert_eq!(QueryEvent::decode(None, "{}", &mut framing).unwrap(), None);
    assert!(QueryEvent::decode(None, "x", &mut framing).is_err());
}

#[test]
fn the_end_mark_ends_every_stream() {
    for mark in ["[DONE]", "[DONE] ", " [DONE]"] {
        assert_eq!(read(&[r#"{"type":"token","content":"x"}"#, mark, "y", "{"]), (vec![token("x")], true));
        assert_eq!(read(&["x", mark, "y"]), (vec![token("x")], true));
        assert_eq!(read(&[mark]), (vec![], true));
    }
}

#[test]
fn an_event_that_cannot_be_read_is_an_error_that_names_the_place() {
    let mut framing = QueryFraming::default();
    QueryEvent::decode(None, r#"{"type":"token","content":""}"#, &mut framing).unwrap();
    let mut read = |payload: &str| QueryEvent::decode(None, payload, &mut framing).unwrap_err();
    insta::assert_snapshot!(read(r#"{"type":"token","content":"#), @"the JSON field `content` cannot be read");
    insta::assert_snapshot!(read("just text"), @"the JSON text cannot be read");
    insta::assert_snapshot!(read(r#"{"type":"token","content":7}"#), @"the JSON field `content` cannot be read");
    insta::assert_snapshot!(read(r#"{"type":"context","sources":[{"id":"a"}]}"#), @"the JSON field `sources[0]` cannot be read");
    insta::assert_snapshot!(read(r#"{"type":"context","retrieval_time_ms":15.5}"#), @"the JSON field `retrieval_time_ms` cannot be read");
    insta::assert_snapshot!(read(r#"{"type":"done","stats":{"tokens_used":-1}}"#), @"the JSON field `stats.tokens_used` cannot be read");
    // Cut at the very beginning: an error, not an answer that begins with a brace.
    let cut = QueryEvent::decode(None, r#"{"type":"context","sour"#, &mut QueryFraming::default());
    assert!(matches!(cut, Err(DecodeError::Json { .. })));
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    let nested = format!(r#"{{"type":"context","bundle":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(QueryEvent::decode(None, &nested, &mut QueryFraming::default()).is_err());
    let untyped = format!(r#"{{"content":"x","bundle":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(QueryEvent::decode(None, &untyped, &mut QueryFraming::default()).is_err());
}

proptest! {
    #[test]
    fn raw_text_comes_out_as_it_went_in(pieces in prop::collection::vec("\\PC{0,12}", 1..8)) {
        prop_assume!(pieces.iter().all(|piece| piece.trim() != "[DONE]"));
        prop_assume!(!pieces.iter().any(|piece| piece.contains('{')));
        let payloads: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let (events, may_end) = read(&payloads);
        let text: String = events
            .into_iter()
            .map(|event| match event {
                QueryEvent::Token { content } => content,
                other => panic!("{other:?}"),
            })
            .collect();
        // A stream of blanks and of `null` alone stays undecided.
        if may_end {
            prop_assert_eq!(text, pieces.concat());
        } else {
            prop_assert!(pieces.iter().all(|piece| piece.trim().is_empty() || piece.trim() == "null"));
        }
    }

    #[test]
    fn an_object_whole_or_cut_is_never_raw_text(fields in prop::collection::btree_map("[a-z_]{1,8}|type|content|message|sources|error", "\\PC{0,8}|token|error", 0..5), cut in any::<prop::sample::Index>()) {
        let payload = serde_json::to_string(&fields).unwrap();
        let mut end = 1 + cut.index(payload.len());
        while !payload.is_char_boundary(end) {
            end += 1;
        }
        for payload in [payload.as_str(), &payload[..end]] {
            let mut framing = QueryFraming::default();
            if let Ok(Some(QueryEvent::Token { content })) = QueryEvent::decode(None, payload, &mut framing) {
                prop_assert!(content != payload);
            }
            prop_assert!(!QueryEvent::may_end(&framing));
        }
    }

    #[test]
    fn any_payload_is_read_without_a_panic(name in "(token|done|thinking|context|error|x)?", payloads in prop::collection::vec("\\PC{0,40}|\\{\"type\":\"(token|done|context|error)\"[,:\"\\[\\]{}a-z0-9]{0,20}\\}?", 0..6)) {
        let mut framing = QueryFraming::default();
        for payload in &payloads {
            if let Ok(Some(event)) = QueryEvent::decode(Some(&name), payload, &mut framing) {
                prop_assert!(event.encode().is_ok());
            }
        }
    }
}
