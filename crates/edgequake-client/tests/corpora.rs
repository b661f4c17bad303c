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
fn sse() {
    replay("sse", targets::sse);
}

#[test]
fn events() {
    replay("events", targets::events);
}

#[test]
fn retry_after() {
    replay("retry_after", targets::retry_after_header);
}

#[test]
fn base_url() {
    replay("base_url", targets::base_url);
}

#[test]
fn lines() {
    replay("lines", targets::lines);
}

#[test]
fn file_name() {
    replay("file_name", targets::file_name);
}

#[test]
fn untyped_path() {
    replay("untyped_path", targets::untyped_path);
}

#[test]
fn answers() {
    replay("answers", targets::answers);
}

#[test]
fn proxy_answer() {
    replay("proxy_answer", targets::proxy_answer);
}
