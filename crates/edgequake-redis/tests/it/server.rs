//! [`Server`]: a Redis or Valkey of the test's own, behind a socket in a folder of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use edgequake_auth::{LoginKey, Record, Revision, ServerKey, StoredTokens, Swap, TokenStore as _};
use edgequake_redis::{RedisStore, RedisStoreBuilder};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Names the program, which is `redis-server` by default.
const PROGRAM: &str = "EDGEQUAKE_TEST_REDIS";
/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) folder: TempDir,
    options: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// With the options of its command line.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let mut server = Self {
            folder: tempfile::tempdir().unwrap(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            child: None,
        };
        server.begin().await;
        server
    }

    /// Starts over what is in its folder, and waits until it takes connections.
    pub(crate) async fn begin(&mut self) {
        let program = std::env::var_os(PROGRAM).unwrap_or_else(|| "redis-server".into());
        let mut command = Command::new(program);
        command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(self.socket());
        command.arg("--dir").arg(self.folder.path()).args(&self.options);
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                said.push(line);
                if said.last().is_some_and(|line| line.contains("eady to accept connections")) {
                    return;
                }
            }
            panic!("it cannot start: {said:#?}");
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("it does not start");
        // It may go on writing.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.child = Some(child);
    }

    /// Ends it at once, as a loss of power would.
    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().await.unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id().unwrap()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub(crate) fn builder(&self) -> RedisStoreBuilder {
        RedisStore::builder(self.url())
    }

    pub(crate) fn store(&self) -> RedisStore {
        self.builder().build().unwrap()
    }

    /// One command, by the user without a name.
    pub(crate) async fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        run(self.url().as_str(), words).await.unwrap()
    }
}

pub(crate) async fn run<T: redis::FromRedisValue>(url: &str, words: &[&str]) -> redis::RedisResult<T> {
    let client = redis::Client::open(url)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await
}

pub(crate) fn mona() -> LoginKey {
    ServerKey::new("https://eq.example.com".parse().unwrap(), "").account("mona")
}

pub(crate) fn login(access: &str) -> Record {
    Record::new(StoredTokens::new(Some(access.into()), Some(format!("{access}-r").into())), SystemTime::now())
}

/// Writes over what is there.
pub(crate) async fn put(store: &RedisStore, record: &Record) -> Revision {
    let present = store.read(&mona()).await.unwrap().map(|stored| stored.revision);
    match store.compare_and_set(&mona(), present, record).await.unwrap() {
        Swap::Done(revision) => revision,
        Swap::Conflict => panic!("nobody else writes"),
    }
}

/// The access token that is stored.
pub(crate) async fn access(store: &RedisStore) -> Option<String> {
    let stored = store.read(&mona()).await.unwrap()?;
    Some(stored.record.tokens()?.access_token.as_ref()?.expose().to_owned())
}

/// Waits until Redis has done something that it does not tell by itself.
pub(crate) async fn until(mut done: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it does not happen");
}
