//! Runnable examples, one file each: `cargo run --example quickstart`. The folder `readme` holds the code of the READMEs. This library
//! is empty: a package needs one.
