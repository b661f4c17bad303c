//! Replays the fuzzers' corpora, so that what they have found stays found.

#![allow(clippy::unwrap_used, reason = "a test, helpers included")]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

fn replay(corpus: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(corpus);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        target(&std::fs::read(entry.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs >= 5, "{corpus} has {inputs} inputs");
}

#[test]
fn dotenv() {
    replay("dotenv", targets::dotenv);
}

#[test]
fn jwt_exp() {
    replay("jwt_exp", targets::jwt_exp);
}

#[test]
fn token_file() {
    replay("token_file", targets::token_file);
}

#[test]
fn record() {
    replay("record", targets::record);
}

#[test]
fn api_key_header() {
    replay("api_key_header", targets::api_key_header);
}
