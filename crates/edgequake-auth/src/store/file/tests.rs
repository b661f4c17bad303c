mod adoption;
mod durable;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use edgequake_types::Origin;

use super::*;
use crate::store::{EndReason, RandomId, Status, StoreErrorKind, StoredTokens};

fn server(url: &str) -> ServerKey {
    ServerKey::new(url.parse().unwrap(), "")
}

fn mona() -> LoginKey {
    server("https://api.example.com").account("mona")
}

fn login(access: &str) -> Record {
    Record::new(StoredTokens::new(Some(access.into()), Some(format!("r-{access}").into())), SystemTime::now())
}

async fn put(store: &FileStore, key: &LoginKey, record: &Record) -> Result<Swap, StoreError> {
    let present = store.read(key).await?.map(|stored| stored.revision);
    store.compare_and_set(key, present, record).await
}

async fn token(store: &FileStore, key: &LoginKey) -> Option<String> {
    let stored = store.read(key).await.unwrap()?;
    Some(stored.record.tokens()?.access_token.as_ref()?.expose().to_owned())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The folder of the one login in a store.
fn only(store: &FileStore) -> PathBuf {
    let mut folders = fs::read_dir(store.path()).unwrap().map(|entry| entry.unwrap().path());
    folders.next().unwrap()
}

#[tokio::test]
async fn files_and_folders_are_private_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("new/deep"));
    let _ = put(&store, &mona(), &login("a1")).await.unwrap();
    let login = only(&store);
    assert_eq!(mode(&login.join("00000000000000000001.json")), 0o600);
    for folder in [&login, &folder.path().join("new/deep"), &folder.path().join("new")] {
        assert_eq!(mode(folder), 0o700);
    }
    assert_eq!(fs::read_dir(&login).unwrap().count(), 1);
    // And are closed to others when they are read.
    let file = login.join("00000000000000000001.json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(token(&store, &mona()).await.is_some());
    assert_eq!(mode(&file), 0o600);
}

#[tokio::test]
async fn what_was_replaced_is_emptied_and_its_number_stays_taken() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    for n in 1..30 {
        let _ = put(&store, &mona(), &login(&format!("a{n}"))).await.unwrap();
    }
    assert_eq!(token(&store, &mona()).await.as_deref(), Some("a29"));
    let mut sizes: Vec<_> = fs::read_dir(only(&store))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
        .collect();
    sizes.sort();
    let (name, size) = sizes.pop().unwrap();
    assert!(name.ends_with("29.json") && size > 0);
    assert!(sizes.len() == 16 && sizes.iter().all(|(_, size)| *size == 0), "{sizes:?}");
    // A writer who was asleep meanwhile.
    assert_eq!(store.compare_and_set(&mona(), Some(Revision(3)), &login("b")).await.unwrap(), Swap::Conflict);
    assert_eq!(
        store.compare_and_set(&mona(), Some(Revision(27)), &login("b")).await.unwrap(),
        Swap::Conflict
    );
    assert_eq!(store.compare_and_set(&mona(), None, &login("b")).await.unwrap(), Swap::Conflict);
}

#[tokio::test]
async fn servers_prefixes_and_accounts_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    let origin: Origin = "https://api.example.com".parse().unwrap();
    let keys = [
        server("https://api.example.com").account("mona"),
        server("https://api.example.com").account("noah"),
        server("https://api.example.com:8443").account("mona"),
        server("http://api.example.com").account("mona"),
        ServerKey::new(origin.clone(), "/one").account("mona"),
        ServerKey::new(origin, "/two").account("mona"),
        server("https://[::1]:9000").account("../../etc/passwd"),
        server("https://api.example.com").account("a".repeat(5000)),
    ];
    for (n, key) in keys.iter().enumerate() {
        let _ = put(&store, key, &login(&format!("a{n}"))).await.unwrap();
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(token(&store, key).await, Some(format!("a{n}")), "{key:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), keys.len());
    assert_eq!(store.latest(keys[4].server()).await.unwrap().as_deref(), Some("mona"));
    assert_eq!(store.latest(&server("https://nowhere.example.com")).await.unwrap(), None);
}

#[tokio::test]
async fn the_latest_login_is_the_one_that_began_last_and_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    let api = server("https://api.example.com");
    for (account, began) in [("mona", 20), ("noah", 30), ("olga", 10)] {
        let mut record = login("a");
        record.started = UNIX_EPOCH + std::time::Duration::from_secs(began);
        let _ = put(&store, &api.account(account), &record).await.unwrap();
    }
    assert_eq!(store.latest(&api).await.unwrap().as_deref(), Some("noah"));
    let mut ended = store.read(&api.account("noah")).await.unwrap().unwrap().record;
    ended.status = Status::Ended { reason: EndReason::LoggedOut, at: SystemTime::now() };
    let _ = put(&store, &api.account("noah"), &ended).await.unwrap();
    assert_eq!(store.latest(&api).await.unwrap().as_deref(), Some("mona"));
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_an_error_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    let _ = put(&store, &mona(), &login("a1")).await.unwrap();
    let whole = fs::read_to_string(only(&store).join("00000000000000000001.json")).unwrap();
    let path = only(&store).join("00000000000000000002.json");
    let other = whole.replace("\"mona\"", "\"noah\"");
    let half = whole[..whole.len() / 2].to_owned();
    for content in ["{\"s3cr3t", "PATH=s3cr3t", "{}", "\u{1}\u{0}", "", &half, &other] {
        fs::write(&path, content).unwrap();
        for error in
            [store.read(&mona()).await.unwrap_err(), put(&store, &mona(), &login("a2")).await.unwrap_err()]
        {
            assert_eq!(error.kind(), StoreErrorKind::Corrupt);
            let text = format!("{error} {error:?}");
            assert!(text.contains("0002.json") && text.contains("move it away"), "{text}");
            assert!(!text.contains("s3cr3t"), "{text}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn what_a_killed_writer_left_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    let _ = put(&store, &mona(), &login("a1")).await.unwrap();
    let left = only(&store).join(format!("{}.tmp", RandomId::random()));
    fs::write(&left, "{\"format\":\"edge").unwrap();
    assert_eq!(token(&store, &mona()).await.as_deref(), Some("a1"));
    let _ = put(&store, &mona(), &login("a2")).await.unwrap();
    assert!(left.exists(), "its writer may be alive");
    let old = SystemTime::now() - std::time::Duration::from_secs(7200);
    fs::File::options().write(true).open(&left).unwrap().set_modified(old).unwrap();
    let _ = put(&store, &mona(), &login("a3")).await.unwrap();
    assert!(!left.exists());
    // One that was killed when its file had its name already.
    fs::hard_link(only(&store).join("00000000000000000003.json"), &left).unwrap();
    let _ = put(&store, &mona(), &login("a4")).await.unwrap();
    assert!(!left.exists());
    assert_eq!(token(&store, &mona()).await.as_deref(), Some("a4"));
}

#[tokio::test]
async fn two_paths_to_one_folder_are_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (one, two) = (FileStore::new(&real), FileStore::new(&link));
    let _ = put(&one, &mona(), &login("a1")).await.unwrap();
    let seen = two.read(&mona()).await.unwrap().unwrap().revision;
    let _ = put(&one, &mona(), &login("a2")).await.unwrap();
    assert_eq!(two.compare_and_set(&mona(), Some(seen), &login("b")).await.unwrap(), Swap::Conflict);
    assert_eq!(token(&two, &mona()).await.as_deref(), Some("a2"));
}

#[tokio::test]
async fn of_many_writers_one_wins_each_round() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    for round in 0..20 {
        let expected = FileStore::new(&path).read(&mona()).await.unwrap().map(|stored| stored.revision);
        let tasks: Vec<_> = (0..16)
            .map(|writer| {
                let store = FileStore::new(&path);
                let record = login(&format!("w{writer}-{round}"));
                tokio::spawn(async move {
                    (store.compare_and_set(&mona(), expected, &record).await.unwrap(), record)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for task in tasks {
            let (swap, record) = task.await.unwrap();
            winners.extend(matches!(swap, Swap::Done(_)).then_some(record));
        }
        assert_eq!(winners.len(), 1, "round {round}");
        assert_eq!(
            FileStore::new(&path).read(&mona()).await.unwrap().unwrap().record.write,
            winners[0].write
        );
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_used_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = put(&FileStore::new(file.join("logins")), &mona(), &login("a1")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let text = error.to_string().replace(&folder.path().display().to_string(), "F");
    insta::assert_snapshot!(text.split("api.").next().unwrap(), @"cannot read the token folder F/file/logins/");
    assert!(
        text.ends_with("not a directory; something on the way is no folder: choose another one"),
        "{text}"
    );
    let error = FileStore::new(&file).latest(mona().server()).await.unwrap_err();
    let text = error.to_string().replace(&folder.path().display().to_string(), "F");
    insta::assert_snapshot!(text, @"F/file is a file, and logins are kept in a folder: name another place, and take over a token file of the former format with `adopting`");
}

#[tokio::test]
async fn a_folder_with_the_name_of_a_record_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    let _ = put(&store, &mona(), &login("a1")).await.unwrap();
    fs::create_dir(only(&store).join("00000000000000000002.json")).unwrap();
    for error in [
        store.read(&mona()).await.unwrap_err(),
        store.latest(mona().server()).await.unwrap_err(),
        put(&store, &mona(), &login("a2")).await.unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.starts_with("cannot read the token file ") && text.contains("0002.json: "), "{text}");
        assert!(
            text.ends_with("; a folder has the name of a file: move it away, then log in again"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_looked_at_is_not_taken_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    let _ = put(&store, &mona(), &login("a1")).await.unwrap();
    let place = only(&store);
    fs::remove_dir_all(&place).unwrap();
    std::os::unix::fs::symlink(&place, &place).unwrap();
    let error = store.latest(mona().server()).await.unwrap_err();
    assert!(error.to_string().contains("a link on the way leads back to itself"), "{error}");
    // What is no folder, or is gone, is no login.
    fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink("nowhere", &place).unwrap();
    assert_eq!(store.latest(mona().server()).await.unwrap(), None);
    fs::remove_file(&place).unwrap();
    fs::write(&place, "").unwrap();
    assert_eq!(store.latest(mona().server()).await.unwrap(), None);
}

#[tokio::test]
async fn a_login_in_the_former_format_that_cannot_be_taken_over_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let text = r#"{"format":"edgequake-logins","version":1,"logins":[
        {"origin":"https://api.example.com","user":"mona","access_token":"a1","refresh_token":"r1"}]}"#;
    fs::write(&file, text).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("logins")).unwrap();
    let store = FileStore::new(folder.path().join("logins")).adopting(&file);
    let text = store.read(&mona()).await.unwrap_err().to_string();
    let text = text.replace(&folder.path().display().to_string(), "F");
    assert!(
        text.starts_with(
            "cannot take over the login in F/logins.json: cannot write the token folder F/logins/api."
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_folder_behind_a_link_works_and_a_link_that_leads_nowhere_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let store = FileStore::new(link.join("logins"));
    let error = put(&store, &mona(), &login("a1")).await.unwrap_err().to_string();
    assert!(error.ends_with("file exists; something else has this name, perhaps a link that leads nowhere: choose another folder"), "{error}");
    fs::create_dir(&real).unwrap();
    let _ = put(&store, &mona(), &login("a1")).await.unwrap();
    assert_eq!(token(&FileStore::new(real.join("logins")), &mona()).await.as_deref(), Some("a1"));
    // Two links that lead to each other.
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    std::os::unix::fs::symlink(&one, &two).unwrap();
    std::os::unix::fs::symlink(&two, &one).unwrap();
    let error = put(&FileStore::new(&one), &mona(), &login("a1")).await.unwrap_err().to_string();
    assert!(error.ends_with("; a link on the way leads back to itself: choose another folder"), "{error}");
}

#[tokio::test]
async fn room_is_kept_for_a_successor_and_used_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path());
    let mut record = login("a1");
    let _ = put(&store, &mona(), &record).await.unwrap();
    let spare = only(&store).join("spare");
    assert!(!spare.exists());
    let version = record.tokens().unwrap().version;
    record.intent = Some(crate::store::Intent {
        tokens: version,
        holder: RandomId::random(),
        since: SystemTime::now(),
        inherited: false,
    });
    record.write = RandomId::random();
    let _ = put(&store, &mona(), &record).await.unwrap();
    let kept = fs::metadata(&spare).unwrap();
    assert!(kept.len() > 1000 && mode(&spare) == 0o600);
    let _ = put(&store, &mona(), &login("a2")).await.unwrap();
    assert!(!spare.exists());
    assert_eq!(token(&store, &mona()).await.as_deref(), Some("a2"));
}

#[tokio::test]
async fn a_share_that_hangs_holds_two_threads_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = FileStore::new(folder.path());
    let _ = put(&store, &mona(), &login("a1")).await.unwrap();
    // Whoever opens a pipe waits for its writer.
    let pipe = only(&store).join("00000000000000000002.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    store.turns = store.turns.within(std::time::Duration::from_millis(50));
    let reads: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.read(&mona()).await.unwrap_err() })
        })
        .collect();
    for read in reads {
        let error = read.await.unwrap();
        assert_eq!(error.kind(), StoreErrorKind::Busy);
        let text = error.to_string();
        let begin =
            format!("the token folder {} does not answer: a read that began ", folder.path().display());
        let end = " s ago has not ended; look at its disk or network share";
        assert!(text.starts_with(&begin) && text.ends_with(end), "{text}");
    }
    // Now the share answers again.
    fs::File::options().read(true).write(true).open(&pipe).map(drop).unwrap();
    fs::remove_file(&pipe).unwrap();
    let again = async || store.read(&mona()).await.map(|stored| stored.is_some());
    while !again().await.unwrap_or(false) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_contract_holds() {
    let folder = tempfile::tempdir().unwrap();
    super::super::contract::check(|| FileStore::new(folder.path())).await;
}
