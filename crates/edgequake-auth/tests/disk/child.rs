//! The process whose disk fails: it refreshes a login twice, with all work of the store on one thread.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use edgequake_auth::{AuthContext, Credentials as _, FileStore};

use crate::dev;

/// Set in a child: the address of the server and the folder of the logins.
pub(crate) const ORDERS: &str = "EDGEQUAKE_AUTH_TEST_DISK";

/// The limit of an exchange, so short that whoever is killed does not delay others for long.
pub(crate) const EXCHANGE: Duration = Duration::from_millis(500);

/// How long a child tries to save what it has. Far more than it takes on a disk that works again.
const SETTLE: Duration = Duration::from_secs(5);

/// How many refreshes a child makes.
pub(crate) const REFRESHES: usize = 2;

/// Does nothing in an ordinary test run.
#[test]
fn refreshes_twice() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let (address, folder) = orders.split_once('|').unwrap();
    let (address, store) = (address.parse().unwrap(), store(Path::new(folder)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .thread_keep_alive(Duration::from_secs(600))
        .build()
        .unwrap();
    runtime.block_on(async {
        let thread = tokio::task::spawn_blocking(|| std::fs::read_link("/proc/thread-self")).await;
        let thread = thread.unwrap().unwrap();
        say(&format!("thread {}", thread.file_name().unwrap().display()));
        // Until the thread of the store is watched.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        for _ in 0..REFRESHES {
            // As a new process would: nothing in memory but what the folder holds.
            let provider = dev::provider(address, "child", &store).timeout(EXCHANGE);
            let jwt = provider.runtime(tokio::runtime::Handle::current()).build().unwrap();
            match jwt.authorize(&AuthContext::new(jwt.origin().clone())).await {
                Ok(_) => say("refreshed"),
                Err(error) => say(&format!("failed {error}")),
            }
            let settled = jwt.settle(SETTLE).await;
            if !settled || jwt.watch().status().unsaved {
                say("unsettled");
            }
        }
    });
    say("end");
    std::process::exit(0);
}

/// The store in a folder, with a token file of version 0.1 beside it, if there is one.
pub(crate) fn store(folder: &Path) -> FileStore {
    FileStore::new(folder).adopting(folder.with_file_name("logins.json"))
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("@ {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
