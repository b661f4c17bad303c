//! Logins that outlive the process, and how they end.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;

use crate::rig::{MONA_PASSWORD, ROOT_PASSWORD, Rig, assert_transcript, server};

#[tokio::test]
async fn a_session_from_login_to_logout() {
    let mut rig = Rig::new().await;
    rig.cli(&["whoami"]).await;
    rig.cli(&["logout"]).await;
    assert!(!rig.logins().exists());

    rig.cli_with(&["login", "mona", "--password-stdin"], &format!("{MONA_PASSWORD}\n")).await;
    rig.cli(&["whoami"]).await;
    rig.cli(&["status"]).await;
    // The next process renews the token of the first one, and the one after it uses the new one.
    rig.server.expire_access_tokens();
    rig.cli(&["whoami"]).await.succeeded();
    rig.cli(&["whoami"]).await.succeeded();
    assert_eq!((rig.server.stats().logins, rig.server.stats().refreshes), (1, 1));
    rig.cli(&["logout"]).await;
    rig.cli(&["whoami"]).await;
    rig.cli(&["status"]).await;
    assert_eq!((rig.server.stats().refreshes, rig.server.stats().token_reuses), (1, 0));
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_login_takes_the_password_from_the_file_that_is_set() {
    let mut rig = Rig::new().await;
    let file = rig.home.path().join("password");
    std::fs::write(&file, format!("{MONA_PASSWORD}\n")).unwrap();
    rig.env("EDGEQUAKE_USERNAME", "mona");
    rig.env("EDGEQUAKE_PASSWORD_FILE", &file);
    rig.cli(&["login"]).await.succeeded();
    rig.cli(&["whoami"]).await.succeeded();
    rig.cli(&["logout"]).await.succeeded();
    // Without a stored session the file serves for each command.
    rig.cli(&["whoami"]).await.succeeded();
    assert_eq!(rig.server.stats().logins, 2);
    std::fs::remove_file(&file).unwrap();
    let failed = rig.cli(&["whoami"]).await;
    assert!(failed.stderr.contains("(EDGEQUAKE_PASSWORD_FILE) cannot be read"), "{}", failed.stderr);
    rig.env("EDGEQUAKE_PASSWORD", MONA_PASSWORD);
    let failed = rig.cli(&["login"]).await;
    assert!(failed.stderr.contains("are both set"), "{}", failed.stderr);
}

#[tokio::test]
async fn without_a_home_no_password_is_sent() {
    let rig = Rig::new().await;
    let mut command = rig.command(&["login", "mona", "--password-stdin"]);
    let mut child = command.env("HOME", "nowhere").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(MONA_PASSWORD.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.lines().count() == 1, "{said}");
    let why =
        if cfg!(windows) { "LOCALAPPDATA" } else { "HOME is not an absolute path: use an API key instead" };
    assert!(said.contains(why), "{said}");
    assert_eq!(rig.server.stats().logins, 0);
    assert!(!rig.home.path().join("nowhere").exists());
}

/// Makes the stored token look expired.
fn expire_token(rig: &Rig) {
    let stored = std::fs::read_to_string(rig.record()).unwrap();
    let mut stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
    stored["tokens"]["expires_at"] = 1_000_000.into();
    std::fs::write(rig.record(), stored.to_string()).unwrap();
}

#[tokio::test]
async fn an_expired_token_is_renewed_before_it_is_sent() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    expire_token(&rig);
    let status = rig.cli(&["status", "--json"]).await.succeeded().json();
    assert_eq!(status["credential"]["expires_in"], 0);
    assert!(rig.cli(&["status"]).await.stdout.contains("expired; the next command renews it"));
    rig.cli(&["whoami"]).await.succeeded();
    assert_eq!((rig.server.stats().refreshes, rig.server.stats().unauthorized), (1, 0));
    // A logout spends no refresh token.
    expire_token(&rig);
    rig.cli(&["logout"]).await.succeeded();
    assert_eq!((rig.server.stats().refreshes, rig.server.stats().unauthorized), (1, 0));
    assert!(std::fs::read_to_string(rig.record()).unwrap().contains("logged_out"));
}

#[tokio::test]
async fn a_server_that_does_not_hear_of_the_logout_is_no_reason_to_stay_logged_in() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.server.revoke_sessions();
    let refused = rig.cli(&["logout"]).await;
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    let stored = std::fs::read_to_string(rig.record()).unwrap();
    assert!(stored.contains("logged_out") && !stored.contains("refresh_token"), "{stored}");
    rig.cli(&["logout"]).await.succeeded();
}

#[cfg(unix)]
#[tokio::test]
async fn the_server_is_told_of_a_logout_that_cannot_be_stored() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.without_privileges();
    let folder = rig.record().parent().unwrap().to_owned();
    set_mode(&folder, 0o500);
    rig.cli(&["logout"]).await;
    // Nobody can use it any more, and the user is told what is left.
    assert!(rig.server.ledger().sessions().iter().all(|session| session.end.is_some()));
    rig.cli(&["whoami"]).await;
    set_mode(&folder, 0o700);
    assert_transcript!(rig);
}

#[cfg(unix)]
#[tokio::test]
async fn a_logout_that_neither_side_takes_tells_both() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.without_privileges();
    let folder = rig.record().parent().unwrap().to_owned();
    set_mode(&folder, 0o500);
    rig.server.revoke_sessions();
    rig.cli(&["logout"]).await;
    set_mode(&folder, 0o700);
    assert_transcript!(rig);
}

#[cfg(unix)]
#[tokio::test]
async fn the_status_says_why_the_stored_login_cannot_be_read() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.without_privileges();
    set_mode(&rig.logins(), 0o000);
    rig.cli(&["status"]).await;
    let json = rig.cli(&["status", "--json"]).await.json();
    set_mode(&rig.logins(), 0o700);
    assert_eq!(json["credential"]["source"], "unreadable");
    let error = json["credential"]["error"].as_str().unwrap();
    assert!(error.contains("permission denied"), "{error}");
    assert_transcript!(rig);
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_session_is_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let record = rig.record();
    assert_eq!((mode(&record), mode(record.parent().unwrap()), mode(&rig.logins())), (0o600, 0o700, 0o700));
    let stored = std::fs::read_to_string(record).unwrap();
    assert!(stored.contains("mona") && !stored.contains(MONA_PASSWORD));
}

#[tokio::test]
async fn a_login_that_fails_says_why() {
    let mut rig = Rig::with(server().max_login_attempts(2)).await;
    rig.cli(&["login"]).await;
    rig.cli(&["login", "mona"]).await;
    rig.cli_with(&["login", "mona", "--password-stdin"], "\n").await;
    rig.cli_with(&["login", "mona", "--password-stdin"], "s3cr3t-wrong").await;
    rig.cli_with(&["login", "mona", "--password-stdin"], "s3cr3t-wrong").await;
    rig.cli_with(&["login", "mona", "--password-stdin", "-v"], MONA_PASSWORD).await;
    assert!(!rig.logins().exists());
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_failed_login_leaves_the_session_that_there_is() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    let refused = rig.cli_with(&["login", "mona", "--password-stdin"], "s3cr3t-wrong").await;
    assert_eq!(refused.code, 3);
    rig.cli(&["whoami"]).await.succeeded();
}

#[tokio::test]
async fn a_revoked_session_asks_for_a_login() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.server.revoke_sessions();
    rig.cli(&["whoami"]).await;
    rig.cli(&["whoami"]).await;
    assert_transcript!(rig);
}

#[tokio::test]
async fn two_users_of_one_server_are_told_apart() {
    let mut rig = Rig::as_root().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    assert!(rig.cli(&["whoami"]).await.succeeded().stdout.contains("mona"));
    rig.env("EDGEQUAKE_USERNAME", "root");
    assert!(rig.cli(&["whoami"]).await.succeeded().stdout.contains("root@corp.test"));
    rig.cli(&["logout"]).await.succeeded();
    rig.env("EDGEQUAKE_USERNAME", "");
    assert!(rig.cli(&["whoami"]).await.succeeded().stdout.contains("mona"));
}

#[tokio::test]
async fn a_password_of_the_environment_is_for_its_own_user_only() {
    let mut rig = Rig::new().await;
    rig.env("EDGEQUAKE_USERNAME", "mona");
    rig.env("EDGEQUAKE_PASSWORD", MONA_PASSWORD);
    // Nobody asked to keep this one.
    assert!(rig.cli(&["whoami"]).await.succeeded().stdout.contains("mona"));
    assert!(!rig.logins().exists());
    rig.cli(&["login", "root"]).await;
    rig.cli(&["login"]).await;
    // From now on the stored session is used.
    let logins = rig.server.stats().logins;
    rig.cli(&["whoami"]).await.succeeded();
    assert_eq!(rig.server.stats().logins, logins);
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_left_alone() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    let record = rig.record();
    std::fs::write(&record, "{").unwrap();
    rig.cli(&["whoami"]).await;
    rig.cli_with(&["login", "mona", "--password-stdin"], MONA_PASSWORD).await;
    rig.cli(&["status"]).await;
    assert_eq!(std::fs::read_to_string(record).unwrap(), "{");
    assert_eq!(rig.server.stats().logins, 1);
    assert_transcript!(rig);
}

#[cfg(all(unix, feature = "keyring"))]
#[tokio::test]
async fn without_a_keyring_no_password_is_sent() {
    let mut rig = Rig::new().await;
    rig.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let refused =
        rig.cli_with(&["login", "mona", "--password-stdin", "--store", "keyring"], MONA_PASSWORD).await;
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("keyring"), "{}", refused.stderr);
    assert_eq!(rig.server.stats().requests, 0);
}

#[cfg(feature = "keyring")]
#[tokio::test]
#[ignore = "needs a Secret Service: cargo xtask keyring"]
async fn a_login_is_in_one_place_only() {
    let mut rig = Rig::new().await;
    for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"] {
        rig.env(name, std::env::var(name).unwrap());
    }
    let login = async |rig: &mut Rig, store: &str| {
        let args = ["login", "mona", "--password-stdin", "--store", store];
        rig.cli_with(&args, MONA_PASSWORD).await.succeeded();
        rig.cli(&["whoami"]).await.succeeded();
    };
    let tokens_in_files = |rig: &Rig| {
        let (mut found, mut folders) = (0, vec![rig.home.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found += std::fs::read_to_string(path).unwrap().matches("access_token\": \"").count();
                }
            }
        }
        found
    };
    login(&mut rig, "file").await;
    assert_eq!(tokens_in_files(&rig), 1);
    login(&mut rig, "keyring").await;
    assert_eq!(tokens_in_files(&rig), 0);
    login(&mut rig, "file").await;
    assert_eq!(tokens_in_files(&rig), 1);
    rig.cli(&["logout"]).await.succeeded();
    assert_eq!(tokens_in_files(&rig), 0);
    // Whoever they were, and by whatever name.
    for (name, password) in [("mona@corp.test", MONA_PASSWORD), ("root", ROOT_PASSWORD)] {
        let args = ["login", name, "--password-stdin"];
        rig.cli_with(&args, password).await.succeeded();
    }
    assert_eq!(tokens_in_files(&rig), 2);
    login(&mut rig, "keyring").await;
    assert_eq!(tokens_in_files(&rig), 0);
    rig.cli(&["logout"]).await.succeeded();
    // Each former session was ended at the server as well.
    assert_eq!(rig.server.stats().logins, 6);
    assert!(rig.server.ledger().sessions().iter().all(|session| session.end.is_some()));
}
