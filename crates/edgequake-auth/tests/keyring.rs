//! A keyring where there is none: containers, SSH sessions, build machines.
#![cfg(all(feature = "keyring", target_os = "linux"))]

use std::process::Command;
use std::time::{Duration, Instant};

use edgequake_auth::{
    EndReason, FallbackStore, FileStore, KeyringStore, Record, ServerKey, StoreErrorKind, StoredTokens,
    TokenStore as _,
};

/// Set in a process that has no keyring: a folder of its own.
const CHILD: &str = "EDGEQUAKE_AUTH_TEST_KEYRING";

fn login() -> Record {
    Record::new(StoredTokens::new(Some("a1".into()), Some("r1".into())), std::time::SystemTime::now())
}

/// Does nothing in an ordinary test run.
#[test]
fn child_without_a_keyring() {
    let Some(folder) = std::env::var_os(CHILD).map(std::path::PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let key = ServerKey::new("https://api.example.com".parse().unwrap(), "").account("mona");
    let login = login();
    runtime.block_on(async {
        let start = Instant::now();
        let keyring = KeyringStore::new(folder.join("keyring"));
        for error in [
            keyring.latest(key.server()).await.unwrap_err(),
            keyring.compare_and_set(&key, None, &login).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
            assert!(error.to_string().contains("keep logins in a file"), "{error}");
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());

        let store = FallbackStore::new(keyring, FileStore::new(folder.join("logins")));
        let _ = store.compare_and_set(&key, None, &login).await.unwrap();
        assert_eq!(store.read(&key).await.unwrap().unwrap().record, login);
        assert!(folder.join("logins").exists());
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
    let store = || KeyringStore::new(folder.path().join("records"));
    // A server that nobody logs in to.
    let key = ServerKey::new("https://keyring-test.invalid".parse().unwrap(), "").account("mona");
    assert_eq!(store().read(&key).await.unwrap(), None);
    let mut record = login();
    let _ = store().compare_and_set(&key, None, &record).await.unwrap();
    let found = store().read(&key).await.unwrap().unwrap();
    assert_eq!(found.record, record);
    record.status = edgequake_auth::Status::ended(EndReason::LoggedOut, std::time::SystemTime::now());
    let _ = store().compare_and_set(&key, Some(found.revision), &record).await.unwrap();
    assert_eq!(store().read(&key).await.unwrap().unwrap().record, record);
}

#[cfg(feature = "testing")]
#[tokio::test]
#[ignore = "needs a keyring service: cargo xtask keyring"]
async fn the_contract_and_sessions_hold_in_a_real_keyring() {
    let folder = tempfile::tempdir().unwrap();
    edgequake_auth::store::contract::check(|| KeyringStore::new(folder.path().join("records"))).await;
    let folder = tempfile::tempdir().unwrap();
    edgequake_auth::contract::sessions(|| KeyringStore::new(folder.path().join("records"))).await;
}

/// Set in a process whose keyring comes later: a folder of its own.
const LATE: &str = "EDGEQUAKE_AUTH_TEST_LATE_KEYRING";

/// Does nothing in an ordinary test run.
#[tokio::test]
async fn child_whose_keyring_comes_later() {
    let Some(folder) = std::env::var_os(LATE).map(std::path::PathBuf::from) else { return };
    let store = KeyringStore::new(folder.join("records"));
    let key = ServerKey::new("https://api.example.com".parse().unwrap(), "").account("mona");
    let error = store.compare_and_set(&key, None, &login()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    println!("none");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let _ = store.compare_and_set(&key, None, &login()).await.unwrap();
    assert!(store.read(&key).await.unwrap().is_some());
    println!("found");
}

#[test]
#[ignore = "needs a keyring service"]
fn a_service_that_starts_after_the_program_is_found() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::Stdio;

    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:path={}", folder.path().join("bus").display());
    let with_bus = |program: &std::ffi::OsStr| {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", &address).env("XDG_RUNTIME_DIR", folder.path());
        command.env("XDG_DATA_HOME", folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    };
    let mut child = with_bus(std::env::current_exe().unwrap().as_os_str())
        .args(["child_whose_keyring_comes_later", "--exact", "--nocapture"])
        .env(LATE, folder.path())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().ends_with("none")).expect("it has no keyring yet").unwrap();

    let mut bus = with_bus("dbus-daemon".as_ref())
        .args(["--session", "--nofork", "--print-address", "--address", &address])
        .spawn()
        .unwrap();
    BufReader::new(bus.stdout.take().unwrap()).lines().next().expect("it says where it listens").unwrap();
    let mut service = with_bus("gnome-keyring-daemon".as_ref())
        .args(["--unlock", "--components=secrets", "--foreground"])
        .spawn()
        .unwrap();
    service.stdin.take().unwrap().write_all(b"keyring-of-a-test").unwrap();
    // It says that it is there before it owns its name on the bus.
    let owned = || {
        let output = with_bus("dbus-send".as_ref())
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.NameHasOwner",
            ])
            .arg("string:org.freedesktop.secrets")
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).contains("boolean true")
    };
    let begun = std::time::Instant::now();
    while !owned() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the service does not come");
        std::thread::sleep(Duration::from_millis(20));
    }

    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    for process in [&mut service, &mut bus] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    assert!(rest.iter().any(|line| line.ends_with("found")), "{rest:?}");
    assert!(child.wait().unwrap().success());
}
