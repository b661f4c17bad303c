//! Keys from creation to revocation, as scripts use them.

use edgequake_devserver::{Era, Fault};

use crate::rig::{MONA_PASSWORD, Rig, assert_transcript, server};

async fn as_mona() -> Rig {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig
}

#[tokio::test]
async fn the_output_of_create_is_the_key_and_nothing_else() {
    let mut rig = as_mona().await;
    let created = rig.cli(&["api-keys", "create", "--name", "Production Server"]).await.succeeded();
    assert!(created.stdout.starts_with("eq_") && created.stdout.lines().count() == 1, "{}", created.stdout);
    assert!(!created.stderr.contains(created.word()));

    rig.cli(&["logout"]).await.succeeded();
    rig.env("EDGEQUAKE_API_KEY", created.word());
    let me = rig.cli(&["whoami", "--json"]).await.succeeded().json();
    assert_eq!(me["username"], "mona");
    assert!(!rig.cli(&["status"]).await.succeeded().stdout.contains(created.word()));
    // It may read and query, and nothing else, since no scope was named.
    assert_eq!(rig.cli(&["api-keys", "create"]).await.code, 4);
}

#[tokio::test]
async fn keys_from_creation_to_revocation() {
    let mut rig = as_mona().await;
    rig.cli(&["api-keys", "list"]).await;
    rig.cli(&["api-keys", "create", "--name", "ci", "--scope", "read", "--scope", "write"]).await;
    rig.cli(&["api-keys", "create", "--name", "all", "--scopes", "query,admin", "--expires-in-days", "90"])
        .await;
    rig.cli(&["api-keys", "create", "--scope", "raed"]).await;
    let listed = rig.cli(&["api-keys", "list", "--json"]).await.json();
    rig.cli(&["api-keys", "list"]).await;
    let ci = listed.as_array().unwrap().iter().find(|key| key["name"] == "ci").unwrap();
    let id = ci["key_id"].as_str().unwrap();
    rig.cli(&["api-keys", "revoke", id]).await;
    rig.cli(&["api-keys", "revoke", "00000000-0000-4000-8000-000000000000"]).await;
    rig.cli(&["api-keys", "list", "--unused"]).await;
    rig.cli(&["api-keys", "audit"]).await;
    assert_transcript!(rig);
}

#[tokio::test]
async fn a_rotated_key_keeps_name_and_scopes() {
    let mut rig = as_mona().await;
    let args = ["api-keys", "create", "--name", "ci", "--scope", "read,write", "--json"];
    let old = rig.cli(&args).await.succeeded().json();
    let id = old["key_id"].as_str().unwrap();
    let rotated = rig.cli(&["api-keys", "rotate", id]).await.succeeded();
    assert!(rotated.stdout.starts_with("eq_") && rotated.stdout.lines().count() == 1);

    let keys = rig.cli(&["api-keys", "list", "--json"]).await.json();
    let facts = |active: bool| {
        let key = keys.as_array().unwrap().iter().find(|key| key["is_active"] == active).unwrap();
        (key["name"].clone(), key["scopes"].clone())
    };
    assert_eq!(facts(true), facts(false));
    assert_eq!(facts(true).0, "ci");

    // What is revoked or unknown makes no new key.
    assert_eq!(rig.cli(&["api-keys", "rotate", id]).await.code, 1);
    assert_eq!(rig.cli(&["api-keys", "rotate", "no-such-key"]).await.code, 5);
    // A key with an end does not turn into one without.
    let ending = rig.cli(&["api-keys", "create", "--expires-in-days", "3", "--json"]).await.json();
    let ending = ending["key_id"].as_str().unwrap();
    assert_eq!(rig.cli(&["api-keys", "rotate", ending]).await.code, 2);
    rig.cli(&["api-keys", "rotate", ending, "--expires-in-days", "3"]).await.succeeded();
    let keys = rig.cli(&["api-keys", "list", "--json"]).await.json();
    assert_eq!(keys.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn audit_tells_the_last_use_and_the_unused_first() {
    let mut rig = as_mona().await;
    let used = rig.cli(&["api-keys", "create", "--name", "used"]).await.succeeded();
    rig.cli(&["api-keys", "create", "--name", "unused"]).await.succeeded();
    rig.env("EDGEQUAKE_API_KEY", used.word());
    rig.cli(&["whoami"]).await.succeeded();
    rig.env("EDGEQUAKE_API_KEY", "");
    let audit = rig.cli(&["api-keys", "audit", "--json"]).await.succeeded().json();
    let names: Vec<_> = audit.as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["unused", "used"]);
    assert!(audit[0]["last_used_at"].is_null() && audit[1]["last_used_at"].is_string());
    let unused = rig.cli(&["api-keys", "list", "--unused", "--json"]).await.json();
    assert_eq!(unused.as_array().unwrap().len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_key_that_nobody_got_is_revoked() {
    let mut rig = as_mona().await;
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = rig.cli_to(&["api-keys", "create"], full).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("so it was revoked") && !stderr.contains("eq_"), "{stderr}");
    let keys = rig.cli(&["api-keys", "list", "--json"]).await.json();
    assert_eq!(keys[0]["is_active"], false);
    // In a rotation, the old key stays active then.
    let old = rig.cli(&["api-keys", "create", "--json"]).await.json();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let rotate = ["api-keys", "rotate", old["key_id"].as_str().unwrap()];
    assert_eq!(rig.cli_to(&rotate, full).await.status.code(), Some(1));
    let keys = rig.cli(&["api-keys", "list", "--json"]).await.json();
    let active: Vec<_> = keys.as_array().unwrap().iter().filter(|key| key["is_active"] == true).collect();
    assert_eq!(active.len(), 1);
    assert_eq!(active[0]["key_id"], old["key_id"]);
}

#[tokio::test]
async fn a_master_key_has_no_keys_of_its_own() {
    let mut rig = Rig::with(server().era(Era::C).master_key("s3cr3t-master")).await;
    std::fs::write(rig.home.path().join("master.key"), "s3cr3t-master\n").unwrap();
    let refused = rig.cli(&["--api-key-file", "master.key", "api-keys", "create"]).await;
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("the key file master.key"), "{}", refused.stderr);
}

#[tokio::test]
async fn a_rotation_that_cannot_revoke_still_gives_the_new_key() {
    let mut rig = Rig::as_root().await;
    let old = rig.cli(&["api-keys", "create", "--name", "ci", "--json"]).await.succeeded().json();
    let old = old["key_id"].as_str().unwrap();
    rig.server.faults().add(Fault::status(403).on("RevokeApiKey")).unwrap();
    let before = rig.server.request_log().len();
    let rotated = rig.cli(&["api-keys", "rotate", old]).await;
    assert_eq!(rotated.code, 1, "{}", rotated.stderr);
    assert!(rotated.word().starts_with("eq_"), "{}", rotated.stdout);
    let said = format!("the old key {old} could not be revoked");
    assert!(rotated.stderr.contains(&said), "{}", rotated.stderr);
    let log = rig.server.request_log();
    let methods: Vec<&str> = log[before..].iter().map(|seen| seen.method.as_str()).collect();
    assert_eq!(methods, ["GET", "POST", "DELETE"]);
}
