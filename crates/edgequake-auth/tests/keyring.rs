//! A keyring where there is none: containers, SSH sessions, build machines.
#![cfg(all(feature = "keyring", target_os = "linux"))]

use std::process::Command;
use std::time::{Duration, Instant};

use edgequake_auth::{FallbackStore, FileStore, KeyringStore, StoreErrorKind, StoredLogin, TokenStore as _};

/// Set in a process that has no keyring: a folder of its own.
const CHILD: &str = "EDGEQUAKE_AUTH_TEST_KEYRING";

/// Does nothing in an ordinary test run.
#[test]
fn child_without_a_keyring() {
    let Some(folder) = std::env::var_os(CHILD).map(std::path::PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let origin: edgequake_types::Origin = "https://api.example.com".parse().unwrap();
    let login = StoredLogin::new("mona", "a1");
    runtime.block_on(async {
        let start = Instant::now();
        let keyring = KeyringStore::new();
        for error in [
            keyring.load(&origin, None).await.unwrap_err(),
            keyring.save(&origin, &login).await.unwrap_err(),
            keyring.clear(&origin, "mona").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
            assert!(error.to_string().contains("keep logins in a file"), "{error}");
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());

        let store = FallbackStore::new(keyring, FileStore::new(folder.join("logins.json")));
        store.save(&origin, &login).await.unwrap();
        assert_eq!(store.load(&origin, None).await.unwrap(), Some(login));
        assert!(folder.join("logins.json").exists());
    });
}

#[test]
fn no_keyring_is_a_clear_error_and_a_fallback_that_was_asked_for_takes_over() {
    for bus in [None, Some("unix:path=/nonexistent"), Some("nonsense")] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["child_without_a_keyring", "--exact"]).env(CHILD, folder.path());
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("XDG_RUNTIME_DIR", folder.path());
        match bus {
            Some(bus) => command.env("DBUS_SESSION_BUS_ADDRESS", bus),
            None => command.env_remove("DBUS_SESSION_BUS_ADDRESS"),
        };
        let output = command.output().unwrap();
        assert!(output.status.success(), "{bus:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Run with `--ignored` where a keyring service is at hand, such as `dbus-run-session` with an unlocked gnome-keyring.
#[tokio::test]
#[ignore = "needs a keyring service"]
async fn a_real_keyring_keeps_a_login_and_forgets_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyringStore::new().lock_file(folder.path().join("lock"));
    // An origin that nobody logs in to.
    let origin: edgequake_types::Origin = "https://keyring-test.invalid".parse().unwrap();
    store.clear(&origin, "mona").await.unwrap();
    assert_eq!(store.load(&origin, None).await.unwrap(), None);
    let mut login = StoredLogin::new("mona", "a1");
    login.refresh_token = Some("r1".into());
    store.save(&origin, &login).await.unwrap();
    assert_eq!(KeyringStore::new().load(&origin, Some("mona")).await.unwrap(), Some(login));
    store.clear(&origin, "mona").await.unwrap();
    assert_eq!(store.load(&origin, None).await.unwrap(), None);
}
