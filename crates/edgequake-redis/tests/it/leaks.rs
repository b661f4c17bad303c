//! The leak grid of Redis: its keys, its values, and what an administrator sees who watches every command.

use std::collections::BTreeMap;
use std::time::SystemTime;

use edgequake_auth::{EndReason, Intent, RandomId, Status, Swap, TokenStore as _};
use edgequake_redis::RedisStore;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;

use crate::server::{Server, login, mona};

/// Every command that Redis executes, scripts included.
struct Monitor(Lines<BufReader<UnixStream>>);

impl Monitor {
    async fn start(server: &Server) -> Self {
        let mut stream = UnixStream::connect(server.socket()).await.unwrap();
        stream.write_all(b"MONITOR\r\n").await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "+OK");
        Self(lines)
    }

    /// What was executed until now.
    async fn end(mut self, server: &Server) -> Vec<String> {
        let (): () = server.command(&["SET", "the-end", "1"]).await;
        let mut seen = Vec::new();
        loop {
            let line = self.0.next_line().await.unwrap().unwrap();
            if line.contains("\"the-end\"") {
                return seen;
            }
            seen.push(line);
        }
    }
}

/// A login, a refresh that was begun, its end, and questions about all of it.
async fn live(store: &RedisStore) {
    let mut record = login("s3cr3t");
    let tokens = record.tokens().unwrap().version;
    let (holder, since) = (RandomId::random(), SystemTime::now());
    let mut expected = None;
    for step in 0..3 {
        match step {
            1 => record.intent = intent(tokens, holder, since),
            2 => record.status = Status::ended(EndReason::LoggedOut, since),
            _ => {}
        }
        record.write = RandomId::random();
        match store.compare_and_set(&mona(), expected, &record).await.unwrap() {
            Swap::Done(revision) => expected = Some(revision),
            Swap::Conflict => panic!("nobody else writes"),
        }
        assert_eq!(store.compare_and_set(&mona(), None, &record).await.unwrap(), Swap::Conflict);
        assert!(store.read(&mona()).await.unwrap().is_some());
        assert_eq!(store.latest(mona().server()).await.unwrap().as_deref(), Some("mona"));
    }
}

fn intent(tokens: edgequake_auth::Version, holder: RandomId, since: SystemTime) -> Option<Intent> {
    let text = login("other").to_json(&mona()).unwrap();
    // It has no constructor outside of its crate, so it is read.
    let mut value: serde_json::Value = serde_json::from_str(text.expose()).unwrap();
    let millis = since.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    value["intent"] = serde_json::json!({
        "counter": tokens.counter, "nonce": tokens.nonce.to_string(), "holder": holder.to_string(),
        "since": u64::try_from(millis).unwrap(),
    });
    edgequake_auth::Record::from_json(&value.to_string()).unwrap().1.intent
}

/// What is kept of a login that lives: keys, and fields with their values.
async fn kept_of_living(server: &Server) -> (Vec<String>, BTreeMap<String, String>) {
    let keys: Vec<String> = server.command(&["KEYS", "living*"]).await;
    let mut fields = BTreeMap::new();
    for key in &keys {
        match server.command::<String>(&["TYPE", key]).await.as_str() {
            "hash" => {
                let found: Vec<(Vec<u8>, Vec<u8>)> = server.command(&["HGETALL", key]).await;
                let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
                fields.extend(found.into_iter().map(|(name, value)| (text(name), text(value))));
            }
            "zset" => {
                let members: Vec<String> = server.command(&["ZRANGE", key, "0", "-1"]).await;
                fields.insert("members".to_owned(), members.join(" "));
            }
            _ => {}
        }
    }
    (keys, fields)
}

/// The words of a command as `MONITOR` shows it.
fn words(line: &str) -> Vec<&str> {
    let line = line.split_once("] ").map_or(line, |(_, words)| words);
    line.trim_matches('"').split("\" \"").collect()
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn without_encryption_a_token_is_in_the_field_record_and_nowhere_else() {
    let server = Server::start(&[]).await;
    let monitor = Monitor::start(&server).await;
    live(&server.store()).await;
    let seen = monitor.end(&server).await;
    let mut with_tokens = 0;
    for line in &seen {
        let shows: Vec<_> = words(line).into_iter().filter(|word| word.contains("s3cr3t")).collect();
        with_tokens += usize::from(!shows.is_empty());
        assert!(shows.len() <= 1 && shows.iter().all(|word| word.contains("edgequake-login")), "{line}");
    }
    assert!(with_tokens >= 2, "the grid sees what there is to be seen: {seen:#?}");
    // What has ended holds no token any more, so look at one that has not.
    let living = server.builder().key_prefix("living").build().unwrap();
    assert!(matches!(living.compare_and_set(&mona(), None, &login("s3cr3t")).await.unwrap(), Swap::Done(_)));
    let (keys, fields) = kept_of_living(&server).await;
    assert!(keys.iter().any(|key| key.starts_with("living:login:")), "{keys:?}");
    assert!(keys.iter().all(|key| !key.contains("s3cr3t")), "{keys:?}");
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["members", "record", "revision"]);
    for (name, value) in fields {
        assert_eq!(value.contains("s3cr3t"), name == "record", "{name}");
    }
}

#[cfg(feature = "encryption")]
#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn with_encryption_a_token_is_nowhere() {
    let server = Server::start(&[]).await;
    let monitor = Monitor::start(&server).await;
    let key = || edgequake_redis::EncryptionKey::from_bytes([7; 32]);
    live(&server.builder().encryption_key(key()).build().unwrap()).await;
    let living = server.builder().key_prefix("living").encryption_key(key()).build().unwrap();
    assert!(matches!(living.compare_and_set(&mona(), None, &login("s3cr3t")).await.unwrap(), Swap::Done(_)));
    let seen = monitor.end(&server).await.join("\n");
    assert!(seen.contains("edgequake:login:") && seen.contains("living:login:"), "{seen}");
    let (keys, fields) = kept_of_living(&server).await;
    let kept = format!("{keys:?} {fields:?}");
    assert!(fields.contains_key("record"), "{kept}");
    for text in [seen, kept] {
        assert!(!text.contains("s3cr3t") && !text.contains("access_token"), "{text}");
        // The encryption key is nowhere, either.
        assert!(!text.contains(&"\\x07".repeat(4)) && !text.contains(&"\u{7}".repeat(4)), "{text}");
    }
}
