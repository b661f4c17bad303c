//! What the README tells the people who run Redis: its configuration, and what the user of a token store must be allowed to do.

use std::time::SystemTime;

use edgequake_auth::store::contract;
use edgequake_auth::{EndReason, Status, StoreError, TokenStore as _};
use edgequake_redis::{RedisStore, RedisStoreBuilder};

use crate::server::{Server, login, mona, run};

const README: &str = include_str!("../../README.md");
const PASSWORD: &str = "s3cr3t-p";

/// A file of the ConfigMap in the README.
fn documented(file: &str) -> String {
    let (_, rest) = README.split_once(&format!("  {file}: |\n")).unwrap();
    rest.lines().map_while(|line| line.strip_prefix("    ")).map(|line| format!("{line}\n")).collect()
}

/// The user of the README, with a password that is known here.
fn user() -> String {
    let hash: String =
        hmac_sha256::Hash::hash(PASSWORD.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let users = documented("users.acl");
    assert!(users.starts_with("user default off "), "{users}");
    assert!(users.contains("#<SHA-256 of the password>"), "{users}");
    users.replace("<SHA-256 of the password>", &hash)
}

/// What the user may do.
fn rules() -> Vec<String> {
    let user = user();
    let line = user.lines().find(|line| line.starts_with("user edgequake ")).unwrap();
    line.split_whitespace().filter(|word| word.starts_with('+')).map(str::to_owned).collect()
}

/// A server whose users are those of `users`, besides one who may do everything.
async fn server(users: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.acl");
    std::fs::write(&file, format!("{users}user admin on >{PASSWORD} ~* &* +@all\n")).unwrap();
    Server::start(&["--aclfile", &file.display().to_string()]).await
}

async fn as_admin<T: redis::FromRedisValue>(server: &Server, words: &[&str]) -> T {
    run(&format!("{}?user=admin&pass={PASSWORD}", server.url()), words).await.unwrap()
}

/// As the README connects, but to the socket; with another database than the first one, which has to be selected.
fn builder(server: &Server, options: &str) -> RedisStoreBuilder {
    RedisStore::builder(format!("{}?db=3{options}", server.url())).username("edgequake").password(PASSWORD)
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn the_documented_user_may_do_what_a_store_does() {
    let server = server(&user()).await;
    for options in ["", "&protocol=3"] {
        contract::check(|| builder(&server, options).build().unwrap()).await;
    }
    // Nothing was refused, not even what the connection does without.
    let refused: Vec<redis::Value> = as_admin(&server, &["ACL", "LOG"]).await;
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Everything that a store does.
async fn everything(store: &RedisStore) -> Result<(), StoreError> {
    let mut expected = None;
    for ended in [false, true, false] {
        let mut record = login("a1");
        if ended {
            record.status = Status::ended(EndReason::LoggedOut, SystemTime::now());
        }
        match store.compare_and_set(&mona(), expected, &record).await? {
            edgequake_auth::Swap::Done(revision) => expected = Some(revision),
            edgequake_auth::Swap::Conflict => panic!("nobody else writes"),
        }
        store.read(&mona()).await?;
    }
    store.latest(mona().server()).await.map(drop)
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn no_documented_permission_is_needless_and_the_lack_of_each_is_told() {
    let all = rules();
    for lacking in &all {
        let rest: Vec<_> = all.iter().filter(|rule| *rule != lacking).map(String::as_str).collect();
        let server = server(&user().replace(&all.join(" "), &rest.join(" "))).await;
        let store = builder(&server, "").build().unwrap();
        // Somebody whose login is gone makes the list be put right.
        let list = "edgequake:logins:{https://eq.example.com}";
        let add = format!("redis.call('SELECT', 3) redis.call('ZADD', '{list}', '9e15', 'gone')");
        let (): () = as_admin(&server, &["EVAL", &add, "0"]).await;
        let error = everything(&store).await.expect_err(lacking).to_string();
        assert!(error.contains("may not run the commands"), "{lacking}: {error}");
    }
}

#[test]
fn the_documentation_of_the_crate_names_the_same() {
    let docs = include_str!("../../src/lib.rs").replace("\n//!", " ");
    let docs = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(docs.contains(&format!("`{}`", rules().join(" "))), "{:?}", rules());
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_lack_of_permission_and_a_wrong_password_are_told() {
    let server = server(&user()).await;
    let error = |store: RedisStore| async move { store.read(&mona()).await.unwrap_err() };
    let wrong = error(builder(&server, "").password("s3cr3t-q").build().unwrap()).await;
    let place = server.socket().display().to_string();
    insta::assert_snapshot!(wrong.to_string().replace(&place, "[socket]"), @"Redis at [socket] refused the user or the password");
    let outside = error(builder(&server, "").key_prefix("other").build().unwrap()).await;
    insta::assert_snapshot!(outside, @"the user of Redis may not run the commands or use the keys that a token store needs");
    let file = server.folder.path().join("password");
    let by_file = || builder(&server, "").password_file(&file).build().unwrap();
    std::fs::write(&file, format!("\u{FEFF}{PASSWORD}\r\n")).unwrap();
    assert!(by_file().read(&mona()).await.unwrap().is_none());
    std::fs::write(&file, "\n").unwrap();
    let empty = error(by_file()).await.to_string();
    insta::assert_snapshot!(empty.replace(&file.display().to_string(), "[file]"), @"the password file for Redis, [file], is empty");
}

#[cfg(feature = "tls")]
#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn the_documented_configuration_serves_a_store() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), crate::certificates::Authority::new());
    let path = |name: &str| folder.path().join(name);
    let (certificate, key) = authority.issue("localhost");
    for (name, text) in
        [("ca.crt", authority.pem()), ("tls.crt", certificate), ("tls.key", key), ("users.acl", user())]
    {
        std::fs::write(path(name), text).unwrap();
    }
    // Redis names no port that it chose itself; one that was free a moment ago will do.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mounted = folder.path().display().to_string();
    let config = documented("redis.conf").replace("6379", &port);
    let config =
        config.replace("/etc/redis-tls", &mounted).replace("/etc/redis", &mounted).replace("/data", &mounted);
    std::fs::write(path("redis.conf"), config).unwrap();
    let mut server = Server::start(&["--include", &path("redis.conf").display().to_string()]).await;

    let store = || {
        let builder = RedisStore::builder(format!("rediss://localhost:{port}/0"));
        let builder = builder.username("edgequake").password(PASSWORD).root_certificates(authority.pem());
        builder.build().unwrap()
    };
    contract::check(store).await;
    assert!(run::<String>(&server.url(), &["GET", "a"]).await.is_err(), "nobody else is let in");
    // What it has confirmed is there after a loss of power.
    crate::server::put(&store(), &login("a1")).await;
    server.kill().await;
    server.begin().await;
    assert_eq!(crate::server::access(&store()).await.as_deref(), Some("a1"));
}
