//! Taking secrets out of a body: by the names of fields, by what was seen before, and by what a text looks like.

mod look;

use edgequake_types::Secret;
use serde_json::{Number, Value};

use look::without_tokens;

/// What stands for a secret.
const REDACTED: &str = "[redacted]";

/// What the name of a field or header with a secret contains, in lower case and without `_` and `-`.
const WORDS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "encryptionkey",
    "credential",
    "authorization",
    "signature",
    "cookie",
    "bearer",
];

/// Names that are a secret's as they are.
const NAMES: [&str; 6] = ["key", "pwd", "jwt", "otp", "extraheaders", "assertion"];

/// The most secrets that are remembered.
const REMEMBERED: usize = 1000;

/// The shortest secret that is looked for within other text: a shorter one is only what it is as a whole.
const SHORTEST: usize = 4;

/// The shortest one that is looked for within the names of fields, which a common word would make unreadable.
const SHORTEST_IN_NAMES: usize = 12;

/// Whether the name of a field or header says that a secret is in it. `refresh_token` does, `token_type` and `max_tokens` do not.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    name.ends_with("token") || NAMES.contains(&&*name) || WORDS.iter().any(|word| name.contains(word))
}

/// Takes secrets out, and remembers those it has met.
#[derive(Default)]
pub(super) struct Redactor {
    seen: Vec<Secret>,
}

impl Redactor {
    /// Remembers a secret, wherever it may turn up.
    pub(super) fn remember(&mut self, secret: &str) {
        let secret = secret.trim();
        if !secret.is_empty() && secret != REDACTED && !self.seen.iter().any(|known| known.matches(secret)) {
            if self.seen.len() >= REMEMBERED {
                self.seen.remove(0);
            }
            self.seen.push(Secret::new(secret));
            // What another one is part of must not be torn apart by it.
            self.seen.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        }
    }

    /// Remembers what a JSON value has under the names of secrets. `codes`: one-time codes are secrets, too.
    pub(super) fn learn(&mut self, value: &Value, codes: bool) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    // Whatever is called `key` alone is often none.
                    let is_key = name == "key" && value.as_str().is_none_or(|key| key.len() < 16);
                    if !is_key && (is_secret_name(name) || (codes && name == "code")) {
                        self.learn_all(value);
                    } else {
                        self.learn(value, codes);
                    }
                }
            }
            Value::Array(elements) => elements.iter().for_each(|value| self.learn(value, codes)),
            _ => {}
        }
    }

    fn learn_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.remember(text),
            Value::Array(elements) => elements.iter().for_each(|value| self.learn_all(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.learn_all(value)),
            _ => {}
        }
    }

    /// Takes the secrets out of a JSON value. It keeps its shape, so that the models can still read it.
    pub(super) fn json(&self, value: &mut Value, codes: bool) {
        match value {
            Value::Object(fields) => {
                let named = std::mem::take(fields);
                for (name, mut value) in named {
                    if is_secret_name(&name) || (codes && name == "code") {
                        blank(&mut value);
                    } else {
                        self.json(&mut value, codes);
                    }
                    let name = self.without_seen(&name, SHORTEST_IN_NAMES);
                    fields.insert(without_tokens(&name), value);
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(|value| self.json(value, codes)),
            Value::String(text) => *text = self.text(text),
            _ => {}
        }
    }

    /// Takes the secrets out of a text.
    pub(super) fn text(&self, text: &str) -> String {
        without_tokens(&without_users(&self.without_seen(text, SHORTEST)))
    }

    fn without_seen(&self, text: &str, shortest: usize) -> String {
        let mut text = text.to_owned();
        for secret in self.seen.iter().map(Secret::expose) {
            if secret.len() >= shortest && text.contains(secret) {
                text = text.replace(secret, REDACTED);
            } else if text == secret && shortest == SHORTEST {
                return REDACTED.to_owned();
            }
        }
        text
    }
}

/// Puts a mark in the place of all texts and numbers. An empty text and a flag tell no secret.
fn blank(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_empty() => REDACTED.clone_into(text),
        Value::Number(number) => *number = Number::from(0),
        Value::Array(elements) => elements.iter_mut().for_each(blank),
        Value::Object(fields) => fields.values_mut().for_each(blank),
        _ => {}
    }
}

/// Takes user and password out of URLs.
fn without_users(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + 3);
        kept.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c)).unwrap_or(after.len());
        let (authority, next) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                kept.push_str(REDACTED);
                kept.push('@');
                kept.push_str(host);
            }
            None => kept.push_str(authority),
        }
        rest = next;
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "password",
            "admin_password",
            "adminPassword",
            "refresh_token",
            "accessToken",
            "api_key",
            "X-API-Key",
            "key",
            "client_secret",
            "X-EdgeQuake-Setup-Token",
            "Set-Cookie",
            "Authorization",
            "Proxy-Authorization",
            "extra_headers",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in
            ["token_type", "max_tokens", "tokens_used", "keys", "key_id", "keywords", "author", "content"]
        {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn the_shape_of_what_is_taken_out_stays() {
        let mut redactor = Redactor::default();
        let mut value = json!({
            "access_token": "s3cr3t-a", "expires_in": 3600, "refresh_token": null, "password": "", "pwd": 1234,
            "extra_headers": {"x": "s3cr3t-h"}, "jwt_secret_is_default": false, "api_keys": ["s3cr3t-k"],
            "of eyJhbGciOiJIUzI1NiJ9.c2ln": 1, "message": "your s3cr3t-a is old", "s3cr3t-a-and-more": [{"deep": ["s3cr3t-a"]}], "key": "name", "name": "name",
        });
        redactor.remember("s3cr3t-a-and-more");
        redactor.learn(&value, false);
        redactor.json(&mut value, false);
        assert_eq!(
            value,
            json!({
                "access_token": "[redacted]", "expires_in": 3600, "refresh_token": null, "password": "", "pwd": 0,
                "extra_headers": {"x": "[redacted]"}, "jwt_secret_is_default": false, "api_keys": ["[redacted]"],
                "of [redacted]": 1, "message": "your [redacted] is old", "[redacted]": [{"deep": ["[redacted]"]}], "key": "[redacted]", "name": "name",
            })
        );
    }

    #[test]
    fn one_time_codes_are_secrets_where_they_are_sent() {
        let mut redactor = Redactor::default();
        let mut value = json!({"code": "s3cr3t-c"});
        redactor.json(&mut value, false);
        assert_eq!(value, json!({"code": "s3cr3t-c"}));
        redactor.learn(&value, true);
        redactor.json(&mut value, true);
        assert_eq!(value, json!({"code": "[redacted]"}));
    }

    #[test]
    fn texts_that_look_like_secrets() {
        let redactor = Redactor::default();
        for (text, clean) in [
            ("Bearer abcdefgh12 is old", "Bearer [redacted] is old"),
            ("the bearer of news", "the bearer of news"),
            ("see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln.", "see [redacted]"),
            ("key eq_Zz91kQp4TtUuVvWwXxYyAaBbCcDdEeFf!", "key [redacted]!"),
            ("prefix eq_Zz91kQp4", "prefix eq_Zz91kQp4"),
            (
                "http://mona:pw@proxy:1/x?a=b and https://eq.test/",
                "http://[redacted]@proxy:1/x?a=b and https://eq.test/",
            ),
            ("Brücken – ünïcode", "Brücken – ünïcode"),
        ] {
            assert_eq!(redactor.text(text), clean);
        }
    }

    #[test]
    fn a_secret_within_a_longer_one_does_not_tear_it_apart() {
        let mut redactor = Redactor::default();
        redactor.remember("abcd");
        redactor.remember("abcd-efgh");
        redactor.remember("no");
        assert_eq!(redactor.text("abcd-efgh, abcd, nothing"), "[redacted], [redacted], nothing");
        assert_eq!(redactor.text("no"), "[redacted]");
    }
}
