use std::collections::BTreeMap;

use crate::Endpoint;
use crate::Secret;
use crate::query::*;
use crate::testing::{assert_served, served};

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
fn a_question_becomes_a_stream_with_all_its_options() {
    let query = Query::new("x").mode("by_magic").max_results(5);
    let stream = StreamQuery::from(query.clone());
    assert_eq!(stream.query, query);
    assert_eq!(stream, StreamQuery::new("x").mode("by_magic").max_results(5));
    assert_served(&query);
    assert_served(&stream);
    for text in [StreamQuery::from("x"), StreamQuery::from("x".to_owned()), StreamQuery::new("x".to_owned())]
    {
        assert_eq!(text, Query::from("x").into());
    }
}

#[test]
fn headers_for_the_provider_are_secrets() {
    let query =
        Query::new("When?").extra_headers(BTreeMap::from([("x-team".to_owned(), Secret::new("s3cr3t-h"))]));
    let stream = StreamQuery::from(query.clone());
    let text = format!("{query:?} {stream:#?}");
    assert!(!text.contains("s3cr3t") && text.contains("x-team") && text.contains("When?"), "{text}");
    assert_eq!(served(&query).extra_headers.unwrap()["x-team"].expose(), "s3cr3t-h");
    assert_served(&stream);
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

#[test]
fn a_field_of_the_wrong_type_is_named_in_a_stream_too() {
    let parts = http::Request::post(StreamQuery::PATH).body(()).unwrap().into_parts().0;
    let error = |body: &str| {
        let error = StreamQuery::from_request(&parts, body.as_bytes()).unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    };
    insta::assert_snapshot!(error(r#"{"query":"x","max_results":-1}"#), @"max_results: invalid value: integer, expected a whole number of 0 or more at line 1 column 30");
    insta::assert_snapshot!(error(r#"{"query":"x","mix_weights":{"local":"s3cr3t"},"stream_format":"v2"}"#), @"mix_weights.local: invalid value: text that is not a finite number, expected a number at line 1 column 67");
    insta::assert_snapshot!(error(r#"{"query":7}"#), @"query: invalid type: integer, expected a string at line 1 column 11");
    insta::assert_snapshot!(error("{}"), @"missing field `query` at line 1 column 2");
}
