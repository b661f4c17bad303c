//! Peers that are no Redis, or one that refuses: each is told in one line, within the time limit, without the password.

use std::time::Duration;

use edgequake_auth::{StoreError, StoreErrorKind, TokenStore as _};
use edgequake_redis::RedisStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::mona;

/// What a store says of a peer that answers everything with this; nothing for silence.
async fn said(user: &str, answer: Option<&'static str>) -> (StoreError, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            match answer {
                Some(answer) => {
                    tokio::spawn(async move {
                        let mut request = [0; 4096];
                        while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                            // One for each of the commands that come together.
                            let commands = request.iter().filter(|&&byte| byte == b'*').count().max(1);
                            if stream.write_all(answer.repeat(commands).as_bytes()).await.is_err() {
                                break;
                            }
                            request = [0; 4096];
                        }
                    });
                }
                None => open.push(stream),
            }
        }
    });
    let store = RedisStore::builder(format!("redis://{user}127.0.0.1:{port}"))
        .time_limit(Duration::from_millis(300))
        .build()
        .unwrap();
    let error = store.read(&mona()).await.unwrap_err();
    peer.abort();
    let shown = format!("{error} {error:?} {store:?}");
    assert!(!shown.contains("s3cr3t"), "{shown}");
    (error, port)
}

#[tokio::test]
async fn what_is_no_redis_is_told() {
    let mut table = String::new();
    const MONA: &str = "mona:s3cr3t-p@";
    for (name, user, answer) in [
        ("silence", MONA, None),
        ("refused", MONA, Some("-WRONGPASS invalid username-password pair s3cr3t-p\r\n")),
        (
            "an older server",
            MONA,
            Some("-ERR unknown command 'AUTH', with args beginning with: 's3cr3t-p'\r\n"),
        ),
        ("needs a password", "", Some("-NOAUTH Authentication required.\r\n")),
        ("loading", "", Some("-LOADING Redis is loading the dataset in memory\r\n")),
        ("replica", "", Some("-READONLY You can't write against a read only replica.\r\n")),
        ("cluster", "", Some("-MOVED 3999 127.0.0.1:6381\r\n")),
        ("full", "", Some("-OOM command not allowed when used memory > 'maxmemory'.\r\n")),
        ("no scripts", "", Some("-ERR unknown command 'EVALSHA', with args beginning with: 's3cr3t'\r\n")),
        ("without users", MONA, Some("-ERR wrong number of arguments for 'auth' command\r\n")),
        ("too few replicas", "", Some("-NOREPLICAS Not enough good replicas to write.\r\n")),
        ("a full disk", "", Some("-MISCONF Redis is configured to save RDB snapshots, but is unable to\r\n")),
        ("a cluster with a gap", "", Some("-CLUSTERDOWN Hash slot not served\r\n")),
        ("a web server", "", Some("HTTP/1.1 400 Bad Request\r\n\r\n")),
    ] {
        let (error, port) = said(user, answer).await;
        table += &format!("{name}: {:?}: {error}\n", error.kind()).replace(&port.to_string(), "[port]");
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn nobody_there_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let store = RedisStore::new(&format!("redis://:s3cr3t@127.0.0.1:{port}")).unwrap();
    let error = store.read(&mona()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    insta::assert_snapshot!(format!("{error}\n{}", source.split(" (os error").next().unwrap_or_default()).replace(&port.to_string(), "[port]"), @r"
    Redis at 127.0.0.1:[port] cannot be reached: I/O error
    Connection refused
    ");
}

#[test]
fn outside_of_a_runtime_it_is_told_what_is_missing() {
    let store = RedisStore::new("redis://127.0.0.1").unwrap();
    let key = mona();
    let mut read = store.read(&key);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match read.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Err(error)) => {
            insta::assert_snapshot!(error, @"a store in Redis needs a Tokio runtime with timers and sockets: build it with `enable_all`");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn options_that_cannot_be_used_are_named() {
    let mut table = String::new();
    for builder in [
        RedisStore::builder("http://mona:s3cr3t@h"),
        RedisStore::builder(""),
        RedisStore::builder("redis://mona:s3cr3t@h:port"),
        RedisStore::builder("redis://h").key_prefix("a b"),
        RedisStore::builder("redis://h").key_prefix(""),
        RedisStore::builder("redis://h").root_certificates("pem"),
        RedisStore::builder("redis://h").time_limit(Duration::ZERO),
        RedisStore::builder("redis://h").time_limit(Duration::from_millis(9)),
    ] {
        let shown = format!("{builder:?}");
        let error = builder.build().unwrap_err();
        assert!(!format!("{shown} {error} {error:?}").contains("s3cr3t"));
        table += &format!("{error}\n");
    }
    insta::assert_snapshot!(table);
}
