//! The file store on a disk that fails: each of its system calls once, with each error that it may have, on the real system by
//! `strace`; and on disks that are full, read-only, of another kind, or another user's.
//!
//! Needs programs and often root, so that it is run by `cargo xtask disk`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test, helpers included")]

#[path = "../support/http1.rs"]
mod http1;
#[path = "../support/dev.rs"]
mod dev;

mod bench;
mod calls;
mod child;
mod ends;
mod inject;
mod places;
