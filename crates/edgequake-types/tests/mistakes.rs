//! Typical mistakes in a declaration, and what is said about them. `TRYBUILD=overwrite` writes that anew.
//!
//! What the attributes say themselves (`mistakes`) is compared under every compiler. What the compiler says, in words of its
//! own, about the code that they write (`mistakes/compiler`) is compared under the one release that it was written down with,
//! and not tried under others.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests, helpers included"
)]

use std::env;
use std::process::Command;

/// The compiler whose own words stand in `mistakes/compiler`. Another one's are not compared.
const COMPILER: &str = "rustc 1.95.";

fn version() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    String::from_utf8(Command::new(rustc).arg("--version").output().unwrap().stdout).unwrap()
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let mistakes = trybuild::TestCases::new();
    mistakes.compile_fail("tests/mistakes/*.rs");
    // What only the compiler can find, because it knows the types.
    if version().starts_with(COMPILER) {
        mistakes.compile_fail("tests/mistakes/compiler/*.rs");
    }
}
