//! Entries of writes whose end is not told as it was: none stays that no record points to.

use super::*;
use crate::store::contract::{Call, Fault, Faulty, Gate};

/// A store with one login, and what to break its folder by.
async fn with_login(mock: &Arc<Mock>, folder: &tempfile::TempDir) -> (KeyringStore, Faulty<FileStore>) {
    let path = folder.path().join("records");
    let records = Faulty::new(FileStore::new(&path));
    let store = KeyringStore::with_records(Arc::clone(mock), path, records.clone());
    let _ = put(&store, &login("a1")).await.unwrap();
    (store, records)
}

/// The end of a login, and the tokens after it: what is written, what kind of call it is, and how many entries it leaves.
fn ends() -> [(Record, Call, usize); 2] {
    let mut ended = login("over");
    ended.status = Status::ended(super::super::super::EndReason::LoggedOut, ended.started);
    [(ended, Call::End, 0), (login("a2"), Call::Save, 1)]
}

#[tokio::test]
async fn a_write_that_is_told_as_failed_and_happened_leaves_no_former_entry() {
    for repeated in [false, true] {
        for (record, call, entries) in ends() {
            let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
            let (store, records) = with_login(&mock, &folder).await;
            records.plan(call, Fault::LosesAnswer(StoreErrorKind::Unavailable));
            assert_eq!(put(&store, &record).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
            if repeated {
                // In its own place, as a provider does.
                let found = store.read(&mona()).await.unwrap().unwrap();
                assert_eq!(found.record.write, record.write);
                let swap = store.compare_and_set(&mona(), Some(found.revision), &record).await.unwrap();
                assert!(matches!(swap, Swap::Done(_)));
            }
            assert_eq!(mock.entries.lock().unwrap().len(), entries, "{call:?} {repeated}");
            assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
        }
    }
}

#[tokio::test]
async fn a_write_that_is_given_up_and_happens_leaves_no_former_entry_after_the_next() {
    for (record, call, entries) in ends() {
        let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
        let (store, records) = with_login(&mock, &folder).await;
        let gate = Gate::new();
        records.plan(call, Fault::AnswersLate(gate.clone()));
        let writing = {
            let (store, record) = (store.clone(), record.clone());
            tokio::spawn(async move { put(&store, &record).await })
        };
        gate.reached().await;
        writing.abort();
        assert!(writing.await.unwrap_err().is_cancelled());
        // Somebody writes it once more, with the same tokens.
        assert!(matches!(put(&store, &record).await.unwrap(), Swap::Done(_)));
        assert_eq!(mock.entries.lock().unwrap().len(), entries, "{call:?}");
        assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
    }
}

#[tokio::test]
async fn a_write_that_fails_and_does_not_happen_leaves_the_entry_in_use() {
    for (record, call, _) in ends() {
        let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
        let (store, records) = with_login(&mock, &folder).await;
        let before = store.read(&mona()).await.unwrap();
        records.plan(call, Fault::Fails(StoreErrorKind::Unavailable));
        assert!(put(&store, &record).await.is_err());
        // A lease is taken for it, and it is written at last.
        let mut leased = before.unwrap().record;
        leased.write = crate::RandomId::random();
        assert!(matches!(put(&store, &leased).await.unwrap(), Swap::Done(_)));
        assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, leased);
        assert_eq!(mock.entries.lock().unwrap().len(), 1, "{call:?}");
    }
}
