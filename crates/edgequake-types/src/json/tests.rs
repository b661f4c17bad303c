use super::*;

#[test]
fn messages_lose_their_values_and_nothing_else() {
    for (message, cleaned) in [
        (r#"invalid type: string "s3cr3t", expected u64"#, Some("invalid type: string, expected u64")),
        (
            r#"invalid type: string "a \"s3cr3t\\\" b", expected u64 at line 1"#,
            Some("invalid type: string, expected u64 at line 1"),
        ),
        (
            "invalid value: integer `-12345`, expected a count",
            Some("invalid value: integer, expected a count"),
        ),
        (
            "invalid type: floating point `1.5`, expected a string",
            Some("invalid type: floating point, expected a string"),
        ),
        (
            r#"user: role: invalid type: string "x", or string "y", no"#,
            Some("user: role: invalid type: string, or string, no"),
        ),
        (r#"invalid type: string "never closed"#, Some("invalid type: string")),
        ("invalid type: boolean `true`, expected u64", Some("invalid type: boolean, expected u64")),
        ("unknown variant `s3cr3t`, expected `a` or `b`", Some("unknown variant, expected `a` or `b`")),
        (
            "unknown variant `s3c`, expected `r3t`x`, expected one of `a`, `b`, `c` at line 1 column 9",
            Some("unknown variant, expected one of `a`, `b`, `c` at line 1 column 9"),
        ),
        ("unknown field `s3c`r3t`, there are no fields", Some("unknown field, there are no fields")),
        ("unknown field `s3cr3t", Some("unknown field")),
        ("missing field `key_id`", None),
        ("invalid type: map, expected a string at line 1 column 7", None),
    ] {
        assert_eq!(without_values(message).as_deref(), cleaned, "{message}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_not_repeated() {
    for json in [r#""s3cr3t""#, r#"{"a":"s3cr3t"}"#, r#"{"a":{"s3cr3t":"s3cr3t"}}"#] {
        let error = from_json::<std::collections::BTreeMap<String, Vec<u8>>>(json.as_bytes()).unwrap_err();
        let text = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
        assert!(!text.contains("s3cr3t") && text.contains("expected a"), "{text}");
    }
}

#[test]
fn a_name_that_is_not_known_is_not_repeated() {
    #[derive(Debug, serde::Deserialize)]
    enum Word {
        A,
        B,
    }

    let error = from_json::<Vec<Word>>(br#"["A","B","s3c`r3t`, expected s3cr3t"]"#).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        (error.to_string(), source.starts_with("unknown variant, expected `A` or `B`")),
        ("the JSON field `[2]` cannot be read".to_owned(), true),
        "{source}"
    );
}

#[test]
fn a_body_may_say_nothing() {
    for body in ["", " \r\n", "\u{feff}", "null", "\u{feff} null\n"] {
        assert!(says_nothing(body.as_bytes()), "{body:?}");
    }
    for body in ["{}", "[]", "nul", "\"\"", "null null", "\u{a0}"] {
        assert!(!says_nothing(body.as_bytes()), "{body:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let error = |json: &[u8]| {
        let error = from_json::<Value>(json).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    insta::assert_snapshot!(error(b"{\"a\":[1,\"x\xFFy\"]}"), @"the JSON field `a[1]` cannot be read: a text that is not UTF-8");
    insta::assert_snapshot!(error(b"[1] \xFF"), @"the text is not UTF-8: invalid utf-8 sequence of 1 bytes from index 4");
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert_eq!(from_json::<Vec<u8>>(b"\xEF\xBB\xBF[1]").unwrap(), [1]);
    assert!(from_json::<Vec<u8>>(b"\xEF\xBB\xBF\xEF\xBB\xBF[1]").is_err());
}

#[test]
fn what_follows_the_value_is_an_error() {
    insta::assert_snapshot!(from_json::<Vec<u8>>(b"[1] <html>").unwrap_err(), @"the JSON text cannot be read");
    insta::assert_snapshot!(from_json::<Vec<Vec<u8>>>(b"[[1],[2,null]]").unwrap_err(), @"the JSON field `[1][1]` cannot be read");
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    let nested = format!(r#"{{"metadata":{}"#, "[".repeat(100_000));
    insta::assert_snapshot!(from_json::<Value>(nested.as_bytes()).unwrap_err(), @"the JSON field `metadata[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]…` cannot be read");
}
