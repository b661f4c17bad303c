//! JSON values that say the same, and what may be told of one.

use serde_json::{Value, json};

/// Whether a value holds no others.
pub(super) fn is_single(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// Values that a field could have instead of one that says what an absent one does.
pub(super) fn others(given: &Value) -> Vec<Value> {
    match given {
        Value::Bool(false) => vec![true.into()],
        Value::Number(number) if number.as_f64() == Some(0.0) => vec![1.into()],
        Value::String(text) if text.trim().is_empty() => vec!["1".into(), "x".into()],
        Value::Array(list) if list.iter().all(Value::is_null) => {
            vec![json!(["x"]), json!([1]), json!([{"x": 1}])]
        }
        Value::Object(fields) if fields.values().all(Value::is_null) => {
            vec![json!({"x": "x"}), json!({"x": 1})]
        }
        _ => Vec::new(),
    }
}

/// Whether two values say the same, however they are spelled.
pub(super) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i128(), b.as_i128()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::String(text), Value::Number(_)) => {
            text.trim().parse().is_ok_and(|number| is_same(&Value::Number(number), b))
        }
        (Value::String(text), Value::Bool(flag)) => {
            text.trim().to_ascii_lowercase().parse::<bool>().is_ok_and(|text| text == *flag)
        }
        (Value::Number(_) | Value::Bool(_), Value::String(_)) => is_same(b, a),
        (Value::String(a), Value::String(b)) => a == b || instant(a).is_some_and(|a| Some(a) == instant(b)),
        _ => a == b,
    }
}

/// An instant of RFC 3339 in UTC, in one spelling.
fn instant(text: &str) -> Option<String> {
    let text = ["Z", "z", "+00:00", "-00:00"].iter().find_map(|zone| text.strip_suffix(zone))?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_instant = seconds.len() == 19 && is_digits(&seconds.replace(['-', 'T', 't', ' ', ':'], ""));
    let fraction = fraction.trim_end_matches('0');
    (is_instant && is_digits(fraction)).then(|| format!("{}.{fraction}", seconds.replace(['t', ' '], "T")))
}

/// What a value is, without what it says: a text may be private.
pub(super) fn what(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Array(list) if list.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Whether a text is one of the server's words, which may be shown.
pub(super) fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_only_if_they_say_the_same() {
        for (a, b, same) in [
            (json!(1), json!(1.0), true),
            (json!("1e3"), json!(1000), true),
            (json!(9007199254740993_u64), json!(9007199254740992_u64), false),
            (json!("2031-02-03T10:11:12Z"), json!("2031-02-03T10:11:12.000+00:00"), true),
            (json!("2031-02-03T10:11:12Z"), json!("2031-02-03T10:11:13Z"), false),
            (json!("False"), json!(false), true),
            (json!("a"), json!("a "), false),
            (json!(0), json!(false), false),
        ] {
            assert_eq!(is_same(&a, &b), same, "{a} {b}");
        }
    }
}
