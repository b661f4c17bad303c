//! Many processes, one login in a file, and the dev server, which says how often it was refreshed.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/http1.rs"]
#[allow(dead_code, reason = "shared by tests that each use a part of it")]
mod http1;
#[path = "support/dev.rs"]
#[allow(dead_code, reason = "shared by tests that each use a part of it")]
mod dev;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use edgequake_auth::{AuthContext, Credentials as _, FileStore, Record, StoredTokens, Swap, TokenStore as _};
use edgequake_devserver::{DevServer, Role, SessionEvent};

/// Set in a process that was started by [`run`]: the address of the server and the folder of the store.
const CHILD: &str = "EDGEQUAKE_AUTH_TEST_CHILD";

/// Starts this binary again, to run only the test named `test`, which finds its orders by [`orders`].
fn run(test: &str, server: SocketAddr, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, format!("{server}|{}", folder.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the child is to work with; `None` when the test harness runs it as an ordinary test.
fn orders() -> Option<(SocketAddr, FileStore)> {
    let orders = std::env::var(CHILD).ok()?;
    let (address, folder) = orders.split_once('|').unwrap();
    Some((address.parse().unwrap(), FileStore::new(folder)))
}

/// Waits for the word, then asks for a credential and says which one it got. Does nothing in an ordinary test run.
#[test]
fn child_asks_for_a_credential() {
    let Some((address, store)) = orders() else { return };
    let cx = AuthContext::new(format!("http://{address}").parse().unwrap());
    // No password, so that a lost refresh token shows.
    let jwt = dev::provider(address, "child", &store).timeout(Duration::from_secs(10)).build().unwrap();
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let answer = runtime.block_on(jwt.authorize(&cx));
    let token = answer.map(|authorization| authorization.header().unwrap().1.to_str().unwrap().to_owned());
    println!("answer {}", token.unwrap_or_else(|error| format!("{error:?}")));
}

/// Lets the stored login look as it does a day later.
async fn expire(server: &DevServer, store: &FileStore) {
    let key = dev::key(server);
    let stored = store.read(&key).await.unwrap().unwrap();
    let tokens = stored.record.tokens().unwrap();
    let tokens = StoredTokens::new(tokens.access_token.clone(), tokens.refresh_token.clone());
    let record = Record::new(tokens.expires_at(Some(SystemTime::UNIX_EPOCH)), SystemTime::now());
    let swap = store.compare_and_set(&key, Some(stored.revision), &record).await.unwrap();
    assert!(matches!(swap, Swap::Done(_)));
}

// Logging in asks on the thread of the test, so the server needs another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_processes_on_an_expired_login_make_one_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("logins");
    let store = FileStore::new(&folder);
    let server = DevServer::builder().user("mona", "mona@corp.test", dev::PASSWORD, Role::User);
    let server = server.start().await.unwrap();
    let session = dev::log_in(&server, &store).await;
    expire(&server, &store).await;

    let address = server.addr();
    let answers = tokio::task::spawn_blocking(move || ask(address, &folder)).await.unwrap();
    let tokens = store.read(&dev::key(&server)).await.unwrap().unwrap();
    let token = tokens.record.tokens().unwrap().access_token.clone().unwrap();
    assert_eq!(answers, vec![format!("answer Bearer {}", token.expose()); 16]);
    let stats = server.stats();
    assert_eq!((stats.refreshes, stats.refused_refreshes, stats.logins), (1, 0, 1));
    let events: Vec<_> = server.ledger().of(session).into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, [SessionEvent::LoggedIn, SessionEvent::Refreshed]);
}

/// What sixteen processes are answered that ask at the same time.
fn ask(server: SocketAddr, folder: &Path) -> Vec<String> {
    let mut children: Vec<_> = (0..16)
        .map(|_| {
            let mut child = run("child_asks_for_a_credential", server, folder);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            (child, lines)
        })
        .collect();
    for (_, lines) in &mut children {
        lines.find(|line| line.as_ref().unwrap().ends_with("ready")).unwrap().unwrap();
    }
    for (child, _) in &mut children {
        writeln!(child.stdin.take().unwrap(), "go").unwrap();
    }
    let answer = |(mut child, lines): (Child, std::io::Lines<BufReader<std::process::ChildStdout>>)| {
        // To the end, or the child would write into a closed pipe.
        let mut lines: Vec<String> = lines.map(Result::unwrap).collect();
        lines.retain(|line| line.starts_with("answer "));
        assert!(child.wait().unwrap().success());
        lines.pop().unwrap_or_default()
    };
    children.into_iter().map(answer).collect()
}
