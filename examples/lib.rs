//! Runnable examples, one file each: `cargo run --example quickstart`. This library holds nothing but the code of the
//! README, so that it is compiled with the tests.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
