//! The process whose disk fails: it logs in, refreshes or logs out, with all work of the store on one thread.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use edgequake_auth::{AuthContext, Credentials as _, FileStore, Jwt, JwtBuilder, Removal, Revocation};

use crate::dev;

/// Set in a child: the address of the server, the folder of the logins, what to do, and its name at the server.
pub(crate) const ORDERS: &str = "EDGEQUAKE_AUTH_TEST_DISK";

/// The limit of an exchange, so short that whoever is killed does not delay others for long.
pub(crate) const EXCHANGE: Duration = Duration::from_millis(500);

/// How long a child tries to save what it has. Far more than it takes on a disk that works again.
const SETTLE: Duration = Duration::from_secs(5);

/// How many refreshes a child makes, or how often it tries to log in or out.
pub(crate) const REFRESHES: usize = 2;

/// What a child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Refreshes, each as a new process: of the latest login first, then of Mona's.
    Refresh,
    /// Logs in with a password where nothing is stored; again if that fails.
    LogIn,
    /// Logs out of the latest login; again if that is not complete.
    LogOut,
}

/// Does nothing in an ordinary test run.
#[test]
fn does_its_job() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let [address, folder, job, name] = orders.split('|').collect::<Vec<_>>().try_into().unwrap();
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
        // As a new process would: nothing in memory but what the folder holds.
        let build = |builder: JwtBuilder| {
            builder.timeout(EXCHANGE).runtime(tokio::runtime::Handle::current()).build().unwrap()
        };
        let (latest, mona) =
            (|| build(dev::latest(address, name, &store)), || dev::provider(address, name, &store));
        for round in 0..REFRESHES {
            let over = match job {
                "LogIn" => authorize(&build(mona().login("mona", dev::PASSWORD))).await,
                "LogOut" => log_out(&latest()).await,
                _ => {
                    authorize(&if round == 0 { latest() } else { build(mona()) }).await;
                    false
                }
            };
            if over {
                break;
            }
        }
    });
    say("end");
    std::process::exit(0);
}

/// Gets a token, and waits until it is saved. Whether there is one.
async fn authorize(jwt: &Jwt) -> bool {
    let result = jwt.authorize(&AuthContext::new(jwt.origin().clone())).await;
    match &result {
        Ok(_) => say("done"),
        Err(error) => say(&format!("failed {error}")),
    }
    let settled = jwt.settle(SETTLE).await;
    if !settled || jwt.watch().status().unsaved {
        say("unsettled");
    }
    result.is_ok()
}

/// Whether both sides have ended the session.
async fn log_out(jwt: &Jwt) -> bool {
    let outcome = jwt.logout().await;
    match &outcome.server {
        Revocation::Revoked => say("revoked"),
        Revocation::NoSession => say("nobody"),
        Revocation::NotRevoked(error) => say(&format!("failed {error}")),
        other => panic!("{other:?}"),
    }
    match &outcome.store {
        Removal::Ended => say("ended"),
        Removal::AlreadyEnded => say("over"),
        Removal::NothingStored => say("nothing"),
        Removal::Failed(error) => say(&format!("failed {error}")),
        other => panic!("{other:?}"),
    }
    outcome.is_complete()
}

/// The store in a folder, with a token file of the former format beside it, if there is one.
pub(crate) fn store(folder: &Path) -> FileStore {
    FileStore::new(folder).adopting(folder.with_file_name("logins.json"))
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("@ {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
