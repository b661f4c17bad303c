//! The fuzz targets over their corpora, on every test run.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

#[allow(unreachable_pub, reason = "a library of its own where it is fuzzed")]
#[path = "../fuzz/src/lib.rs"]
mod checks;

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        // Captured unless the check fails; then it says on which input.
        println!("{}", path.display());
        check(&fs::read(&path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", corpus.display());
}

#[test]
fn error_body() {
    replay("error_body", checks::error_body);
}

#[test]
fn json_models() {
    replay("json_models", checks::json_models);
}

#[test]
fn multipart() {
    replay("multipart", checks::multipart);
}

#[test]
fn pages() {
    replay("pages", checks::pages);
}

#[test]
fn path_parameters() {
    replay("path_parameters", checks::path_parameters);
}

#[test]
fn query_event() {
    replay("query_event", checks::query_event);
}
