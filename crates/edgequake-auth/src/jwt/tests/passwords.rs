//! A password in a file: read when it is needed, and again when the server has refused it.

use std::time::Duration;

use tokio::time::advance;

use super::rig::{Fault, PASSWORD, Rig, USER, cx, token};
use crate::{Credentials, CredentialsErrorKind as Kind, Jwt, SecretFile};

struct Mounted {
    rig: Rig,
    folder: tempfile::TempDir,
}

impl Mounted {
    fn new() -> Self {
        Self { rig: Rig::default(), folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> SecretFile {
        SecretFile::new(self.folder.path().join("password"))
    }

    fn write(&self, password: &str) {
        std::fs::write(self.file().path(), format!("{password}\n")).unwrap();
    }

    fn jwt(&self) -> Jwt {
        self.rig.builder().login(USER, self.file()).build().unwrap()
    }

    fn logins(&self) -> usize {
        self.rig.count("/login")
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_read_for_each_login_and_not_before() {
    let mounted = Mounted::new();
    let jwt = mounted.jwt();
    let error = jwt.authorize(&cx()).await.unwrap_err();
    let path = mounted.file().path().display().to_string();
    assert_eq!(error.kind(), Kind::Invalid);
    insta::assert_snapshot!(error.to_string().replace(&path, "[file]"), @"the file [file] cannot be read");
    assert_eq!(mounted.logins(), 0);

    mounted.write(PASSWORD);
    advance(Duration::from_secs(1)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert!(!format!("{jwt:?}").contains(PASSWORD));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_refused_is_not_sent_again_and_another_one_is() {
    let mounted = Mounted::new();
    mounted.write("s3cr3t-old");
    let jwt = mounted.jwt();
    for _ in 0..10 {
        let error = jwt.authorize(&cx()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        advance(Duration::from_secs(70)).await;
    }
    assert_eq!(mounted.logins(), 1);
    mounted.write(PASSWORD);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!(mounted.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_replaced_while_it_is_refused_costs_one_attempt() {
    let mounted = Mounted::new();
    mounted.write("s3cr3t-old");
    let jwt = mounted.jwt();
    mounted.rig.fail([Fault::Held]);
    let waiting = tokio::spawn({
        let jwt = jwt.clone();
        async move { jwt.authorize(&cx()).await }
    });
    mounted.rig.arrived.notified().await;
    mounted.write(PASSWORD);
    mounted.rig.release.notify_one();
    assert_eq!(token(&waiting.await.unwrap().unwrap()), "s3cr3t-a1");
    assert_eq!(mounted.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_on_request_sends_it_whatever_was_said_before() {
    let mounted = Mounted::new();
    mounted.write("s3cr3t-old");
    let jwt = mounted.jwt();
    for sent in 1..=2 {
        assert_eq!(jwt.login().await.unwrap_err().kind(), Kind::Refused);
        assert_eq!(mounted.logins(), sent);
    }
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Refused);
    assert_eq!(mounted.logins(), 2);
    // Another one that was tried says nothing about the one in the file, and one in hand takes its place.
    assert_eq!(jwt.login_as(USER, "s3cr3t-other").await.unwrap_err().kind(), Kind::Refused);
    jwt.login_as(USER, PASSWORD).await.unwrap();
    assert_eq!(mounted.logins(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_locked_account_is_left_alone_whatever_the_file_holds() {
    let mounted = Mounted::new();
    mounted.write(PASSWORD);
    let jwt = mounted.jwt();
    mounted.rig.fail([Fault::Answer(423, "")]);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Locked);
    advance(Duration::from_secs(60)).await;
    mounted.write("s3cr3t-new");
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Locked);
    assert_eq!(mounted.logins(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn one_that_comes_through_a_pipe_is_waited_for_elsewhere() {
    let mounted = Mounted::new();
    assert!(std::process::Command::new("mkfifo").arg(mounted.file().path()).status().unwrap().success());
    let jwt = mounted.jwt();
    let waiting = tokio::spawn({
        let jwt = jwt.clone();
        async move { jwt.authorize(&cx()).await }
    });
    // Whoever waits does so by now, and this thread goes on all the same, else nobody would ever write.
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    let path = mounted.file().path().to_owned();
    tokio::task::spawn_blocking(move || std::fs::write(path, PASSWORD).unwrap()).await.unwrap();
    assert_eq!(token(&waiting.await.unwrap().unwrap()), "s3cr3t-a1");
    // It can be used again, although it cannot be read again.
    jwt.login().await.unwrap();
    assert_eq!(mounted.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_one_rests_until_the_server_has_taken_it() {
    let mounted = Mounted::new();
    mounted.write(PASSWORD);
    let jwt = mounted.jwt();
    jwt.authorize(&cx()).await.unwrap();
    mounted.write("s3cr3t-new");
    advance(Duration::from_secs(3601)).await;
    mounted.rig.fail([Fault::Answer(401, "")]);
    for _ in 0..30 {
        // The server may have counted it as wrong, and its gateway does not say.
        mounted.rig.fail([Fault::Answer(502, "")]);
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
        advance(Duration::from_secs(1)).await;
        mounted.rig.server.lock().unwrap().clear_faults();
    }
    // The first one was taken; of the other the second came after ten seconds, and the third comes after another minute.
    assert_eq!(mounted.logins(), 1 + 2);
}
