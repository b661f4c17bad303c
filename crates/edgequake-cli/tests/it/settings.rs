//! Where credentials and settings come from, and which one wins.

use crate::rig::{MONA_PASSWORD, ROOT_PASSWORD, Rig, assert_transcript, server};

#[tokio::test]
async fn the_first_credential_of_the_documented_order_wins() {
    let mut rig = Rig::new().await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    let source = async |rig: &mut Rig, args: &[&str]| {
        let args = [&["status", "--json"], args].concat();
        let status = rig.cli(&args).await.succeeded().json();
        (status["credential"]["source"].as_str().unwrap().to_owned(), status["credential"]["user"].clone())
    };
    assert_eq!(source(&mut rig, &[]).await, ("stored_login".to_owned(), "mona".into()));

    let home = rig.home.path().to_owned();
    std::fs::write(
        home.join("login.env"),
        format!("EDGEQUAKE_EMAIL=root@corp.test\nEDGEQUAKE_PASSWORD={ROOT_PASSWORD}\n"),
    )
    .unwrap();
    let env_file = ["--env-file", "login.env"];
    assert_eq!(source(&mut rig, &env_file).await, ("env_file_login".to_owned(), "root@corp.test".into()));
    assert!(rig.cli(&["whoami", "--env-file", "login.env"]).await.succeeded().stdout.contains("admin"));
    std::fs::write(home.join("key.env"), "EDGEQUAKE_API_KEY=s3cr3t-filek\n").unwrap();
    assert_eq!(source(&mut rig, &["--env-file", "key.env"]).await.0, "env_file_api_key");

    rig.env("EDGEQUAKE_USERNAME", "root");
    rig.env("EDGEQUAKE_PASSWORD", ROOT_PASSWORD);
    assert_eq!(
        source(&mut rig, &["--env-file", "key.env"]).await,
        ("environment_login".to_owned(), "root".into())
    );
    rig.env("EDGEQUAKE_API_KEY", "s3cr3t-envk");
    assert_eq!(source(&mut rig, &["--env-file", "key.env"]).await.0, "environment_api_key");
    std::fs::write(home.join("k"), "s3cr3t-k\n").unwrap();
    assert_eq!(source(&mut rig, &["--api-key-file", "k"]).await.0, "api_key_file");
    assert_eq!(rig.cli(&["whoami", "--api-key-file", "none"]).await.code, 2);
}

#[tokio::test]
async fn settings_of_a_file_stand_behind_the_environment_and_arguments() {
    let mut rig = Rig::new().await;
    let url = rig.server.url().to_owned();
    rig.env("EDGEQUAKE_BASE_URL", "");
    rig.env("EDGEQUAKE_TENANT_ID", "");
    let [a, b, c] = ["a", "b", "c"].map(|digit| format!("0000000{digit}-0000-4000-8000-000000000000"));
    let file = format!("EDGEQUAKE_BASE_URL={url}\nEDGEQUAKE_TENANT_ID={a}\nEDGEQUAKE_WORKSPACE_ID={a}\n");
    std::fs::write(rig.home.path().join(".env"), file).unwrap();
    rig.env("EDGEQUAKE_WORKSPACE_ID", &b);
    let status = rig.cli(&["status", "--json", "--env-file", ".env"]).await.succeeded().json();
    assert_eq!((&status["tenant_id"], &status["workspace_id"]), (&a.clone().into(), &b.into()));
    let args = ["status", "--json", "--env-file", ".env", "--workspace", &c, "--tenant", &c];
    let status = rig.cli(&args).await.succeeded().json();
    assert_eq!((&status["tenant_id"], &status["workspace_id"]), (&c.clone().into(), &c.clone().into()));
    // A file that nobody names is not read.
    let unread =
        rig.cli(&["status", "--json", "--timeout", "5", "--base-url", &url]).await.succeeded().json();
    assert!(unread["tenant_id"].is_null());
}

#[tokio::test]
#[cfg(unix)]
async fn a_variable_that_is_not_utf8_is_named_and_sends_nothing() {
    use std::os::unix::ffi::OsStrExt as _;
    let value = std::ffi::OsStr::from_bytes(b"s3cr3t\xff");
    for name in ["EDGEQUAKE_BASE_URL", "EDGEQUAKE_WORKSPACE_ID", "EDGEQUAKE_EMAIL", "EDGEQUAKE_PASSWORD"] {
        let mut rig = Rig::new().await;
        rig.env(name, value);
        let run = rig.cli(&["whoami"]).await;
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("{name} is not valid UTF-8; set it again")), "{}", run.stderr);
        assert!(!run.stderr.contains("s3cr3t"), "{}", run.stderr);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_told_on_one_line() {
    let mut rig = Rig::new().await;
    std::fs::write(rig.home.path().join("w.env"), "EDGEQUAKE_WORKSPACE_ID=bridges\n").unwrap();
    std::fs::write(rig.home.path().join("bad.env"), "bridges\n").unwrap();
    for args in [
        ["--env-file", "none.env", "status"],
        ["--env-file", "bad.env", "status"],
        ["--api-key-file", "none", "status"],
        ["--api-key-file", "none", "whoami"],
    ] {
        rig.cli(&args).await;
    }
    rig.env("EDGEQUAKE_WORKSPACE_ID", "");
    rig.cli(&["--env-file", "w.env", "status"]).await;
    rig.env("EDGEQUAKE_TENANT_ID", "acme");
    rig.cli(&["status"]).await;
    rig.env("EDGEQUAKE_TENANT_ID", "");
    rig.env("EDGEQUAKE_ALLOW_HTTP", "maybe");
    rig.cli(&["status"]).await;
    assert_transcript!(rig);
}

#[tokio::test]
#[cfg(unix)]
async fn a_program_gives_the_credential() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut rig = Rig::with(server().master_key("s3cr3t-master")).await;
    let path = rig.home.path().join("pass");
    let answer = |text: &str| {
        let script = format!("#!/bin/sh\necho '{{\"v\":[1]}}'\nread -r asked\necho '{text}'\n");
        let copy = path.with_extension("new");
        std::fs::write(&copy, script).unwrap();
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o700)).unwrap();
        // A copy, since a file that was just written may still be open in a process that another test has forked.
        assert!(std::process::Command::new("cp").arg(&copy).arg(&path).status().unwrap().success());
    };
    let args = ["status", "--credential-program", "./pass", "--json"];
    answer(r#"{"Ok":{"kind":"get","token":"s3cr3t-master"}}"#);
    let status = rig.cli(&args).await.succeeded().json();
    assert_eq!(status["credential"]["source"], "credential_program");
    rig.cli(&["users", "list", "--credential-program", "./pass"]).await.succeeded();
    answer(r#"{"Err":{"kind":"other","message":"the vault is locked"}}"#);
    let failed = rig.cli(&["users", "list", "--credential-program", "./pass"]).await;
    assert_eq!((failed.code, failed.stderr.contains("the vault is locked")), (2, true), "{}", failed.stderr);
}

#[tokio::test]
async fn name_and_password_of_a_login_are_of_one_source() {
    let mut rig = Rig::new().await;
    let file = rig.home.path().join(".env");
    let user = async |rig: &mut Rig, args: &[&str]| {
        let args = [&["login", "--env-file", ".env", "--json"], args].concat();
        rig.cli(&args).await.succeeded().json()["username"].as_str().unwrap().to_owned()
    };
    // The login of the environment comes before that of the file.
    std::fs::write(&file, "EDGEQUAKE_USERNAME=root\nEDGEQUAKE_PASSWORD_FILE=\"  \"\n").unwrap();
    rig.env("EDGEQUAKE_EMAIL", "mona");
    rig.env("EDGEQUAKE_PASSWORD", MONA_PASSWORD);
    assert_eq!(user(&mut rig, &[]).await, "mona");
    // A twin in another source is no contradiction.
    std::fs::write(rig.home.path().join("root"), ROOT_PASSWORD).unwrap();
    std::fs::write(&file, "EDGEQUAKE_USERNAME=root\nEDGEQUAKE_PASSWORD_FILE=root\n").unwrap();
    assert_eq!(user(&mut rig, &[]).await, "mona");
    assert_eq!(user(&mut rig, &["root"]).await, "root");
    // Nobody's password is sent under the other's name.
    std::fs::write(&file, "EDGEQUAKE_USERNAME=root\n").unwrap();
    rig.env("EDGEQUAKE_EMAIL", "");
    let requests = rig.server.stats().requests;
    let refused = rig.cli(&["login", "--env-file", ".env"]).await;
    assert_eq!((refused.code, rig.server.stats().requests), (2, requests), "{}", refused.stderr);
}

#[tokio::test]
async fn a_client_certificate_that_cannot_be_used_is_told() {
    let mut rig = Rig::new().await;
    rig.cli(&["--client-certificate", "nowhere.pem", "status"]).await;
    std::fs::write(rig.home.path().join("empty.pem"), "").unwrap();
    rig.cli(&["--client-certificate", "empty.pem", "status"]).await;
    rig.cli(&["--client-key-file", "empty.pem", "status"]).await;
    assert_eq!(rig.server.stats().requests, 0);
    assert_transcript!(rig);
}
