//! What of a request may be shown: secrets are found by the names of headers and fields.

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What stands for a secret.
const REDACTED: &str = "[redacted]";

/// What the name of a header with a secret contains, besides [`FIELD_WORDS`].
const HEADER_WORDS: [&str; 5] = ["auth", "cookie", "key", "sec-websocket-protocol", "token"];

/// What the name of a field with a secret contains, in lower case and without `_` and `-`.
const FIELD_WORDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "signature",
];

fn is_secret_header(name: &HeaderName) -> bool {
    HEADER_WORDS.iter().any(|word| name.as_str().contains(word)) || is_secret_field(name.as_str())
}

/// `refresh_token` is a secret, `token_type` and `max_tokens` are not.
fn is_secret_field(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    // The headers that a query passes on to the provider.
    let headers = name == "extraheaders";
    headers
        || name == "key"
        || name == "pwd"
        || name.ends_with("token")
        || FIELD_WORDS.iter().any(|word| name.contains(word))
}

/// Names and values, in the order of arrival.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = |name: &HeaderName, value: &http::HeaderValue| {
        if is_secret_header(name) || value.is_sensitive() {
            REDACTED.to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        }
    };
    headers.iter().map(|(name, value)| (name.to_string(), shown(name, value))).collect()
}

/// A query string.
pub(crate) fn query(query: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret_field(&percent_decode_str(name).decode_utf8_lossy()) => {
            format!("{name}={REDACTED}")
        }
        _ => pair.to_owned(),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// Replaces the secrets in a JSON value.
pub(crate) fn json(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret_field(name) && !value.is_null() {
                    *value = REDACTED.into();
                } else {
                    json(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(json),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_by_name() {
        let mut value = json!({
            "username": "mona", "password": "s3cr3t", "refresh_token": "s3cr3t", "token_type": "Bearer",
            "list": [{"API_KEY": "s3cr3t", "max_tokens": 5}], "extra_headers": {"x": "s3cr3t"}, "key": null
        });
        super::json(&mut value);
        assert_eq!(
            value,
            json!({
                "username": "mona", "password": REDACTED, "refresh_token": REDACTED, "token_type": "Bearer",
                "list": [{"API_KEY": REDACTED, "max_tokens": 5}], "extra_headers": REDACTED, "key": null
            })
        );
        assert_eq!(query("page=1&access_token=s3cr3t&flag"), format!("page=1&access_token={REDACTED}&flag"));
        for name in [
            "api%5Fkey",
            "%61pi-key",
            "x-api-key",
            "passwd",
            "pwd",
            "access_key",
            "accessKey",
            "private-key",
            "Passphrase",
            "X-Signature",
        ] {
            assert_eq!(query(&format!("{name}=s3cr3t&a%zz=%4")), format!("{name}={REDACTED}&a%zz=%4"));
        }
        let mut map = HeaderMap::new();
        for name in [
            "authorization",
            "x-api-key",
            "cookie",
            "x-edgequake-setup-token",
            "proxy-authorization",
            "x-signature",
            "x-passwd",
        ] {
            map.insert(name, "s3cr3t".parse().unwrap());
        }
        map.insert("x-workspace-id", "default".parse().unwrap());
        let shown = format!("{:?}", headers(&map));
        assert!(!shown.contains("s3cr3t") && shown.contains("default"), "{shown}");
    }
}
