//! Events that come under names of their own.

use super::*;

#[test]
fn an_event_is_what_its_payload_says_whatever_its_name() {
    for name in ["token", "thinking", "context", "done", "message", "x"] {
        assert_eq!(named(&[(name, r#"{"type":"token","content":"x"}"#)]), [token("x")], "{name}");
        assert_eq!(named(&[(name, r#"{"type":"done"}"#)]), [done()], "{name}");
        assert_eq!(named(&[(name, r#"{"type":"error","message":"M"}"#)]), [error("M", None)], "{name}");
        assert_eq!(
            named(&[(name, r#"{"error":"out of tokens"}"#)]),
            [error("out of tokens", None)],
            "{name}"
        );
        let unknown = r#"{"type":"stage","content":"x"}"#;
        assert_eq!(named(&[(name, unknown)]), [QueryEvent::Unknown(serde_json::from_str(unknown).unwrap())]);
    }
}

#[test]
fn an_event_that_does_not_say_what_it_is_goes_by_its_name() {
    let events = named(&[
        ("context", r#"{"sources":[{"source_type":"chunk","id":"c"}],"query_mode":"mix"}"#),
        ("thinking", r#"{"content":"hm"}"#),
        ("token", r#"{"content":"Nine"}"#),
        ("token", r#"{"chunk":" "}"#),
        ("token", r#"{"type":null,"token":"lives"}"#),
        ("token", "{}"),
        ("done", r#"{"stats":{"tokens_used":3}}"#),
    ]);
    assert!(
        matches!(&events[0], QueryEvent::Context { sources, query_mode: Some(QueryMode::Mix), .. } if sources.len() == 1)
    );
    assert_eq!(events[1], QueryEvent::thinking("hm"));
    assert_eq!(events[2..5], [token("Nine"), token(" "), token("lives")]);
    assert!(
        matches!(&events[5], QueryEvent::Done { stats: Some(stats), .. } if stats.tokens_used == Some(3))
    );
    assert_eq!(events.len(), 6);
    // The name of an event is no text, whatever else it is.
    assert_eq!(named(&[("message", "Nine"), ("x", " lives")]), [token("Nine"), token(" lives")]);
    // A cut event is an error, not an answer that begins with a brace.
    let cut = QueryEvent::decode(Some("context"), r#"{"sour"#, &mut QueryFraming::default());
    assert!(matches!(cut, Err(DecodeError::Json { .. })));
}

#[test]
fn named_pieces_of_text_are_told_apart_by_their_names() {
    let events = [("thinking", "hm"), ("token", "Nine"), ("token", " {}"), ("done", "")];
    let thought = QueryEvent::thinking("hm");
    assert_eq!(named(&events), [thought, token("Nine"), token(" {}"), done()]);
    let stats = named(&[("token", "x"), ("done", r#"{"stats":{"tokens_used":3}}"#)]);
    assert!(matches!(&stats[1], QueryEvent::Done { stats: Some(stats), .. } if stats.tokens_used == Some(3)));
}

#[test]
fn the_end_needs_no_payload_beside_its_name() {
    for payload in ["", " ", "{}", "null", "true", "end"] {
        assert_eq!(named(&[("done", payload)]), [done()], "{payload}");
        assert_eq!(
            named(&[("token", r#"{"content":"x"}"#), ("done", payload)]),
            [token("x"), done()],
            "{payload}"
        );
    }
    assert_eq!(named(&[("done", "[DONE]"), ("done", "{}"), ("error", "M")]), []);
}

#[test]
fn an_event_named_error_is_a_failure_whatever_its_shape() {
    const NO_TEXT: &str = "the server reported a failure without a text";
    for (payload, message, code) in [
        (r#"{"message":"M","code":"C"}"#, "M", Some("C")),
        (r#"{"message":"M"}"#, "M", None),
        (r#"{"detail":"M"}"#, "M", None),
        (r#"{"error":{"message":"M"}}"#, "M", None),
        (r#"{"type":"token","content":"x","message":"M"}"#, "M", None),
        ("\"M\"", "M", None),
        ("M", "M", None),
        (r#"{"message":"#, r#"{"message":"#, None),
        ("[DONE]", "[DONE]", None),
        ("{}", NO_TEXT, None),
        ("null", NO_TEXT, None),
        ("", NO_TEXT, None),
    ] {
        let failure = error(message, code);
        assert_eq!(named(&[("error", payload)]), std::slice::from_ref(&failure), "{payload}");
        assert_eq!(
            named(&[("x", "text"), ("error", payload)]),
            [token("text"), failure.clone()],
            "{payload}"
        );
        assert_eq!(
            named(&[("x", r#"{"content":"x"}"#), ("error", payload)]),
            [token("x"), failure],
            "{payload}"
        );
    }
}
