//! The names of folders, on a disk that fails.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

static SYNCS: AtomicUsize = AtomicUsize::new(0);

fn fails_once(_: &Path) -> io::Result<()> {
    match SYNCS.fetch_add(1, Ordering::SeqCst) {
        0 => Err(io::Error::other("the disk is on fire")),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn names_that_did_not_reach_the_disk_are_no_success_of_the_next_write() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = FileStore::new(folder.path().join("state/logins"));
    let above = Arc::new(Above::synced_by(fails_once));
    store.shared = Arc::new(Shared { path: store.path().to_owned(), above, legacy: None });
    assert_eq!(put(&store, &mona(), &login("a1")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!(token(&store, &mona()).await, None, "nothing is written before the folders are durable");
    let syncs = || SYNCS.load(Ordering::SeqCst);
    let noah = server("https://api.example.com").account("noah");
    for (key, expected) in [(mona(), 2), (mona(), 2), (noah, 2)] {
        let _ = put(&store, &key, &login("a2")).await.unwrap();
        assert_eq!(syncs(), expected, "once in a run");
    }
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    let _ = put(&store, &mona(), &login("a3")).await.unwrap();
    assert_eq!(syncs(), 3);
}
