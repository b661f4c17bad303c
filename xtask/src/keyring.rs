//! `cargo xtask keyring`: the keyring store against a real Secret Service, without a desktop.
//!
//! It needs `dbus-run-session` and `gnome-keyring-daemon`. On Debian and its like it installs the packages `dbus` and
//! `gnome-keyring` where they are missing, which takes root; elsewhere it says what is missing.

use std::process::{Command, Stdio};
use std::time::Duration;

use lexopt::Parser;

use crate::command::run as run_command;
use crate::failure::{Failure, Result};
use crate::limit::{self, End};

/// Builds and tests; a prompt that nobody answers would last for ever.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Unlocks a keyring of its own with a password that guards nothing, then runs the test that needs one.
const SESSION: &str = r#"
set -eu
printf 'keyring-of-a-test' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
"$CARGO" test --package edgequake-auth --features keyring,testing --test keyring -- --include-ignored
ran=$("$CARGO" test --package edgequake-cli --features keyring --test it -- \
    --ignored --exact sessions::a_login_is_in_one_place_only) || { echo "$ran"; exit 1; }
echo "$ran"
case "$ran" in *' 1 passed'*) ;; *) echo 'the test of the command line did not run'; exit 1 ;; esac
"#;

pub(crate) fn run(arguments: Parser) -> Result<()> {
    crate::no_arguments(arguments)?;
    if !(is_there("dbus-run-session") && is_there("gnome-keyring-daemon")) {
        install()?;
    }
    let home = std::env::temp_dir().join(format!("xtask-keyring-{}", std::process::id()));
    std::fs::create_dir_all(&home)
        .map_err(|error| Failure::new(format!("no folder for the test's keyring: {error}")))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The keyring goes into a folder of its own; the user's is left alone.
    let ended = limit::run(
        Command::new("dbus-run-session")
            .args(["--", "sh", "-c", SESSION])
            .env("CARGO", cargo)
            .env("XDG_DATA_HOME", &home)
            .env("XDG_RUNTIME_DIR", &home),
        LIMIT,
    );
    // What is left in the temporary folder is a keyring that nobody needs.
    let _ = std::fs::remove_dir_all(&home);
    match ended? {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => Err(Failure::new(format!("the tests with a keyring failed: {status}"))),
        End::Killed => {
            Err(Failure::new(format!("the tests with a keyring took longer than {} s", LIMIT.as_secs())))
        }
    }
}

fn is_there(program: &str) -> bool {
    let found =
        Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

fn install() -> Result<()> {
    if !is_there("apt-get") {
        return Err(Failure::new("install dbus (dbus-run-session) and gnome-keyring first"));
    }
    run_command(Command::new("apt-get").arg("update").stdout(Stdio::null()))?;
    let packages = ["install", "--yes", "--no-install-recommends", "dbus", "gnome-keyring"];
    run_command(Command::new("apt-get").args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}
