//! Runnable examples, one file each: `cargo run --example quickstart`.
