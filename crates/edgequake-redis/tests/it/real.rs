//! What every store must hold, and what is Redis' own: keys, permissions, expiry, replicas, TLS.

use std::time::{Duration, SystemTime};

use edgequake_auth::store::contract;
use edgequake_auth::{EndReason, Status, StoreErrorKind, Swap, TokenStore as _};

use crate::server::{Server, access, login, mona, put, run};

/// What the docs say that a user of Redis must be allowed to do.
const PERMISSIONS: &str =
    "+hmget +evalsha +eval +script|load +hget +hset +zadd +zrevrange +zrem +exists +time +persist +pexpire";

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn the_contract_holds() {
    let server = Server::start(&[]).await;
    // A connection of its own for each, and one for all.
    contract::check(|| server.store()).await;
    let store = server.store();
    contract::check(|| store.clone()).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn the_documented_permissions_are_enough_and_a_lack_is_told() {
    let server = Server::start(&[]).await;
    let rules: Vec<_> = PERMISSIONS.split(' ').collect();
    let user = ["ACL", "SETUSER", "edgequake", "on", ">s3cr3t-p", "~edgequake:*"];
    let (): () = server.command(&[&user[..], &rules].concat()).await;
    let file = server.folder.path().join("password");
    std::fs::write(&file, "s3cr3t-p\n").unwrap();
    let builder = || server.builder().username("edgequake");
    contract::check(|| builder().password_file(&file).build().unwrap()).await;

    let error = |store: edgequake_redis::RedisStore| async move { store.read(&mona()).await.unwrap_err() };
    let wrong = error(builder().password("s3cr3t-q").build().unwrap()).await;
    let place = server.socket().display().to_string();
    insta::assert_snapshot!(wrong.to_string().replace(&place, "[socket]"), @"Redis at [socket] refused the user or the password");
    let outside = error(builder().password("s3cr3t-p").key_prefix("other").build().unwrap()).await;
    insta::assert_snapshot!(outside, @"the user of Redis may not run the commands or use the keys that a token store needs");
    std::fs::write(&file, "\n").unwrap();
    let empty = error(builder().password_file(&file).build().unwrap()).await.to_string();
    insta::assert_snapshot!(empty.replace(&file.display().to_string(), "[file]"), @"the password file for Redis, [file], is empty");
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn logins_do_not_expire_and_what_ended_does() {
    let server = Server::start(&[]).await;
    let store = server.store();
    let key = "edgequake:login:{https://eq.example.com}:mona";
    let mut record = login("a1");
    put(&store, &record).await;
    assert_eq!(server.command::<i64>(&["PTTL", key]).await, -1);
    record.status = Status::ended(EndReason::LoggedOut, SystemTime::now());
    put(&store, &record).await;
    let kept = server.command::<i64>(&["PTTL", key]).await;
    let month = 30 * 24 * 3_600_000;
    assert!((month - 60_000..=month).contains(&kept), "{kept}");
    put(&store, &login("a2")).await;
    assert_eq!(server.command::<i64>(&["PTTL", key]).await, -1);

    // What has expired rightly was not lost, and is off the list.
    put(&store, &record).await;
    let (): () = server.command(&["DEL", key]).await;
    assert!(store.read(&mona()).await.unwrap().is_none());
    assert_eq!(store.latest(mona().server()).await.unwrap(), None);
    let keys: Vec<String> = server.command(&["KEYS", "*"]).await;
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_write_waits_for_replicas_if_told_to() {
    let primary = Server::start(&["--port", "0"]).await;
    let store = primary.builder().replicas(1).time_limit(Duration::from_millis(400)).build().unwrap();
    let record = login("a1");
    let error = store.compare_and_set(&mona(), None, &record).await.unwrap_err();
    insta::assert_snapshot!(error, @"0 of 1 replicas of Redis have confirmed the login in time");
    // It has happened, and whoever wrote it knows it.
    assert_eq!(store.read(&mona()).await.unwrap().unwrap().record.write, record.write);
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn what_is_under_the_key_and_is_no_login_is_left_alone() {
    let server = Server::start(&[]).await;
    let key = "edgequake:login:{https://eq.example.com}:mona";
    for (words, text) in [
        (&["SET", key, "s3cr3t"][..], "choose another key prefix"),
        (&["HSET", key, "other", "s3cr3t"], "choose another key prefix"),
        (&["HSET", key, "revision", "1", "record", "s3cr3t"], "cannot be read"),
        (&["HSET", key, "revision", "1", "record", "{\"format\":\"s3cr3t\"}"], "cannot be read"),
    ] {
        let (): () = server.command(words).await;
        let store = server.store();
        let error = match store.read(&mona()).await {
            // A hash of somebody else's is no login, and is not written over.
            Ok(_) => store.compare_and_set(&mona(), None, &login("a1")).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{words:?}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(text) && !shown.contains("s3cr3t"), "{words:?}: {shown}");
        let (): () = server.command(&["DEL", key]).await;
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_redis_that_is_full_refuses_before_anything_is_spent() {
    let server = Server::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]).await;
    let store = server.store();
    let error = store.compare_and_set(&mona(), None, &login("a1")).await.unwrap_err();
    insta::assert_snapshot!(error, @"Redis has no memory left: raise maxmemory, or remove what it need not keep");
    assert!(store.read(&mona()).await.unwrap().is_none());
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_cluster_takes_both_keys_of_a_server_in_one_slot() {
    let server = Server::start(&["--cluster-enabled", "yes"]).await;
    let (): () = server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    while !server.command::<String>(&["CLUSTER", "INFO"]).await.contains("cluster_state:ok") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    contract::check(|| server.store()).await;
    contract::check(|| server.builder().key_prefix("{shop}:eq").build().unwrap()).await;
}

#[test]
#[ignore = "needs Redis: cargo xtask redis"]
fn one_store_serves_runtimes_that_come_and_go() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let server = first.block_on(Server::start(&[]));
    let store = server.store();
    first.block_on(put(&store, &login("a1")));
    for _ in 0..3 {
        assert_eq!(runtime().block_on(access(&store)).as_deref(), Some("a1"));
    }
    assert_eq!(first.block_on(access(&store)).as_deref(), Some("a1"));
}

#[cfg(feature = "tls")]
#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn tls_with_certificates_on_both_sides() {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    let mut authority = CertificateParams::new([]).unwrap();
    authority.distinguished_name.push(rcgen::DnType::CommonName, "authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let issue = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let (folder, (certificate, key)) = (tempfile::tempdir().unwrap(), issue("localhost"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("ca"), authority.pem()).unwrap();
    std::fs::write(path("cert"), certificate).unwrap();
    std::fs::write(path("key"), key).unwrap();
    // Redis names no port that it chose itself; one that was free a moment ago will do.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (port, files) = (port.to_string(), [path("ca"), path("cert"), path("key")]);
    let [ca, certificate, key] = files.each_ref().map(String::as_str);
    let options = [
        "--tls-port",
        &port,
        "--tls-ca-cert-file",
        ca,
        "--tls-cert-file",
        certificate,
        "--tls-key-file",
        key,
    ];
    let server = Server::start(&options).await;

    let url = format!("rediss://localhost:{port}");
    let builder = || edgequake_redis::RedisStore::builder(&url).root_certificates(authority.pem());
    let (certificate, key) = issue("client");
    contract::check(|| builder().client_certificate(certificate.clone(), key.clone()).build().unwrap()).await;
    // Without its certificate a client is refused, and so is a server that nobody vouches for.
    for store in [
        builder(),
        edgequake_redis::RedisStore::builder(&url),
        edgequake_redis::RedisStore::builder(format!("{url}/#insecure")),
    ] {
        let error = store.build().unwrap().read(&mona()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    }
    assert!(run::<String>(&server.url(), &["PING"]).await.is_ok());
    assert!(matches!(
        server.store().compare_and_set(&mona(), None, &login("a1")).await.unwrap(),
        Swap::Done(_)
    ));
}
